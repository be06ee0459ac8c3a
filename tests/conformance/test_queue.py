"""What every queue does: what is due comes into a hand, once, P0 first, and is found whoever made it due."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from incidents.severity import Severity
from nexus.runtime.distributed_queue import DistributedQueue
from nexus.runtime.queue import EmbeddedQueue, Queue
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.postgres.store import PostgresStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import at

SITE = "shop"
START = datetime.now(UTC)


@dataclass
class Process:
    """One process's queue, and the hands that it brings work to: each holds its lease until let go."""

    name: str
    store: IncidentStore
    queue: Queue
    held: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    breaks: int = 0

    async def drive(self, incident: str, *, first: bool) -> None:
        """Lease it, hold it, give it back."""
        number = await self.store.lease(
            incident, self.name, datetime.now(UTC) + timedelta(minutes=5), datetime.now(UTC)
        )
        if number is None:
            return
        self.taken.append(incident)
        if self.breaks:
            self.breaks -= 1
            await self.store.give_back(incident, number, datetime.now(UTC))
            raise ValueError("a handler broke")
        self.held.append(incident)
        await self.let_go.wait()
        self.held.remove(incident)
        await self.store.give_back(incident, number, None)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """It takes work for the length of a block."""
        stop = asyncio.Event()
        going = asyncio.create_task(self.queue.run(self.drive, stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(going, 20)
            self.let_go.set()
            await until(lambda: not self.held)


Processes = Callable[[int], Process]


@pytest.fixture(params=["embedded", "distributed"])
def processes(request: pytest.FixtureRequest) -> Iterator[Processes]:
    """Each call is one more process on the same incidents."""
    twin = MemoryStore()
    with ExitStack() as opened:
        address = request.getfixturevalue("postgres").empty() if request.param == "distributed" else None
        names = iter("abcdefgh")

        def process(at_once: int) -> Process:
            if address is None:
                return Process(next(names), twin, EmbeddedQueue(twin, SITE, at_once, look_every=0.01))
            store = opened.enter_context(PostgresStore.open(address, create=False))
            queue = DistributedQueue(store, address, SITE, at_once, look_every=0.01)
            return Process(next(names), store, queue)

        yield process


async def due(store: IncidentStore, number: int, severity: Severity | None = Severity.P2) -> str:
    """An incident that is due since long ago."""
    incident = sample.opened(f"INC-2026-11-23-{number:03d}", number / 60).evolve(severity=severity)
    await store.register(incident, WorldRef(kind=WorldKind.LIVE, path="/etc/x"), at(0), SITE)
    return incident.id


async def until(true: Callable[[], bool]) -> None:
    """Let everything else go on until something is true."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - it is many parts that are waited for
            await asyncio.sleep(0.005)


async def test_what_is_due_comes_into_a_hand_once(processes: Processes) -> None:
    one = processes(4)
    ids = [await due(one.store, number) for number in (1, 2, 3)]
    async with one.running():
        await until(lambda: sorted(one.held) == ids)
    assert sorted(one.taken) == ids


async def test_what_another_process_made_due_is_found_without_a_bell(processes: Processes) -> None:
    one, other = processes(4), processes(4)
    async with one.running():
        await asyncio.sleep(0)
        incident = await due(other.store, 1)
        await until(lambda: one.held == [incident])
    assert one.taken == [incident]


async def test_two_processes_share_the_work_and_nothing_is_in_two_hands(processes: Processes) -> None:
    one, other = processes(3), processes(3)
    ids = [await due(one.store, number) for number in range(1, 5)]
    async with one.running(), other.running():
        await until(lambda: len(one.held) + len(other.held) == 4)
        assert sorted(one.held + other.held) == ids
        assert len(one.held) == len(other.held) == 2


async def test_a_hand_is_kept_for_p0(processes: Processes) -> None:
    one = processes(3)
    for number in range(1, 6):
        await due(one.store, number)
    async with one.running():
        await until(lambda: len(one.held) == 2)
        first = await due(one.store, 9, Severity.P0)
        await until(lambda: first in one.held)
        assert len(one.held) == 3


async def test_what_waits_for_a_hand_gets_it_by_its_severity(processes: Processes) -> None:
    one = processes(2)
    low = await due(one.store, 1, Severity.P3)
    some = await due(one.store, 2, Severity.P2)
    high = await due(one.store, 3, Severity.P1)
    one.let_go.set()
    async with one.running():
        await until(lambda: len(one.taken) == 3)
    assert one.taken == [high, some, low]


async def test_a_handler_that_breaks_is_handed_its_incident_again(processes: Processes) -> None:
    one = processes(2)
    one.breaks = 2
    incident = await due(one.store, 1)
    async with one.running():
        await until(lambda: one.held == [incident])
    assert one.taken == [incident] * 3


async def test_the_work_of_another_site_is_left_to_its_own(processes: Processes) -> None:
    one = processes(2)
    incident = sample.opened("INC-2026-11-23-007", 0)
    await one.store.register(incident, WorldRef(kind=WorldKind.LIVE, path="/etc/y"), at(0), "depot")
    async with one.running():
        mine = await due(one.store, 1)
        await until(lambda: one.held == [mine])
    assert one.taken == [mine]
