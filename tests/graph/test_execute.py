"""The node that changes the world, alone: what it does where nobody can say what became of a change."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from graph.events import apply_event
from graph.execute import ASKED_FOR, run
from graph.ports import Intents
from graph.state import Deps
from incidents.action import (
    Action,
    ActionKind,
    ActionState,
    Approval,
    Arguments,
    Outcome,
    Plan,
    Proposal,
    Verdict,
    digest_of,
)
from incidents.actor import Actor, Via
from incidents.errors import ActionRefused, InProgress, Refused, StaleLease, ToolFailed
from incidents.incident import Incident
from incidents.severity import Severity, Status, Step
from nexus.service.commands import IncidentCommands
from nexus.store.fence import FencedIntents
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.graph.harness import Bench, bench, incident
from tests.graph.worlds import ALERT, MadeWorld
from tests.nexus.leasing import begun, leased
from tools.fence import Fence

ROLLBACK = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="1.0"))
KIM = Actor.named("Kim Ito", Via.CLI)


@dataclass
class Target:
    """The actions of the made world; `status` and `execute` fail as they are told to."""

    inner: MadeWorld
    status_fails: Exception | None = None
    execute_fails: Exception | None = None
    executed: list[str] = field(default_factory=list)

    async def plan(self, action: Action) -> Plan:
        return await self.inner.plan(action)

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        self.executed.append(key)
        if self.execute_fails is not None:
            raise self.execute_fails
        return await self.inner.execute(action, key, fence)

    async def status(self, key: str) -> Outcome | None:
        if self.status_fails is not None:
            raise self.status_fails
        return await self.inner.status(key)


@dataclass
class Scene:
    """An incident whose rollback is approved, and what the node needs."""

    at: Bench
    target: Target
    incident: Incident
    commands: IncidentCommands
    intents: Intents | None = None

    @property
    def store(self) -> MemoryStore:
        return self.at.store

    @property
    def deps(self) -> Deps:
        return self.at.deps

    @property
    def proposal(self) -> Proposal:
        return self.incident.proposals[0]

    @property
    def key(self) -> str:
        return self.proposal.execution_key

    async def run(self) -> tuple[str, ...]:
        """The node once; what it told."""
        now = self.deps.clock.now()
        async with leased(self.store, "INC-1", now) as number:
            deps = replace(self.deps, intents=self.intents or FencedIntents(self.store, number))
            told = await run(deps, self.incident, self.proposal)
            self.incident = told.incident
            await self.store.save(self.incident, self.deps.clock.now(), number)
        return tuple(line.text for line in told.entries)

    async def heard(self) -> tuple[str, ...]:
        """The inbox, applied; what was told."""
        lines: list[str] = []
        for event in await self.store.events("INC-1"):
            told = apply_event(self.incident, event, self.deps.policy, self.deps.runbook, event.at)
            self.incident = told.incident
            lines += [line.text for line in told.entries]
        return tuple(lines)


@pytest.fixture
async def scene() -> Scene:
    at = bench()
    target = Target(at.world)
    at.deps = replace(at.deps, world=replace(at.deps.world, actions=target))
    plan = await target.plan(ROLLBACK)
    digest = digest_of("INC-1", "A1", plan)
    proposal = Proposal(
        id="A1", incident="INC-1", plan=plan, digest=digest, reason="it broke then", engine="scripted",
        proposed_by="devops_automator", proposed_at=ALERT, expires_at=ALERT + timedelta(minutes=30),
        state=ActionState.APPROVED,
        approvals=(Approval(action="A1", digest=digest, verdict=Verdict.APPROVE, by="ana", at=ALERT),),
    )  # fmt: skip
    made = incident().evolve(proposals=(proposal,), severity=Severity.P1, step=Step.MITIGATION)
    await at.store.register(made, WorldRef(kind=WorldKind.LIVE, path="made"), ALERT)
    return Scene(at, target, made, IncidentCommands(at.store, lambda _: at.deps.policy, at.deps.clock))


async def broken_off(scene: Scene, status: Exception) -> tuple[str, ...]:
    """An earlier process kept the intent and died; what this one tells of it."""
    await begun(scene.store, scene.proposal, ALERT)
    scene.target.status_fails = status
    return await scene.run()


async def test_what_nobody_can_say_is_unknown_and_a_person_is_asked(scene: Scene) -> None:
    (told,) = await broken_off(scene, ToolFailed("it has no status"))
    assert scene.proposal.state is ActionState.UNKNOWN
    assert told.startswith("A1 is unknown: it is not known whether roll back checkout to 1.0 was done")
    assert "nexus settle INC-1 A1 --done (or --not-done) --by NAME" in told
    assert scene.at.heard.pages["unknown:A1"] == told
    assert scene.target.executed == []


async def test_what_may_still_run_is_executing_and_its_end_is_taken(scene: Scene) -> None:
    (told,) = await broken_off(scene, InProgress("a program still runs"))
    assert scene.proposal.state is ActionState.EXECUTING
    assert told.startswith("A1 is executing: what was begun to roll back checkout to 1.0 may still run")
    with pytest.raises(Refused, match="is being executed as far as is known"):
        await scene.commands.settle("INC-1", "A1", done=False, actor=KIM)
    done = Outcome(done=True, detail="switched", at=ALERT)
    scene.target.status_fails = None
    scene.target.inner.deeds[scene.key] = (ROLLBACK, done)
    await scene.run()
    assert (scene.proposal.state, scene.proposal.outcome) == (ActionState.DONE, done)
    assert scene.target.executed == []


@pytest.mark.parametrize("done", [True, False])
async def test_a_person_says_what_became_of_it_and_it_goes_on_from_there(scene: Scene, done: bool) -> None:
    await broken_off(scene, ToolFailed("it has no status"))
    outcome = await scene.commands.settle("INC-1", "A1", done=done, actor=KIM, note="the link says so")
    said = f"Kim Ito has looked: it was {'' if done else 'not '}done: the link says so"
    assert (outcome.done, outcome.detail) == (done, said)
    assert await scene.heard() == (f"A1 (roll back checkout to 1.0): {said}",)
    assert scene.incident.not_before is None
    await scene.run()
    assert scene.proposal.state is (ActionState.DONE if done else ActionState.FAILED)
    assert (scene.incident.watch is not None) is done
    assert scene.target.executed == []
    with pytest.raises(Refused, match=f"nothing of A1 is unknown: it is {scene.proposal.state}"):
        await scene.commands.settle("INC-1", "A1", done=not done, actor=KIM)


async def test_after_the_hand_over_a_person_still_says_it(scene: Scene) -> None:
    await broken_off(scene, ToolFailed("it has no status"))
    scene.at.world.clock.advance(ASKED_FOR)
    (told,) = await scene.run()
    assert scene.incident.status is Status.HANDED_OVER
    assert "say what became of it: nexus settle INC-1 A1" in told
    outcome = await scene.commands.settle("INC-1", "A1", done=True, actor=KIM)
    await scene.heard()
    assert (scene.proposal.state, scene.proposal.outcome) == (ActionState.DONE, outcome)


async def test_a_moment_before_its_bound_the_target_is_asked_again(scene: Scene) -> None:
    await broken_off(scene, ToolFailed("it has no status"))
    scene.at.world.clock.advance(ASKED_FOR - timedelta(milliseconds=1))
    await scene.run()
    assert scene.incident.status is Status.OPEN


@pytest.mark.parametrize("where", ["before the intent", "before the effect"])
async def test_a_stale_lease_ends_the_turn_and_tells_nothing(scene: Scene, where: str) -> None:
    lost = StaleLease("the lease is lost")
    if where == "before the intent":

        class Fenced(FencedIntents):
            async def begin(self, *_: object, **__: object) -> bool:
                raise lost

        scene.intents = Fenced(scene.store, 1)
    else:
        scene.target.execute_fails = lost
    with pytest.raises(StaleLease):
        await scene.run()
    assert scene.at.world.deeds == {}
    assert (await scene.store.unfinished("INC-1") == ()) is (where == "before the intent")
    assert scene.proposal.state is ActionState.APPROVED


async def test_nothing_begun_is_begun_now_and_once(scene: Scene) -> None:
    await begun(scene.store, scene.proposal, ALERT)
    await scene.run()
    assert scene.proposal.state is ActionState.DONE
    await scene.run()
    assert scene.target.executed == [scene.key]


async def test_a_change_that_is_refused_after_a_crash_leaves_no_open_intent(scene: Scene) -> None:
    """Else it would hold back every other change of that service for ever."""
    await begun(scene.store, scene.proposal, ALERT)
    scene.target.execute_fails = ActionRefused("the key stands for another change")
    await scene.run()
    assert scene.proposal.state is ActionState.DRIFTED
    assert await scene.store.unfinished("INC-1") == ()
    kept = await scene.store.finished(scene.key)
    assert kept is not None
    assert kept.detail == "nothing was done: the key stands for another change"
