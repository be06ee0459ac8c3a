"""Drives one incident through the graph, from wait to wait, until it ends or nobody is there to decide.

Whoever drives holds the incident's lease; the lease's number, which every save carries, and the fence in the
checkpoints refuse a driver that was stopped and overtaken. The row is the truth: a thread without checkpoints
starts at START from it. A person's event preempts a running step; timers and alerts wait for the step, which
is time-boxed.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl
from langgraph.types import Command, StateSnapshot

from graph.build import RECURSION_LIMIT, Graph
from graph.state import Deps, State, inbox_of, incident_of, pack, unpack
from graph.supervisor import Move
from graph.timeline import entry
from incidents.events import Event, from_a_person
from incidents.incident import Incident
from incidents.timeline import EntryKind
from nexus.runtime.inbox import InboxWatch
from nexus.runtime.lease_keeper import HeldLease
from nexus.store.leases import stale
from nexus.store.port import IncidentStore

log = structlog.get_logger(__name__)

#: How soon a person's event is looked at again that came while a change is executed, in seconds.
EXECUTE_POLL = 0.25


class Waiter(Protocol):
    """What lets time pass, or people speak, while an incident waits."""

    async def wait(self, incident: Incident, move: Move) -> tuple[Event, ...]:
        """What happened meanwhile. Nothing at all means: leave the incident waiting."""
        ...


class Pruner(Protocol):
    """Who deletes checkpoints that can no longer matter."""

    async def prune(self, incident: str, number: int) -> None:
        """Keep only what an incident needs that waits or has ended; under the lease of that number."""
        ...


@dataclass(frozen=True)
class Rest:
    """An incident that has ended or waits; `until`: when time alone brings it on."""

    incident: Incident
    until: datetime | None


@dataclass(frozen=True)
class Driver:
    """Everything that is needed to drive one incident; `saved` hears whenever it was saved."""

    store: IncidentStore
    graph: Graph
    deps: Deps
    waiter: Waiter
    inbox: InboxWatch
    pruner: Pruner | None = None
    saved: Callable[[Incident], None] = lambda incident: None
    control: RunControl = field(default_factory=RunControl)

    async def go_on(self, lease: HeldLease) -> Rest:
        """Run until the end, or until it waits for what does not come here.

        Raises:
            StaleLease: it is held no longer; what was not saved is somebody else's to do again.
        """
        while True:
            snapshot = await self.graph.aget_state(_config(lease.incident))
            turn = await self._next(lease, snapshot)
            if turn is None:
                return await self._at_rest(lease, snapshot)
            try:
                await self._take(lease, turn)
            except GraphDrained:
                return Rest(await self._saved(lease.incident), self.deps.clock.now())
            await self._settle(lease.incident)

    async def _at_rest(self, lease: HeldLease, snapshot: StateSnapshot) -> Rest:
        if self.pruner is not None:
            await self.pruner.prune(lease.incident, lease.number)
        until = unpack(Move, snapshot.values["move"]).until if snapshot.interrupts else None
        saved = await self._saved(lease.incident)
        if saved.closed:
            await self.store.compact()
        return Rest(saved, until)

    async def _next(self, lease: HeldLease, snapshot: StateSnapshot) -> "_Turn | None":
        """The turn that comes: the start, the rest of a broken one, what a wait brought; None: no more."""
        incident = lease.incident
        if not snapshot.values:
            # Nobody has started this thread, or it was dropped: a resume would begin it with an empty state.
            kept = await self._saved(incident)
            return _Turn({"incident": pack(kept)}, kept)
        if not snapshot.tasks and (again := await self._reopened(incident)) is not None:
            return again
        state = cast("State", snapshot.values)
        # A crash may have come between the checkpoint and the row, and before the clock was kept.
        kept = incident_of(state)
        self.deps.catch_up(kept)
        await self._save(lease, kept)
        # Not `next`: a node that has finished, but whose step is not kept yet, is missing there.
        if not snapshot.tasks:
            return None
        if not snapshot.interrupts:
            # Broken off, or its state was updated while it asked: it is asked again, under a new id.
            inbox = tuple(inbox_of(state))
            if len(inbox) > 1 and lease.tries > 1:
                values = {"inbox": [pack(inbox[0])]}  # the others are still in the store's inbox
                await self.graph.aupdate_state(_config(incident), values, as_node="wait")
            return _Turn(None, kept, _ids(await self._one_by_one(lease, inbox)))
        events = await self._one_by_one(lease, await self.store.events(incident))
        events = events or await self._awaited(state)
        if not events:
            return None
        answer = {snapshot.interrupts[0].id: [pack(event) for event in events]}
        return _Turn(Command(resume=answer), kept, _ids(events))

    async def _one_by_one(self, lease: HeldLease, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """After turns that broke off events come by themselves, each try counted: one may be to blame."""
        if lease.tries <= 1 or not events:
            return events
        await self.store.count_try(events[0].id)
        return events[:1]

    async def _awaited(self, state: State) -> tuple[Event, ...]:
        """What the wait brings, kept in the inbox first."""
        incident = incident_of(state)
        for event in await self.waiter.wait(incident, unpack(Move, state["move"])):
            await self._receive(event)
        return await self.store.events(incident.id)

    async def _reopened(self, incident: str) -> "_Turn | None":
        """A start from the row, where people opened an incident again whose thread has come to its end."""
        events = await self.store.events(incident)
        if not any(event.kind == "reopen" for event in events):
            return None
        ended = await self._saved(incident)
        self.deps.catch_up(ended)
        start = {"incident": pack(ended), "inbox": [pack(event) for event in events]}
        return _Turn(start, ended, _ids(events))

    async def _receive(self, event: Event) -> None:
        if event.kind == "decision":
            await self.store.record_approval(event)
        else:
            await self.store.add_event(event)

    async def _take(self, lease: HeldLease, turn: "_Turn") -> None:
        """One invocation, to the next wait or the end; cut when a person speaks or the lease is lost."""
        running = asyncio.create_task(self._stream(lease, turn))
        listening = asyncio.create_task(self._listen(lease.incident, turn.knows))
        overtaken = asyncio.create_task(lease.lost.wait())
        tasks = (running, listening, overtaken)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            elif overtaken.done():
                raise stale(lease.incident, lease.number)
            else:
                await self._cut(lease.incident, running, await listening)
        finally:
            for task in (task for task in tasks if not task.done()):
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
            fresh = await self.inbox.heard(incident, knows, from_a_person)
            if not await self.executing(incident):
                return fresh
            await asyncio.sleep(EXECUTE_POLL)

    async def executing(self, incident: str) -> bool:
        """Whether a change is being executed now, or its outcome is not kept yet."""
        snapshot = await self.graph.aget_state(_config(incident))
        return any(task.name == "execute" for task in snapshot.tasks)

    async def _stream(self, lease: HeldLease, turn: "_Turn") -> None:
        """Run the graph and keep the incident as it stands after each of its nodes."""
        stream = self.graph.astream(
            turn.payload,
            _config(lease.incident),
            context=self.deps,
            stream_mode="values",
            durability="sync",
            control=self.control,
        )
        begun, kept = turn.kept.turn, turn.kept
        async for values in stream:
            if "incident" not in values:
                continue
            incident = incident_of(cast("State", values))
            if incident != kept:  # the first that is told is what the turn began with
                await self._save(lease, incident)
                kept = incident
            if incident.turn > begun and lease.tries > 1:
                await self.store.progressed(lease.incident, lease.number)
                lease.tries = 1

    async def _save(self, lease: HeldLease, incident: Incident) -> None:
        now = self.deps.clock.now()
        late = await self.store.save(incident, now, lease.number)
        self.saved(incident)
        for event in filter(from_a_person, late):
            text = f"a {event.kind} came after the end and changes nothing any more"
            await self.deps.journal.write(entry(incident, now, EntryKind.NOTE, text, f"late:{event.id}"))

    async def _settle(self, incident: str) -> None:
        """What the state has seen is handled."""
        waiting = _ids(await self.store.events(incident))
        if waiting:
            seen = (await self._saved(incident)).handled_events
            await self.store.mark_handled(tuple(waiting.intersection(seen)))

    async def _saved(self, incident: str) -> Incident:
        found = await self.store.load(incident)
        assert found is not None  # it was registered before it is driven  # noqa: S101
        return found


@dataclass(frozen=True)
class _Turn:
    """What the graph is called with, the row as it begins, the ids of the events that the graph has then."""

    payload: Any
    kept: Incident
    knows: frozenset[str] = frozenset()


def _ids(events: Iterable[Event]) -> frozenset[str]:
    return frozenset(event.id for event in events)


def _config(incident: str) -> RunnableConfig:
    """The thread of an incident; strict resume refuses an answer to a question that is no longer asked."""
    return {
        "configurable": {"thread_id": incident, "__pregel_strict_resume": True},
        "recursion_limit": RECURSION_LIMIT,
    }
