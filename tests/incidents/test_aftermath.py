"""How a change stands after the click: each stage by what is known, and silence is no recovery."""

from typing import Any

import pytest

from incidents.action import ActionState, Proposal
from incidents.aftermath import Stage, how_it_stands
from incidents.incident import Incident, Watch
from incidents.severity import Status, Step
from incidents.verification import Recovery
from tests.nexus import sample
from tests.nexus.sample import at

DONE = sample.resolved().proposals[0]
UNDO = sample.proposal(id="A2", undo_of="A1", state=ActionState.PROPOSED)


def watched(*verdicts: Recovery, proposals: tuple[Proposal, ...] = (DONE,), **changes: Any) -> Incident:
    """After the change, with so many checks of its watch."""
    checks = tuple(sample.VERIFICATION.model_copy(update={"verdict": one}) for one in verdicts)
    kept: dict[str, Any] = {
        "status": Status.OPEN, "step": Step.VERIFICATION, "ended_at": None, "proposals": proposals,
        "watch": Watch(action="A1", started_at=at(17), until=at(47), checks=checks),
        "verification": checks[-1] if checks else None,
    }  # fmt: skip
    return sample.resolved().evolve(**kept | changes)


@pytest.mark.parametrize(
    ("verdicts", "stage", "words"),
    [
        ((), Stage.WATCHING, "Nothing has been measured since. Watched until 03:45 UTC."),
        ((Recovery.RECOVERED,), Stage.RECOVERED, "back at their usual level, which is no proof yet."),
        ((Recovery.RECOVERED, Recovery.WORSE), Stage.WORSE, "The signals got worse."),
        ((Recovery.UNCHANGED,), Stage.UNCHANGED, "The signals have not changed."),
        ((Recovery.RECOVERED, Recovery.UNKNOWN), Stage.CANNOT_TELL, "silence is no recovery"),
    ],
)  # fmt: skip
def test_a_watch_that_runs_is_told_by_its_last_check(
    verdicts: tuple[Recovery, ...], stage: Stage, words: str
) -> None:
    told = how_it_stands(watched(*verdicts), DONE, at(20))
    assert (told.stage, told.watched) == (stage, True)
    assert words in told.sentence


def test_a_watch_that_is_over_keeps_its_verdict() -> None:
    told = how_it_stands(sample.resolved(), DONE, at(50))
    assert (told.stage, told.watched) == (Stage.RECOVERED, False)
    assert told.sentence == "Done at 03:14:10 UTC. The signals are back at their usual level."
    later = sample.resolved().evolve(watch=None)
    assert how_it_stands(later, DONE, at(50)).stage is Stage.RECOVERED
    another = later.evolve(verification=sample.VERIFICATION.model_copy(update={"action": "A2"}))
    assert how_it_stands(another, DONE, at(50)).stage is Stage.WATCHING


def test_an_undo_is_offered_and_then_it_is_undone() -> None:
    offered = how_it_stands(watched(Recovery.WORSE, proposals=(DONE, UNDO)), DONE, at(20))
    assert offered.sentence.endswith("Its undo waits for a signature: A2.")
    undone = UNDO.model_copy(update={"state": ActionState.DONE, "outcome": DONE.outcome})
    told = how_it_stands(watched(Recovery.WORSE, proposals=(DONE, undone)), DONE, at(20))
    assert (told.stage, told.sentence) == (
        Stage.UNDONE, "It was done and taken back at 03:14:10 UTC, by A2.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "stage"),
    [(one, one.value) for one in ActionState if one not in {ActionState.PROPOSED, ActionState.DONE}],
)
def test_what_is_not_done_has_a_stage_of_its_own(state: ActionState, stage: str) -> None:
    told = how_it_stands(sample.waiting(), sample.proposal(state=state), at(12))
    assert told.stage == stage
    assert told.sentence.endswith((".", "see."))


def test_what_was_begun_is_being_carried_out_whatever_the_row_says() -> None:
    approved = sample.proposal(state=ActionState.APPROVED)
    assert how_it_stands(sample.waiting(), approved, at(12)).stage is Stage.APPROVED
    assert how_it_stands(sample.waiting(), approved, at(12), begun=True).stage is Stage.EXECUTING


def test_what_waits_says_for_how_many_and_until_when() -> None:
    two = sample.proposal(approvers_needed=2)
    assert how_it_stands(sample.waiting(), two, at(12)).sentence == (
        "Nothing runs until 2 people have signed."
    )
    half = two.model_copy(update={"approvals": (sample.approval(),)})
    assert how_it_stands(sample.waiting(), half, at(12)).sentence == (
        "Nothing runs until one person has also signed. 1 of 2 have signed."
    )
    late = how_it_stands(sample.waiting(), two, at(41))
    assert late.stage is Stage.EXPIRED
    assert "Its time ran out at 03:39:10 UTC" in late.sentence
