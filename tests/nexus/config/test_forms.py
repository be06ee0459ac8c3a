"""What somebody reads who writes a setting in another form: the field, the value, and what to write."""

import re
from pathlib import Path
from typing import Any

import pytest

from incidents.causes import Causes
from incidents.errors import SettingsError
from incidents.forms import FORMS
from incidents.runbook import Runbook
from nexus.config.site import Site, load_site


def patterns(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {one for part in schema for one in patterns(part)}
    if not isinstance(schema, dict):
        return set()
    own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
    return own | {one for part in schema.values() for one in patterns(part)}


def test_every_form_of_a_document_has_words() -> None:
    wanted = {one for model in (Site, Runbook, Causes) for one in patterns(model.model_json_schema())}
    assert wanted == set(FORMS)


@pytest.mark.parametrize(("pattern", "words"), FORMS.items())
def test_what_the_words_name_as_an_example_has_the_form(pattern: str, words: str) -> None:
    assert "^" not in words
    for example in re.findall(r"such as ([^\s,]+)", words):
        assert re.search(pattern, example), example


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("notify: {destinations: [{name: Ops Team, kind: file, path: x}]}",
         "notify.destinations[0].name: 'Ops Team': write at most 40 of a-z"),
        ("tickets: {kind: github, repository: shop, token: 'env:T'}",
         "tickets.repository: 'shop': write OWNER/NAME, such as acme/shop"),
        ("tickets: {kind: github, repository: 'https://github.com/acme/shop', token: 'env:T'}",
         "write OWNER/NAME"),
        ("tickets: {kind: jira_data_center, url: 'https://j.example', project: ops, token: 'env:T'}",
         "tickets.project: 'ops': write the key in capitals"),
        ("tickets: {kind: linear, team: OPS, token: 'env:T'}", "tickets.team: 'OPS': write its id"),
        ("tickets: {kind: github, repository: a/b, token: 'env:T', labels: ['a,b']}",
         "tickets.labels[0]: 'a,b': write at most 50 characters without a comma"),
        ("site: My Site", "site: 'My Site': write at most 63"),
        ("server: {public_url: 'https://nexus.example/path'}", "write https://HOST without a path"),
        ("oncall: [{name: A B, kind: rotation, time_zone: UTC, layers: [{people: [a], begins: 2026-01-01}]}]",
         "oncall[0].name: 'A B': write at most 40"),
        ("notify: {destinations: [{name: m, kind: mail, to: 'Ops <a@b.example>', server: {host: h, from: a@b}"
         "}]}", "to: 'Ops <a@b.example>': write one mail address without a name"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_told_with_the_field_the_value_and_the_mend(
    tmp_path: Path, more: str, said: str
) -> None:
    path = tmp_path / "nexus.yaml"
    path.write_text(f"services: [{{name: web}}]\n{more}\n")
    with pytest.raises(SettingsError) as refused:
        load_site(path)
    assert said in str(refused.value)
    assert "pattern" not in str(refused.value)
