"""A drill that really changes something: made, watched, taken back, watched, and proven by nothing less."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from incidents.action import Action, ActionKind, ActionState, Arguments, Proposal, digest_of
from incidents.drill import Drill
from incidents.errors import Refused, ToolFailed
from incidents.proofs import proofs_of_drill
from incidents.verification import Recovery
from nexus.service.drill_carrying import Carrying
from nexus.service.proofs import ProofQueries
from nexus.store.memory import MemoryStore
from tests.graph.worlds import ALERT, Effect, MadeWorld
from tools.clock import VirtualClock

ROLLBACK = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="1.0"))


@dataclass
class Staged:
    """A calm staging service, and a drill of it that was signed."""

    effect: Effect = "recovers"
    store: MemoryStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(ALERT)
        self.made = MadeWorld(self.clock, effect=self.effect, fault="fine")

    async def signed(self, service: str = "checkout") -> Drill:
        plan = await self.made.plan(ROLLBACK)
        change = Proposal(
            id="A1", incident="DRILL-1", plan=plan, digest=digest_of("drill", "A1", plan), reason="a drill",
            proposed_by="nexus", engine="code", proposed_at=ALERT, expires_at=ALERT + timedelta(minutes=30),
            state=ActionState.EXECUTING,
        )  # fmt: skip
        return Drill(
            id="DRILL-1", site="default", at=ALERT, by="dana", services=(service,), steps=(), change=change,
            stands_for=("payment",),
        )  # fmt: skip

    def carrying(self) -> Carrying:
        async def pause(span: timedelta) -> None:
            self.clock.advance(span)

        async def keep(drill: Drill) -> None:
            await self.store.keep_drill(drill)

        return Carrying(self.made.world(), self.clock, timedelta(minutes=5), pause, keep)


async def test_a_change_is_made_watched_taken_back_watched_and_then_counts_as_proven() -> None:
    at = Staged()
    signed = await at.signed()
    assert signed.unfinished
    done = await at.carrying().through(signed)
    assert done.change is not None
    assert done.undo is not None
    assert (done.change.seen, done.undo.seen) == (Recovery.RECOVERED, Recovery.RECOVERED)
    assert [action.arguments.version for action, _ in at.made.deeds.values()] == ["1.0", "2.0"]
    assert (done.passed, done.unfinished) == (True, False)
    assert at.clock.now() - ALERT >= timedelta(minutes=10)
    found = await ProofQueries(at.store).proofs("payment", ActionKind.ROLLBACK, at.clock.now())
    assert [(one.source, one.seen, one.calm) for one in found] == [("DRILL-1", Recovery.RECOVERED, True)]
    assert [one.service for one in proofs_of_drill(done)] == ["checkout", "payment"]


async def test_a_change_that_makes_it_worse_is_taken_back_at_once_and_the_drill_fails() -> None:
    at = Staged(effect="worse")
    done = await at.carrying().through(await at.signed())
    assert done.change is not None
    assert done.undo is not None
    assert done.change.seen is Recovery.WORSE
    assert not done.passed
    assert at.clock.now() - ALERT < timedelta(minutes=10)
    assert done.undo.outcome is not None
    (proof, _) = proofs_of_drill(done)  # that the undo works is proven all the same
    assert proof.good


async def test_what_was_cut_off_goes_on_and_nothing_is_done_twice() -> None:
    at = Staged()
    at.made.lost = "answer"
    await at.store.keep_drill(await at.signed())
    for made in (["1.0"], ["1.0", "2.0"]):
        (kept,) = await at.store.drills("default", ALERT)
        with pytest.raises(ToolFailed, match="the connection broke"):
            await at.carrying().through(kept)
        assert [action.arguments.version for action, _ in at.made.deeds.values()] == made
    (kept,) = await at.store.drills("default", ALERT)
    assert kept.unfinished
    done = await at.carrying().through(kept)
    assert (len(at.made.calls), done.passed, done.unfinished) == (2, True, False)


async def test_what_nothing_measures_is_not_begun() -> None:
    at = Staged()
    drill = await at.signed("ledger")
    with pytest.raises(Refused, match="nothing measures ledger"):
        await at.carrying().through(drill)
    assert at.made.calls == []
