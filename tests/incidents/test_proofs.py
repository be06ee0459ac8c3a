"""What proves that a kind of change can be taken back, and what does not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.action import ActionKind, ActionState, Outcome, Proposal
from incidents.incident import Incident, Watch
from incidents.proofs import LASTS, Proof, proofs_of, proven
from incidents.severity import Status
from incidents.verification import Recovery
from tests.nexus import sample
from tests.nexus.sample import at

UNDO = sample.proposal(
    id="A2", undo_of="A1", state=ActionState.DONE, seen=Recovery.RECOVERED,
    plan=sample.PLAN.model_copy(update={"action": sample.REDEPLOY, "undo": None}),
    outcome=Outcome(done=True, detail="checkout runs 2026.11.2", at=at(20)),
)  # fmt: skip


def undone(undo: Proposal = UNDO, **changes: object) -> Incident:
    return sample.resolved().with_proposal(undo).evolve(**changes)


def proof(minutes: float, seen: Recovery | None = Recovery.RECOVERED) -> Proof:
    return Proof(
        service="checkout", kind=ActionKind.ROLLBACK, undo=sample.REDEPLOY, at=at(minutes), seen=seen,
        source=sample.ID, proposal="A2",
    )  # fmt: skip


def test_an_undo_that_was_carried_out_and_watched_is_one() -> None:
    (found,) = proofs_of(undone())
    assert found == proof(20)
    assert found.good


@pytest.mark.parametrize(
    "changes",
    [
        {"undo_of": None},
        {"state": ActionState.APPROVED, "outcome": None},
        {"seen": None},
        {"seen": Recovery.UNKNOWN},
        {"outcome": Outcome(done=True, detail="Dana Lee has looked: it was done", at=at(20), said_by="Dana")},
    ],
)
def test_a_plan_a_word_and_an_undo_that_nothing_measured_are_none(changes: dict[str, object]) -> None:
    assert proofs_of(undone(UNDO.model_copy(update=changes))) == ()


def test_an_undo_whose_watch_runs_proves_nothing_yet() -> None:
    watch = Watch(action="A2", started_at=at(20), until=at(50))
    assert proofs_of(undone(status=Status.OPEN, ended_at=None, watch=watch)) == ()
    assert proofs_of(undone(watch=watch)) != ()  # it has ended: the watch is over with it


def test_the_last_one_decides() -> None:
    now = at(60)
    assert proven([proof(1), proof(2, Recovery.UNCHANGED)], now) == proof(2, Recovery.UNCHANGED)
    assert proven([proof(1), proof(2, Recovery.WORSE)], now) is None
    assert proven([proof(1), proof(2, seen=None)], now) is None
    assert proven([], now) is None


def test_on_a_calm_day_all_has_to_be_as_before() -> None:
    drilled = proof(1, Recovery.UNCHANGED).model_copy(update={"calm": True})
    assert not drilled.good
    assert drilled.model_copy(update={"seen": Recovery.RECOVERED}).good


def test_one_that_failed_is_known_as_such() -> None:
    failed = Outcome(done=False, detail="the rollout did not end", at=at(20))
    (found,) = proofs_of(undone(UNDO.model_copy(update={"state": ActionState.FAILED, "outcome": failed})))
    assert (found.seen, found.good) == (None, False)


@given(st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=200)))
def test_it_holds_for_ninety_days_and_not_before_it_was_made(age: timedelta) -> None:
    assert proof(0).holds(at(0) + age) is (timedelta() <= age <= LASTS)
