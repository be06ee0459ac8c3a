"""A person's event cuts a running step short: nobody waits for a slow role to be heard."""

import asyncio

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import UnknownInterruptError
from langgraph.types import Command

from agents.engine import Assignment, EngineResult, RoleContext
from graph.build import build
from graph.state import pack
from incidents.events import Stopped, TimerFired
from incidents.reports import Task
from incidents.severity import Status
from nexus.runtime.driver import _config
from nexus.store.records import WorldKind, WorldRef
from tests.graph.harness import ScriptedEngine, bench, incident
from tests.graph.worlds import ALERT


class Stuck(ScriptedEngine):
    """An engine whose investigators never come back."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = asyncio.Event()
        self.cancelled = 0

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        if assignment.task is Task.INVESTIGATE:
            self.entered.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        return await super().perform(assignment, context)


async def test_stop_is_heard_while_slow_roles_still_work() -> None:
    engine = Stuck()
    at = bench(engine)
    running = asyncio.create_task(at.run(incident()))
    await engine.entered.wait()
    stop = Stopped(id="x", incident="INC-1", at=at.world.clock.now(), by="ana", reason="I have it")
    await at.store.add_event(stop)
    ended = await asyncio.wait_for(running, timeout=30)
    assert engine.cancelled >= 1
    assert ended.status is Status.HANDED_OVER
    assert ended.end_reason == "stopped by ana: I have it"
    assert await at.store.events("INC-1") == ()


async def test_an_event_that_is_delivered_twice_changes_nothing() -> None:
    at = bench(ScriptedEngine(knows=False))
    ended = await at.run(incident())
    assert len(ended.handled_events) == len(set(ended.handled_events))


async def test_an_answer_to_a_question_that_is_no_longer_asked_is_refused() -> None:
    """Pins the private key of strict resume: without it LangGraph would take a stale answer."""
    at = bench()
    graph = build(at.deps.runbook, InMemorySaver())
    await at.store.register(incident(), WorldRef(kind=WorldKind.CASE, path="made"), ALERT)

    class Nobody:
        async def wait(self, *_: object) -> tuple[()]:
            return ()

    await at.drive(graph, Nobody())
    timer = TimerFired(id="t", incident="INC-1", at=ALERT)
    with pytest.raises(UnknownInterruptError):
        await graph.ainvoke(Command(resume={"0" * 32: [pack(timer)]}), _config("INC-1"), context=at.deps)
