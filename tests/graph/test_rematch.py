"""What an alert is about becomes known while its incident waits; as long as it is not, people are asked."""

from datetime import timedelta

import pytest

from graph.duties import DutyKind, agenda
from graph.events import apply_event, apply_time
from incidents.action import ActionState
from incidents.alert import Alert
from incidents.events import AlertsMatched
from incidents.findings import Category, Confidence, Diagnosis
from incidents.incident import Incident
from incidents.match import Match
from incidents.policy import ApprovalPolicy
from incidents.severity import Severity, Status, Step
from tests.agents.stage import proposal, rollback
from tests.graph.harness import RUNBOOK, alert, incident
from tests.graph.worlds import ALERT

NOW = ALERT + timedelta(minutes=10)
FOUND = Match(service="checkout", rule="alias", sentence="checkout: by the label app, 'kasse', as Ann said")


def unknown(fingerprint: str = "u", severity: str = "warning", named: str = "kasse") -> Alert:
    update = {
        "service": None, "fingerprint": fingerprint, "severity": severity, "title": "Tills are slow",
        "matched_by": Match(named=named), "received_at": ALERT,
    }  # fmt: skip
    return alert().model_copy(update=update)


def waiting(*alerts: Alert, **changes: object) -> Incident:
    triaged = {"severity": Severity.P2, "severity_at": ALERT, "triaged_at": ALERT, "step": Step.INVESTIGATION}
    return incident().evolve(alerts=alerts or (unknown(),), **triaged | changes)


def matched(before: Incident, *fingerprints: str) -> tuple[Incident, list[str]]:
    found = tuple(
        unknown(one).model_copy(update={"service": "checkout", "matched_by": FOUND}) for one in fingerprints
    )
    event = AlertsMatched(id="m", incident=before.id, at=NOW, alerts=found)
    told = apply_event(before, event, ApprovalPolicy(), RUNBOOK, NOW)
    again = apply_event(told.incident, event, ApprovalPolicy(), RUNBOOK, NOW)
    assert (again.incident, again.entries) == (told.incident, ())
    return told.incident, [entry.text for entry in told.entries]


def test_the_agents_begin_anew_with_what_is_known_and_it_is_told() -> None:
    before = waiting(unknown("u"), unknown("v"), investigations=2, question="what else?")
    after, told = matched(before, "u")
    assert [one.service for one in after.alerts] == ["checkout", None]
    assert (after.step, after.question, after.services) == (Step.TRIAGE, None, ("checkout",))
    assert told == [f"what it is about is known now: Tills are slow: {FOUND.sentence}"]


def test_of_what_is_not_there_or_known_nothing_changes() -> None:
    before = waiting(unknown("u"))
    after, told = matched(before, "other")
    assert (after.evolve(handled_events=before.handled_events), told) == (before, [])
    known, _ = matched(before, "u")
    assert known.unassigned_alerts == ()


@pytest.mark.parametrize("state", [ActionState.PROPOSED, ActionState.APPROVED])
def test_what_waits_for_people_is_not_taken_from_them(state: ActionState) -> None:
    before = waiting(proposals=(proposal(rollback("checkout", "1.0"), state),), step=Step.MITIGATION)
    after, _ = matched(before, "u")
    assert (after.step, after.recheck, after.proposals) == (Step.MITIGATION, True, before.proposals)


def test_people_who_hold_it_are_told_and_go_on() -> None:
    before = waiting(status=Status.HANDED_OVER, handed_over_at=ALERT)
    after, told = matched(before, "u")
    assert (after.step, after.services, len(told)) == (before.step, ("checkout",), 1)


def asked(one: Incident) -> list[float]:
    """The minutes after which people are asked."""
    duties = agenda(one, RUNBOOK, None)
    return [(d.at - ALERT).total_seconds() / 60 for d in duties if d.kind is DutyKind.UNASSIGNED]


@pytest.mark.parametrize(
    ("severity", "minutes"),
    [("P0", [5]), ("critical", [60]), ("warning", [240]), ("info", []), ("odd", [240])],
)
def test_nobody_waits_for_a_service_longer_than_its_severity_allows(
    severity: str, minutes: list[float]
) -> None:
    assert asked(waiting(unknown(severity=severity))) == minutes


def test_of_several_the_most_severe_counts() -> None:
    assert asked(waiting(unknown("u", "warning"), unknown("v", "critical"))) == [60]


@pytest.mark.parametrize("why", ["known", "held", "diagnosed", "over"])
def test_nobody_is_asked_about_what_is_known_held_or_over(why: str) -> None:
    one = waiting()
    if why == "known":
        one, _ = matched(one, "u")
    elif why == "held":
        one = one.evolve(status=Status.HANDED_OVER, handed_over_at=ALERT)
    elif why == "over":
        ended = unknown().model_copy(update={"status": "resolved", "ends_at": NOW})
        one = one.evolve(alerts=(*one.alerts, ended))
    else:
        cause = Diagnosis(
            service="checkout",
            category=Category.CODE,
            confidence=Confidence.HIGH,
            summary="s",
            evidence=("E",),
        )
        one = one.evolve(diagnosis=cause)
    assert asked(one) == []


def test_people_are_asked_once_with_the_words_that_mend_it() -> None:
    late = ALERT + timedelta(hours=4)
    told = apply_time(waiting(), late, RUNBOOK, None)
    (entry,) = [one for one in told.entries if one.text.startswith("nobody knows which service")]
    assert entry.text.endswith(
        "it names 'kasse'. Say once what that is: `nexus services alias NAME --is SERVICE --by YOU`"
    )
    again = apply_time(told.incident, late, RUNBOOK, None)
    assert not any(one.text.startswith("nobody knows") for one in again.entries)
    bare = apply_time(waiting(unknown(named="")), late, RUNBOOK, None)
    assert any("it names none. Take it" in one.text for one in bare.entries)
