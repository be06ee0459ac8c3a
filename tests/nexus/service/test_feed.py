"""The feed of all timelines: nothing is missed, nothing comes twice, a place outlives its process."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.errors import UnknownName
from incidents.timeline import Entry, EntryKind
from nexus.service.feed import Feed
from nexus.service.views import FeedEntry
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.sample import ID, at

WORLD = WorldRef(kind=WorldKind.LIVE, path="nexus.yaml")
OTHER = "INC-2026-11-23-002"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IncidentStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    with ExitStack() as opened:
        yield opened.enter_context(Store.open(tmp_path))


def entry(number: int, incident: str = ID) -> Entry:
    made = sample.entry(f"e{number}", number, EntryKind.NOTE, "", f"number {number}")
    return made.model_copy(update={"incident": incident})


class Ticks:
    """Stands for time that passes: each look runs what happens meanwhile, then lets go."""

    def __init__(self, *meanwhile: Callable[[], Awaitable[object]]) -> None:
        self.meanwhile = list(meanwhile)
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1
        if not self.meanwhile:
            raise asyncio.CancelledError
        await self.meanwhile.pop(0)()


async def followed(feed: Feed, after: int = 0, incident: str | None = None) -> list[FeedEntry]:
    """What comes until time is up."""
    found: list[FeedEntry] = []
    try:
        async for one in feed.follow(after, incident):
            found.append(one)
    except asyncio.CancelledError:
        pass
    return found


async def opened(store: IncidentStore, *incidents: str) -> None:
    for identity in incidents:
        await store.register(sample.opened(identity), WORLD, at(0), "shop")


async def closed(store: IncidentStore, identity: str = ID) -> None:
    number = await store.lease(identity, "test", at(60), at(0) + timedelta(seconds=1))
    assert number is not None
    await store.save(sample.resolved().evolve(id=identity, closed=True), at(50), number)


def texts(found: list[FeedEntry]) -> list[str]:
    return [one.text for one in found]


async def test_what_was_written_before_comes_first_then_what_comes(store: IncidentStore) -> None:
    await opened(store, ID, OTHER)
    await store.write(entry(1))

    async def meanwhile() -> None:
        await store.write(entry(2, OTHER))
        await store.write(entry(3))

    async def nothing() -> None: ...

    found = await followed(Feed(store, Ticks(nothing, meanwhile, nothing)))
    assert texts(found) == ["number 1", "number 2", "number 3"]
    assert [one.incident for one in found] == [ID, OTHER, ID]


async def test_a_place_outlives_whoever_followed(store: IncidentStore) -> None:
    await opened(store, ID)
    for number in range(450):  # more than two pages
        await store.write(entry(number))
    first = await followed(Feed(store, Ticks()))
    assert texts(first) == [f"number {n}" for n in range(450)]
    for place in (0, 1, 199, 200, 448, 449):
        again = await followed(Feed(store, Ticks()), first[place].sequence)
        assert again == first[place + 1 :]


async def test_from_now_on_begins_behind_the_newest(store: IncidentStore) -> None:
    await opened(store, ID)
    await store.write(entry(1))
    feed = Feed(store, Ticks(lambda: store.write(entry(2))))
    assert texts(await followed(feed, await feed.last())) == ["number 2"]


async def test_the_stream_of_one_incident_ends_with_it_and_holds_its_last_word(store: IncidentStore) -> None:
    await opened(store, ID, OTHER)
    await store.write(entry(1))

    async def meanwhile() -> None:
        await store.write(entry(2, OTHER))
        await store.write(entry(3))
        await closed(store)

    ticks = Ticks(meanwhile)
    found = [one async for one in Feed(store, ticks).follow(0, ID)]
    assert texts(found) == ["number 1", "number 3"]
    assert ticks.count == 1


async def test_an_incident_that_nobody_knows_is_refused(store: IncidentStore) -> None:
    await opened(store, ID)
    with pytest.raises(UnknownName, match=ID):
        await followed(Feed(store, Ticks()), 0, OTHER)


async def test_while_nothing_is_written_nothing_is_read(store: IncidentStore) -> None:
    await opened(store, ID)
    await store.write(entry(1))
    reads = 0
    read = store.entries_after

    class Counting:
        """The store, of which reads are counted."""

        changed = store.changed

        async def entries_after(self, *asked: object) -> object:
            nonlocal reads
            reads += 1
            return await read(*asked)  # type: ignore[arg-type]

    async def nothing() -> None: ...

    await followed(Feed(Counting(), Ticks(*[nothing] * 50)))  # type: ignore[arg-type]
    assert reads == 2  # the page, and the empty one behind it


async def test_two_that_write_at_once_are_both_heard_whole(tmp_path: Path) -> None:
    with Store.open(tmp_path) as left, Store.open(tmp_path) as right, Store.open(tmp_path) as reader:
        await opened(left, ID, OTHER)

        async def write(store: Store, incident: str) -> None:
            for number in range(80):
                await store.write(entry(number, incident))

        writing = asyncio.gather(write(left, ID), write(right, OTHER))
        idle = 0

        async def tick() -> None:
            nonlocal idle
            idle = idle + 1 if writing.done() else 0
            if idle > 1:
                raise asyncio.CancelledError
            await asyncio.sleep(0)

        found = await followed(Feed(reader, tick))
    for incident in (ID, OTHER):
        assert [one.id for one in found if one.incident == incident] == [f"e{n}" for n in range(80)]
    assert [one.sequence for one in found] == sorted(one.sequence for one in found)
