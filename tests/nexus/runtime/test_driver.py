"""The driver: from the row where checkpoints are gone, to a boundary in a drain, never without its lease."""

import asyncio

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.runtime import RunControl

from agents.engine import Assignment, EngineResult, RoleContext
from graph.build import build
from graph.supervisor import Move
from incidents.action import ActionState, Verdict
from incidents.errors import StaleLease
from incidents.events import Event
from incidents.incident import Incident
from incidents.reports import Task
from incidents.severity import Status
from nexus.runtime.lease_keeper import LeaseKeeper
from nexus.store.records import WorldKind, WorldRef
from tests.graph.harness import Bench, ScriptedEngine, bench, incident
from tests.graph.test_incidents import decide
from tests.graph.worlds import ALERT

ID = "INC-1"


class Nobody:
    """Nothing happens while it waits."""

    async def wait(self, known: Incident, move: Move) -> tuple[Event, ...]:
        return ()


class Slow(ScriptedEngine):
    """An engine whose investigators wait to be let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = asyncio.Event()
        self.go = asyncio.Event()

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        if assignment.task is Task.INVESTIGATE:
            self.entered.set()
            await self.go.wait()
        return await super().perform(assignment, context)


async def opened(engine: ScriptedEngine | None = None) -> Bench:
    here = bench(engine)
    here.people.decides = decide(Verdict.APPROVE)
    await here.store.register(incident(), WorldRef(kind=WorldKind.CASE, path="made"), ALERT)
    return here


async def told_once(here: Bench) -> None:
    lines = [entry.id for entry in await here.store.entries(ID)]
    assert len(lines) == len(set(lines))


async def test_a_thread_whose_checkpoints_are_gone_goes_on_from_the_row() -> None:
    here = await opened()
    waiting = await here.drive(build(here.deps.runbook, InMemorySaver()), Nobody())
    assert [proposal.state for proposal in waiting.proposals] == [ActionState.PROPOSED]
    ended = await here.drive(build(here.deps.runbook, InMemorySaver()))
    assert ended.status is Status.RESOLVED
    assert [proposal.state for proposal in ended.proposals] == [ActionState.DONE]
    assert len(here.world.deeds) == 1
    await told_once(here)


async def test_a_drain_ends_at_the_next_boundary_and_the_next_driver_goes_on() -> None:
    engine = Slow()
    here = await opened(engine)
    graph = build(here.deps.runbook, InMemorySaver())
    control = RunControl()
    running = asyncio.create_task(here.drive(graph, control=control))
    await engine.entered.wait()
    control.request_drain("sigterm")
    engine.go.set()
    stopped = await asyncio.wait_for(running, 30)
    assert (stopped.closed, stopped.diagnosis) == (False, None), "what came after was not begun"
    ended = await here.drive(graph)
    assert ended.status is Status.RESOLVED
    await told_once(here)


async def test_a_driver_that_is_overtaken_in_a_step_ends_there_and_saves_nothing() -> None:
    engine = Slow()
    here = await opened(engine)
    lease = await LeaseKeeper(here.store).take(ID)
    assert lease is not None
    driver = here.driver(build(here.deps.runbook, InMemorySaver()), lease)
    running = asyncio.create_task(driver.go_on(lease))
    await engine.entered.wait()
    await here.store.give_back(ID, lease.number, None)
    assert await LeaseKeeper(here.store).take(ID) is not None
    before = await here.store.load(ID)
    lease.lost.set()  # as the keeper's thread does once it may not renew it
    with pytest.raises(StaleLease):
        await asyncio.wait_for(running, 30)
    assert await here.store.load(ID) == before


async def test_a_driver_that_does_not_hear_that_it_was_overtaken_is_refused_at_its_next_save() -> None:
    engine = Slow()
    here = await opened(engine)
    lease = await LeaseKeeper(here.store).take(ID)
    assert lease is not None
    driver = here.driver(build(here.deps.runbook, InMemorySaver()), lease)
    running = asyncio.create_task(driver.go_on(lease))
    await engine.entered.wait()
    await here.store.give_back(ID, lease.number, None)
    assert await LeaseKeeper(here.store).take(ID) is not None
    engine.go.set()
    with pytest.raises(StaleLease):
        await asyncio.wait_for(running, 30)


async def test_a_turn_that_comes_further_takes_back_the_tries_before_it() -> None:
    here = await opened()
    for _ in range(3):
        number = await here.store.lease(ID, "dead", ALERT, ALERT)
        assert number is not None
        await here.store.fail(ID, number, ALERT)
    keeper = LeaseKeeper(here.store)
    lease = await keeper.take(ID)
    assert lease is not None
    driver = here.driver(build(here.deps.runbook, InMemorySaver()), lease, Nobody())
    assert lease.tries == 4
    await driver.go_on(lease)
    stands = await here.store.lease_of(ID)
    assert stands is not None
    assert (lease.tries, stands.tries) == (1, 1)
    keeper.drop(lease)
