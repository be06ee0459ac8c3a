"""What was kept by an earlier or a later version is read; what was never whole is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from incidents.events import NoteAdded, stored_event
from incidents.incident import Incident
from incidents.reports import REPORT_TYPES, BriefReport, Report
from tests.nexus import sample

#: A report of each type with nothing but what it must have: where a union is told apart least.
LEAST: dict[str, dict[str, Any]] = {
    "TriageReport": {
        "summary": "s", "severity": "P1", "severity_reason": "r", "impact": {}, "false_alarm": False,
    },
    "InvestigationReport": {"summary": "s", "checks": [], "hypotheses": []},
    "MitigationReport": {"summary": "s"},
    "VerificationReport": {"summary": "s", "checks": []},
    "StatusReport": {"status": "Identified", "impact": "i", "current_action": "c"},
    "BriefReport": {"situation": "s", "cause": "c", "action": "a", "eta": "e", "impact": "i"},
    "AssessmentReport": {"assessment": "a"},
    "PostMortemReport": {
        "summary": "s", "what_failed": {"text": "w"}, "why_it_failed": {"text": "w"},
        "why_not_caught": {"text": "w"}, "whys": [{"question": "q", "answer": "a"}], "monitoring": [],
        "testing": [], "process": [], "infrastructure": [],
        "action_items": [{"action": "a", "owner": "o", "days": 3}],
    },
    "BacklogReport": {
        "summary": "s",
        "items": [{"title": "t", "owner": "o", "days": 3, "priority": "low", "reason": "r"}],
    },
}  # fmt: skip


def grown(kept: object) -> object:
    """The same JSON with a key that no version knows in every object."""
    if isinstance(kept, dict):
        return {"mood of a later version": "calm"} | {key: grown(value) for key, value in kept.items()}
    return [grown(item) for item in kept] if isinstance(kept, list) else kept


@pytest.mark.parametrize("kind", REPORT_TYPES.values(), ids=lambda kind: kind.__name__)
def test_a_report_keeps_its_type_among_all_that_it_could_be(kind: type[Report]) -> None:
    """Nothing names its type: with unknown keys passed over, a type that asks for less must not take it."""
    report = kind.model_validate(LEAST[kind.__name__])
    kept = grown(json.loads(report.model_dump_json()))
    read = TypeAdapter[Report](Report).validate_python(kept, extra="ignore")
    assert type(read) is kind
    assert read == report


KNOWN = {name for key, field in Incident.model_fields.items() for name in (key, field.alias)}


@given(key=st.text(min_size=1, max_size=8).filter(lambda key: key not in KNOWN), value=st.integers())
def test_an_unknown_key_is_passed_over_in_what_was_kept_and_refused_elsewhere(key: str, value: int) -> None:
    kept = json.loads(sample.waiting().model_dump_json()) | {key: value}
    assert Incident.from_stored(kept) == sample.waiting()
    assert Incident.from_stored(json.dumps(kept).encode()) == sample.waiting()
    with pytest.raises(ValidationError, match="Extra inputs"):
        Incident.model_validate(kept)


def test_unknown_keys_are_passed_over_at_every_depth() -> None:
    kept = json.loads(sample.resolved().model_dump_json())
    assert Incident.from_stored(json.dumps(grown(kept))) == sample.resolved()
    note = NoteAdded(id="n", incident=sample.ID, at=sample.at(1), by="Dana", text="look")
    assert stored_event(grown(json.loads(note.model_dump_json()))) == note


def test_what_lacks_something_is_refused() -> None:
    with pytest.raises(ValidationError, match="eta"):
        BriefReport.from_stored('{"situation": "s", "cause": "c", "action": "a", "impact": "i"}')
