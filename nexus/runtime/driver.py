"""Drives one incident through the graph, from wait to wait, until it ends or nobody is there to decide.

One process at a time works on an incident (a claim in the store, and the fence in the checkpoints beside it).
A person's event preempts a running step; timers and alerts wait for the step, which is time-boxed.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol, cast

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, StateSnapshot

from graph.build import RECURSION_LIMIT, Graph
from graph.state import Deps, State, inbox_of, incident_of, pack, unpack
from graph.supervisor import Move
from incidents.events import Event, from_a_person
from incidents.incident import Incident
from nexus.store.port import IncidentStore

log = structlog.get_logger(__name__)

#: How often the inbox is looked into while a step runs, in seconds.
LISTEN = 0.2


class Waiter(Protocol):
    """What lets time pass, or people speak, while an incident waits."""

    async def wait(self, incident: Incident, move: Move) -> tuple[Event, ...]:
        """What happened meanwhile. Nothing at all means: leave the incident waiting, for another process."""
        ...


@dataclass(frozen=True)
class Driver:
    """Everything that is needed to drive one incident; `saved` hears whenever it was saved."""

    store: IncidentStore
    graph: Graph
    deps: Deps
    waiter: Waiter
    saved: Callable[[], None] = lambda: None

    async def drive(self, incident: str) -> Incident:
        """Run until the end, or until it waits for people who are not here.

        Raises:
            Refused: another process works on this incident.
            UnknownName: there is no such incident.
        """
        async with self._claimed(incident):
            while True:
                snapshot = await self.graph.aget_state(_config(incident))
                turn = await self._next(incident, snapshot)
                if turn is not None:
                    await self._take(incident, turn)
                await self._settle(incident)
                if turn is None:
                    return await self._saved(incident)

    @asynccontextmanager
    async def _claimed(self, incident: str) -> AsyncIterator[None]:
        owner = uuid.uuid4().hex
        await self.store.claim(incident, owner, self.deps.clock.now())
        try:
            yield
        finally:
            await self.store.release(incident, owner)

    async def _next(self, incident: str, snapshot: StateSnapshot) -> "_Turn | None":
        """The turn that comes: the start, the rest of a broken one, what a wait brought; None: no more."""
        if not snapshot.values:
            return _Turn({"incident": pack(await self._saved(incident))})
        # A crash may have come between the checkpoint and the snapshot, and before the clock was kept.
        state = cast("State", snapshot.values)
        self.deps.catch_up(incident_of(state))
        await self._save(incident_of(state))
        # Not `next`: a node that has finished, but whose step is not kept yet, is missing there.
        if not snapshot.tasks:
            return None
        if not snapshot.interrupts:
            return _Turn(None, _ids(inbox_of(state)))
        events = await self.store.events(incident)
        if not events:
            events = await self.waiter.wait(incident_of(state), unpack(Move, state["move"]))
            for event in events:
                await self._receive(event)
            events = await self.store.events(incident)
        if not events:
            return None
        answer = {snapshot.interrupts[0].id: [pack(event) for event in events]}
        return _Turn(Command(resume=answer), _ids(events))

    async def _receive(self, event: Event) -> None:
        if event.kind == "decision":
            await self.store.record_approval(event)
        else:
            await self.store.add_event(event)

    async def _take(self, incident: str, turn: "_Turn") -> None:
        """One invocation, to the next wait or the end; cut short when a person speaks."""
        running = asyncio.create_task(self._stream(incident, turn.payload))
        listening = asyncio.create_task(self._listen(incident, turn.knows))
        try:
            await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
                return
            await self._cut(incident, running, await listening)
        finally:
            for task in (task for task in (running, listening) if not task.done()):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _cut(self, incident: str, running: asyncio.Task[None], events: tuple[Event, ...]) -> None:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        config = _config(incident)
        snapshot = await self.graph.aget_state(config)
        if not snapshot.next or snapshot.interrupts:
            # It reached its wait or its end first, or a node's end: what that node did is taken in before
            # anything else. The events are still in the store's inbox and come with the next turn.
            return
        log.info("preempted", incident=incident, step=snapshot.next, events=[event.kind for event in events])
        inbox = [*snapshot.values.get("inbox", []), *(pack(event) for event in events)]
        await self.graph.aupdate_state(config, {"inbox": inbox}, as_node="wait")

    async def _listen(self, incident: str, knows: frozenset[str]) -> tuple[Event, ...]:
        """Wait until a person says something, outside of the moments in which a change is being executed."""
        while True:
            await asyncio.sleep(LISTEN)
            fresh = [e for e in await self.store.events(incident) if e.id not in knows and from_a_person(e)]
            if fresh and "execute" not in await self._running(incident):
                return tuple(fresh)

    async def _running(self, incident: str) -> set[str]:
        """The nodes that work now, or whose work is not kept yet."""
        return {task.name for task in (await self.graph.aget_state(_config(incident))).tasks}

    async def _stream(self, incident: str, payload: Any) -> None:
        """Run the graph and keep the incident as it stands after each of its nodes."""
        stream = self.graph.astream(
            payload,
            _config(incident),
            context=self.deps,
            stream_mode="values",
            durability="sync",
        )
        async for values in stream:
            if "incident" in values:
                await self._save(incident_of(cast("State", values)))

    async def _save(self, incident: Incident) -> None:
        await self.store.save(incident, self.deps.clock.now())
        self.saved()

    async def _settle(self, incident: str) -> None:
        """What the state has seen is handled."""
        seen = (await self._saved(incident)).handled_events
        waiting = {event.id for event in await self.store.events(incident)}
        await self.store.mark_handled(tuple(waiting.intersection(seen)))

    async def _saved(self, incident: str) -> Incident:
        found = await self.store.load(incident)
        assert found is not None  # it was registered before it is driven  # noqa: S101
        return found


@dataclass(frozen=True)
class _Turn:
    """What the graph is called with, and the ids of the events that it has with that."""

    payload: Any
    knows: frozenset[str] = frozenset()


def _ids(events: Iterable[Event]) -> frozenset[str]:
    return frozenset(event.id for event in events)


def _config(incident: str) -> RunnableConfig:
    """The thread of an incident; strict resume refuses an answer to a question that is no longer asked."""
    return {
        "configurable": {"thread_id": incident, "__pregel_strict_resume": True},
        "recursion_limit": RECURSION_LIMIT,
    }
