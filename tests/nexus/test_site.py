"""`nexus.yaml`: what a mistake in it is answered with, and that secrets are not written there."""

from pathlib import Path

import pytest

from incidents.action import ActionKind
from incidents.errors import SettingsError
from incidents.severity import Severity
from nexus.site import load_site
from tools.live.secrets import Secrets

SERVICES = "services: [{name: web, depends_on: [checkout], user_facing: true, tier: 1}, {name: checkout}]\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nexus.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("services: []", "services: "),
        ("services: [{name: a}, {name: a}]", "'a' stands twice"),
        ("services: [{name: web, depends_on: [chekout]}, {name: checkout}]", "did you mean 'checkout'?"),
        (
            SERVICES + "backends: {metrics: {kind: prometheus, url: nowhere}}",
            "backends.metrics.url: 'nowhere'",
        ),
        (SERVICES + "backends: {logs: [{kind: lokki, url: 'http://x'}]}", "did you mean loki?"),
        (
            SERVICES + "backends: {actions: [{kind: releases, root: /r, services: [web], supervisr: /s}]}",
            "backends.actions[0].supervisr: there is no such key; did you mean supervisor?",
        ),
        (
            SERVICES + "backends: {actions: [{kind: releases, root: /r, services: [shop]}]}",
            "backends.actions[0].services: there is no service 'shop'; known: web, checkout",
        ),
        (SERVICES + "freezes: [{reason: r, days: [sat], zone: Mars}]", "'Mars' is no time zone"),
        (SERVICES + "approval: {rules: [{approvers: 2, kinds: [rolback]}]}", "did you mean rollback?"),
        (
            SERVICES + "thresholds: {revenu: 3}",
            "thresholds.revenu: there is no such key; did you mean revenue?",
        ),
    ],
)
def test_a_mistake_is_named_with_its_path_and_a_suggestion(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_site(written(tmp_path, text))
    assert sentence in str(caught.value)
    assert str(tmp_path / "nexus.yaml") in str(caught.value)


def test_a_secret_that_is_written_out_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = SERVICES + "intake: {token: hunter2-hunter2}"
    with pytest.raises(SettingsError, match="env:NAME or file:/PATH") as caught:
        load_site(written(tmp_path, text))
    assert "hunter2" not in str(caught.value)


def test_a_secret_is_looked_up_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    secrets = Secrets({"TOKEN": "from-the-environment"})
    assert secrets("env:TOKEN").get_secret_value() == "from-the-environment"
    assert secrets(f"file:{tmp_path}/token").get_secret_value() == "from-a-file"
    with pytest.raises(SettingsError, match="the variable NOWHERE is not set"):
        secrets("env:NOWHERE")
    with pytest.raises(SettingsError, match="cannot be read"):
        secrets(f"file:{tmp_path}/none")


def test_people_rules_and_limits_become_the_policy(tmp_path: Path) -> None:
    text = SERVICES + (
        "people: [{name: ana}, {name: ben, may: [restart]}]\n"
        "approval: {rules: [{approvers: 2, kinds: [rollback], severities: [P0]}], valid_for: 10m}\n"
        "limits: {changes_per_hour: 2}\n"
    )
    policy = load_site(written(tmp_path, text)).policy
    assert policy.needed(ActionKind.ROLLBACK, Severity.P0) == 2
    assert policy.needed(ActionKind.ROLLBACK, Severity.P1) == 1
    assert not policy.may("ben", ActionKind.ROLLBACK)
    assert policy.may("ana", ActionKind.ROLLBACK)
    assert policy.limits is not None
    assert policy.limits.changes_per_hour == 2


def test_no_configuration_is_a_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nexus init"):
        load_site(tmp_path / "nexus.yaml")
