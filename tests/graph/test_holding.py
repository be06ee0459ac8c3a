"""People have an incident while the agents work on it: said, taken over, handed on, and silent."""

from datetime import timedelta

from graph.duties import DutyKind, agenda
from graph.events import apply_event
from incidents.events import Acknowledged
from incidents.paging import pause_of_paging
from incidents.policy import ApprovalPolicy
from incidents.severity import Severity, Status
from tests.graph.harness import RUNBOOK, bench, incident
from tests.graph.test_people import after, handed_over, said, says
from tests.graph.worlds import ALERT

BOUNDS = RUNBOOK.bounds


async def test_who_says_that_they_have_it_stops_nothing_but_repeated_pages() -> None:
    quiet, had = bench(), bench()
    had.people.events = [(after(2), says("acknowledge", note="at the laptop"))]
    without, left = await quiet.run(incident()), await had.run(incident())
    assert (left.status, left.held_by, left.holder) == (without.status, without.held_by, "dana")
    assert (left.taken_at, left.acknowledged_at) == (after(2), without.acknowledged_at)
    assert [p.state for p in left.proposals] == [p.state for p in without.proposals]
    told = [entry.text for entry in await had.store.entries("INC-1")]
    assert "dana has it: at the laptop" in told


async def test_escalations_run_from_the_opening_whoever_has_it() -> None:
    at = handed_over(hours=2)
    at.people.events = [(after(1), says("acknowledge"))]
    left = await at.run(incident())
    assert [(one.row, one.at) for one in left.escalations] == [("p0_open_30m", after(30))]


async def test_whoever_has_it_is_called_when_the_agents_leave_it_to_people() -> None:
    at = handed_over(hours=1)
    at.people.events = [(after(1), says("acknowledge"))]
    left = await at.run(incident())
    assert left.status is Status.HANDED_OVER
    (page,) = [text for key, text in at.heard.pages.items() if key.startswith("handed-over:")]
    assert "dana has it" in page


async def test_silence_of_who_has_it_is_told_once_and_paging_goes_on() -> None:
    at = bench()
    at.people.until = after(200)
    at.people.events = [(after(0.5), says("acknowledge"))]
    left = await at.run(incident())
    silence = after(0.5) + BOUNDS.holder_silence[left.severity or Severity.P0]
    pages = {key: text for key, text in at.heard.pages.items() if "holder_silent" in key}
    assert len(pages) == 1
    assert "dana has it and has not been heard since" in next(iter(pages.values()))
    told = [one for one in await at.store.entries("INC-1") if one.id in pages]
    assert [one.at for one in told] == [silence]


def test_anything_that_they_do_shows_that_they_are_awake() -> None:
    one = apply_event(incident(), said("acknowledge"), ApprovalPolicy(), RUNBOOK, ALERT).incident
    for other, kind, words in (
        ("dana", "note", {"text": "it is the cache"}),
        ("dana", "severity", {"severity": "P1"}),
        ("dana", "changed", {"service": "checkout", "what": "restarted"}),
    ):
        later = after(20)
        heard = apply_event(one, said(kind, by=other, **words), ApprovalPolicy(), RUNBOOK, later).incident
        assert heard.heard_at == later, kind
        assert heard.held_since == ALERT
    kim = apply_event(one, said("note", by="kim", text="hm"), ApprovalPolicy(), RUNBOOK, after(20)).incident
    assert kim.heard_at == ALERT, "somebody else's word is not theirs"


def test_who_comes_second_does_not_take_it_away_and_who_takes_it_over_does() -> None:
    one = apply_event(incident(), said("acknowledge"), ApprovalPolicy(), RUNBOOK, ALERT).incident
    second = apply_event(one, said("acknowledge", by="kim"), ApprovalPolicy(), RUNBOOK, after(1))
    assert second.incident.holder == "dana", "its id is another, so it was handled"
    over = said("acknowledge", by="kim", takes_over=True).model_copy(update={"id": "over"})
    taken = apply_event(one, over, ApprovalPolicy(), RUNBOOK, after(1))
    assert taken.incident.holder == "kim"
    assert [line.text for line in taken.entries] == ["kim has it, taken over from dana"]


def test_what_is_handed_over_has_to_be_answered() -> None:
    one = apply_event(incident(), said("acknowledge"), ApprovalPolicy(), RUNBOOK, ALERT).incident
    event = said("hand_over", to="kim", note="my shift ends")
    handed = apply_event(one, event, ApprovalPolicy(), RUNBOOK, after(5))
    assert [line.text for line in handed.entries] == ["dana handed it to kim: my shift ends"]
    (duty,) = [d for d in agenda(handed.incident, RUNBOOK, None) if d.kind is DutyKind.HOLDER_SILENT]
    assert duty.at == after(5) + BOUNDS.handover_answer
    answer = said("acknowledge", by="Kim").model_copy(update={"id": "answer"})
    known = apply_event(handed.incident, answer, ApprovalPolicy(), RUNBOOK, after(8)).incident
    assert (known.holder, known.confirmed, known.held_since) == ("Kim", True, after(5))
    pause = pause_of_paging(known, BOUNDS, after(20))
    assert pause is not None, "a minute over the time to answer"


def test_what_another_tool_says_counts_as_theirs_and_takes_nothing_from_anybody() -> None:
    event = Acknowledged(id="pd:1", incident="INC-1", at=ALERT, by="Ann Bell", source="PagerDuty")
    had = apply_event(incident(), event, ApprovalPolicy(), RUNBOOK, ALERT)
    assert had.incident.holder == "Ann Bell"
    assert [line.text for line in had.entries] == ["Ann Bell has it (said in PagerDuty)"]
    mine = apply_event(incident(), said("acknowledge"), ApprovalPolicy(), RUNBOOK, ALERT).incident
    later = apply_event(mine, event, ApprovalPolicy(), RUNBOOK, after(1))
    assert later.incident.holder == "dana"
    assert [line.text for line in later.entries] == [
        "Ann Bell acknowledged it (said in PagerDuty); dana has it"
    ]


def test_given_back_whoever_did_it_has_it_still() -> None:
    taken = apply_event(incident(), said("take"), ApprovalPolicy(), RUNBOOK, ALERT).incident
    back = said("give_back", note="I cannot find it")
    after_it = apply_event(taken, back, ApprovalPolicy(), RUNBOOK, after(9)).incident
    assert (after_it.holder, after_it.status, after_it.heard_at) == ("dana", Status.OPEN, after(9))
    assert after_it.taken_at == ALERT


def test_opened_again_nobody_has_it() -> None:
    one = apply_event(incident(), said("acknowledge"), ApprovalPolicy(), RUNBOOK, ALERT).incident
    over = apply_event(one, said("resolve"), ApprovalPolicy(), RUNBOOK, after(9)).incident
    again = apply_event(over, said("reopen", by="kim", note="no"), ApprovalPolicy(), RUNBOOK, after(12))
    assert (again.incident.holder, again.incident.heard_at) == (None, None)
    assert again.incident.taken_at == ALERT
    assert pause_of_paging(again.incident, BOUNDS, after(12) + timedelta(seconds=1)) is None
