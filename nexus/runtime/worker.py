"""Drives what is due: takes its lease, opens what it is played on, goes on to the next wait, saves, lets go.

Nothing stays down: a turn that breaks off is tried again after a growing pause, and after a bounded number of
tries people get the incident. Nothing is held by one that waits: no task, no connection, no thread.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from langgraph.runtime import RunControl

from incidents.errors import StaleLease, Unreadable
from nexus.runtime.driver import Rest
from nexus.runtime.giving_up import LastResort, Retries, Threads, why
from nexus.runtime.inbox import InboxWatch
from nexus.runtime.lease_keeper import HeldLease, LeaseKeeper, wall
from nexus.runtime.queue import Queue
from nexus.store.dead_letters import DeadLetter
from nexus.store.port import IncidentStore

log = structlog.get_logger(__name__)

#: How long running steps may go on after the worker was asked to end.
DRAIN = timedelta(seconds=20)
#: How often a drain looks whether a change that is executed has come to its end, in seconds.
DRAIN_POLL = 0.5


class Drives(Protocol):
    """What drives one incident: a `Driver`."""

    @property
    def control(self) -> RunControl:
        """Asks it to end at its next boundary."""
        ...

    async def go_on(self, lease: HeldLease) -> Rest:
        """Run to the end or the next wait."""
        ...

    async def executing(self, incident: str) -> bool:
        """Whether a change is being executed."""
        ...


class Drivers(Protocol):
    """Opens what an incident is driven with."""

    def __call__(self, lease: HeldLease) -> AbstractAsyncContextManager[Drives]:
        """The driver for the length of one turn."""
        ...


@dataclass(frozen=True)
class _Driving:
    """An incident in a hand; its driver, once that is opened."""

    incident: str
    first: bool
    driver: Drives | None = None
    rests: bool = False

    def __post_init__(self) -> None:
        """One that rests ends at its next boundary."""
        if self.rests and self.driver is not None:
            self.driver.control.request_drain()


@dataclass
class Worker:
    """The hands of one process.

    Args:
        store: the rows.
        queue: brings what is due.
        keeper: holds the leases.
        inbox: hears people while a step runs.
        drivers: opens what an incident is driven with.
        threads: the graph's.
        people: how people get what cannot be driven.
        retries: how often a turn is tried.
        drain_for: how long steps that run may go on after `drain`.
        now: the wall's time.
    """

    store: IncidentStore
    queue: Queue
    keeper: LeaseKeeper
    inbox: InboxWatch
    drivers: Drivers
    threads: Threads
    people: LastResort
    retries: Retries = field(default_factory=Retries)
    drain_for: timedelta = DRAIN
    now: Callable[[], datetime] = wall
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _driving: dict[asyncio.Task[None], _Driving] = field(default_factory=dict)

    @property
    def turns(self) -> int:
        """How many go on."""
        return len(self._driving)

    async def run(self) -> None:
        """Drive what is due until `drain` is called."""
        await self.queue.run(self.drive, self._stop)

    def ring(self, incident: str) -> None:
        """Something was put into an incident's inbox, or it was opened: look now."""
        self.queue.ring(incident)
        self.inbox.ring()

    async def drive(self, incident: str, *, first: bool = False) -> None:
        """Drive one incident to its next wait, unless somebody else holds it.

        Args:
            incident: its id.
            first: it goes before all others: what they do rests at its next boundary and goes on afterwards.
        """
        lease = await self.keeper.take(incident)
        if lease is None:
            return
        task = asyncio.current_task()
        assert task is not None  # a coroutine runs in one  # noqa: S101
        if first:
            self._let_rest(first=False)
        self._driving[task] = _Driving(incident, first, rests=self._stop.is_set())
        try:
            if self.retries.killed(lease.tries):
                await self._give_up(lease, None)
            else:
                await self._turn(lease, task)
        except StaleLease as error:  # the store's fence, or that of the checkpoints
            log.warning("left to others", incident=incident, why=str(error))
        finally:
            del self._driving[task]
            self.keeper.drop(lease)

    async def _turn(self, lease: HeldLease, task: asyncio.Task[None]) -> None:
        try:
            async with self.drivers(lease) as driver:
                self._driving[task] = replace(self._driving[task], driver=driver)
                rest = await driver.go_on(lease)
        except asyncio.CancelledError:
            await self.store.give_back(lease.incident, lease.number, self.now())
            raise
        except StaleLease:
            raise
        except Exception as error:  # a job's edge: one incident that breaks must not take the others with it
            log.exception("a turn broke off", incident=lease.incident, tries=lease.tries)
            await self._broke_off(lease, error)
        else:
            await self.store.give_back(lease.incident, lease.number, rest.until)

    async def _broke_off(self, lease: HeldLease, error: Exception) -> None:
        # What cannot be read now cannot be read in a minute either.
        if lease.tries >= self.retries.most or isinstance(error, Unreadable):
            await self._give_up(lease, error)
            return
        pause = self.retries.pause(lease.tries)
        await self.store.fail(lease.incident, lease.number, self.now() + pause, why(error))
        log.warning("it is tried again", incident=lease.incident, tries=lease.tries, after=str(pause))

    async def _give_up(self, lease: HeldLease, error: Exception | None) -> None:
        """Hand over without the graph; the next turn starts at START from the row, after a long pause.

        Where an event was to blame, it is set aside and the next turn comes soon.
        """
        incident, number, pause = lease.incident, lease.number, self.retries.longest
        try:
            letters = await self.people.set_aside(incident, number, error, self.retries.alone, self.now())
            await self.people.hand_over(
                incident, number, _reason(lease.tries, error, letters), self.now(), letters
            )
            await self.threads.drop(incident, number)
            if letters:
                pause = self.retries.first
            if letters or error is not None:
                await self.store.progressed(incident, number)  # from START it is another turn
        finally:  # also where not even that can be done: it is listed as broken off and tried now and then
            await self.store.fail(incident, number, self.now() + pause, why(error))
        log.error("handed over to people", incident=incident, tries=lease.tries, why=why(error))

    def _let_rest(self, *, first: bool) -> None:
        """Whatever is driven, or only what does not go first, ends at its next boundary."""
        for task, one in self._driving.items():
            if first or not one.first:
                self._driving[task] = replace(one, rests=True)

    async def drain(self) -> None:
        """Take nothing new, let steps end at their next boundary, then cancel what resumes."""
        self._stop.set()
        self.queue.ring("")
        self._let_rest(first=True)
        if self._driving:
            await asyncio.wait(tuple(self._driving), timeout=self.drain_for.total_seconds())
        while self._driving:
            for task, one in tuple(self._driving.items()):
                if one.driver is None or not await one.driver.executing(one.incident):
                    task.cancel()
            await asyncio.wait(tuple(self._driving), timeout=DRAIN_POLL)


def _reason(tries: int, error: Exception | None, letters: tuple[DeadLetter, ...]) -> str:
    """What people read of turns that broke off."""
    if not letters:
        return (
            f"its turns broke off {tries} times and nothing works on it any more ({why(error)}); "
            "it is tried again from its beginning now and then, people have to look"
        )
    named = ", ".join(letter.named for letter in letters)
    return (
        f"its turns break off ({letters[0].why}) over {named}, which is set aside; people have to look. What "
        f"comes after it is heard. Once that is mended: `nexus replay {letters[0].incident} --by NAME`"
    )
