"""The published schemas: fresh, complete, and true (`Terminal` holds what other tests print to them)."""

import json

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from incidents.incident import Incident
from nexus.cli.parser import Group, Parser
from nexus.cli.schema import DOCUMENTS, schema_text
from nexus.cli.verbs import known
from nexus.service.incident_view import view_of
from nexus.service.lists import IncidentLine
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.sample import at
from tests.nexus.schemas import FOLDER, faults


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_file_is_what_the_types_say(document: str) -> None:
    text = (FOLDER / f"{document}.json").read_text()
    assert text == schema_text(document), "make schemas writes them anew"
    Draft202012Validator.check_schema(json.loads(text))


def test_no_file_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{document}.json" for document in DOCUMENTS}


def test_every_verb_that_prints_json_has_a_schema() -> None:
    verbs = {
        name
        for name, verb in known("").items()
        for one in (verb, *(verb.verbs.values() if isinstance(verb, Group) else ()))
        if "--json" in Parser(name, one).format_usage()
    }
    assert verbs == {verb for document in DOCUMENTS.values() for verb in document.verbs}


@pytest.mark.parametrize("incident", [sample.opened(), sample.waiting(), sample.resolved()])
def test_an_incident_at_any_time_fits(incident: Incident) -> None:
    assert not faults("incident", view_of(incident, sample.ENTRIES).model_dump(mode="json"))
    assert not faults("incidents", [IncidentLine.of(incident, at(1)).model_dump(mode="json")])


def test_a_key_that_is_missing_or_not_told_does_not_fit() -> None:
    shown = view_of(sample.waiting(), sample.ENTRIES).model_dump(mode="json")
    assert faults("incident", shown | {"extra": 1})
    assert faults("incident", {key: one for key, one in shown.items() if key != "held_by"})
    assert faults("incident", shown | {"severity": "P7"})


def test_the_verb_prints_one_document_or_all_names(nexus: Terminal) -> None:
    assert nexus("schema", "watch").out == (FOLDER / "feed.json").read_text()
    assert nexus("schema", "incident").out == (FOLDER / "incident.json").read_text()
    listed = nexus("schema").out
    assert all(document in listed for document in DOCUMENTS)
    refused = nexus("schema", "shwo")
    assert (refused.code, "did you mean show" in refused.err) == (2, True)


def test_a_later_key_breaks_no_reader() -> None:
    """What is published is open: a release may add a key, and takes none away."""
    assert all('additionalProperties": false' not in path.read_text() for path in FOLDER.iterdir())
