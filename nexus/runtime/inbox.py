"""Hears what people say to incidents while they are driven: one look for all of them, not one for each."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from incidents.events import Event
from nexus.store.port import IncidentStore

#: How often the inboxes of all that this process drives are looked into, in seconds.
INBOX_POLL = 0.25
#: Between two looks at least, in seconds.
PACE = 0.02

Matters = Callable[[Event], bool]


@dataclass(frozen=True)
class _Listener:
    knows: frozenset[str]
    matters: Matters
    hears: asyncio.Future[tuple[Event, ...]]


@dataclass
class InboxWatch:
    """The inboxes of a store, watched while anybody listens and not otherwise."""

    store: IncidentStore
    _listeners: dict[str, _Listener] = field(default_factory=dict)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _looking: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Look now: this process has put something into an inbox."""
        self._bell.set()

    async def heard(self, incident: str, knows: frozenset[str], matters: Matters) -> tuple[Event, ...]:
        """The events in an incident's inbox that matter and are not known, once there are any."""
        listener = _Listener(knows, matters, asyncio.get_running_loop().create_future())
        self._listeners[incident] = listener
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            return await listener.hears
        finally:
            if self._listeners.get(incident) is listener:
                del self._listeners[incident]
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), INBOX_POLL)
            self._bell.clear()
            await asyncio.sleep(PACE)  # many bells in a moment are one
            try:
                events = await self.store.unhandled(tuple(self._listeners))
            except Exception as error:  # a job's edge: who listens is told, nobody waits for ever
                self._told(error)
                raise
            self._tell(events)

    def _tell(self, events: tuple[Event, ...]) -> None:
        for incident, listener in self._listeners.items():
            fresh = tuple(
                event
                for event in events
                if event.incident == incident and event.id not in listener.knows and listener.matters(event)
            )
            if fresh and not listener.hears.done():
                listener.hears.set_result(fresh)

    def _told(self, error: Exception) -> None:
        for listener in self._listeners.values():
            if not listener.hears.done():
                listener.hears.set_exception(error)
