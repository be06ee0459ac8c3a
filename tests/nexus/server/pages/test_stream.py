"""The stream of an open page: nothing is missed, nothing comes twice, it ends with the server."""

import asyncio
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from incidents.timeline import Entry, EntryKind
from nexus.service.live_feed import LiveFeed
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at
from tests.nexus.served import Serving, served
from tests.patience import PATIENCE

OTHER = "INC-2026-11-23-002"
TOKEN = "the-token-of-dana"
SITE = "services: [{name: checkout}, {name: web}]\npeople: [{name: dana, token: 'env:DANA'}]\n"


def entry(number: int, incident: str = ID) -> Entry:
    made = sample.entry(f"n{number}", number, EntryKind.NOTE, "", f"note {number}")
    return made.model_copy(update={"incident": incident})


class Event(NamedTuple):
    """One event as a browser gets it."""

    name: str
    data: str
    identity: str


class Page:
    """Somebody's open stream: every event that came, in order."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.events = self._read(answer.iter_lines())
        self.place = ""

    def _read(self, lines: Iterator[str]) -> Iterator[Event]:
        told: dict[str, str] = {}
        for line in lines:
            if not line and "event" in told:
                self.place = told.get("id", self.place)
                yield Event(told["event"], told.get("data", ""), told.get("id", ""))
                told = {}
            elif line and not line.startswith((":", "retry")):
                name, _, value = line.partition(": ")
                told[name] = f"{told[name]}\n{value}" if name in told else value

    def until(self, name: str) -> list[Event]:
        """What comes up to the next event of that name, with it."""
        found: list[Event] = []
        for one in self.events:
            found.append(one)
            if one.name == name:
                return found
        raise AssertionError(f"{name} never came: {[one.name for one in found]}")

    def entries(self, many: int) -> list[str]:
        """So many entries, with whatever cards come among them."""
        found: list[str] = []
        while len(found) < many:
            found += notes(self.until("place"))
        return found

    def cards(self) -> set[str]:
        """The cards that come next, with whatever entries come before them."""
        while not (names := {one.name for one in self.until("place")} - {"entry", "place"}):
            pass
        return names


def notes(events: list[Event]) -> list[str]:
    return [
        found[0] for one in events if one.name == "entry" and (found := re.findall(r"note \d+", one.data))
    ]


@contextmanager
def opened(nexus: Serving, after: str = "", last: str = "") -> Iterator[Page]:
    """The stream of a page that somebody has open."""
    headers = {"Origin": nexus.root} | ({"Last-Event-ID": last} if last else {})
    with httpx2.Client(base_url=nexus.root, timeout=PATIENCE, headers=headers) as browser:
        answer = browser.post("/login", data={"name": "dana", "secret": TOKEN})
        assert answer.status_code == 303, answer.text
        with browser.stream("GET", f"/incidents/{ID}/stream?after={after}") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            yield Page(stream)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "nexus.yaml").write_text(SITE)
    home = tmp_path / "home"
    home.mkdir()
    with Store.open(home) as store:
        world = WorldRef(kind=WorldKind.LIVE, path=str(folder / "nexus.yaml"))
        for identity in (ID, OTHER):
            waiting = sample.waiting().evolve(id=identity)
            asyncio.run(store.register(waiting, world, at(12), "default"))
    return folder


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Serving, Store]]:
    """Doors without hands over the home, and its store as another process has it."""
    home = folder.with_name("home")
    with served(folder, home, "--no-worker", DANA=TOKEN) as nexus, Store.existing(home) as store:
        yield nexus, store


def test_a_page_gets_what_is_written_and_comes_back_to_what_it_missed(folder: Path) -> None:
    with serving(folder) as (nexus, store):
        asyncio.run(store.write(entry(1)))
        with opened(nexus, after="0-") as page:
            assert page.entries(1) == ["note 1"]
            asyncio.run(store.write(entry(9, OTHER)))
            asyncio.run(store.write(entry(2)))
            assert page.entries(1) == ["note 2"]
        nexus.kill()
    with serving(folder) as (nexus, store):  # another process: it resumes by the place that the page brings
        for number in (3, 4):
            asyncio.run(store.write(entry(number)))
        with opened(nexus, after="0-", last=page.place) as again:
            assert again.entries(2) == ["note 3", "note 4"]


def test_cards_come_when_they_change_and_only_those(folder: Path) -> None:
    with serving(folder) as (nexus, store):
        with opened(nexus, after="0-") as page:
            assert {"card-head", "card-causes", "card-next"} <= page.cards()
            kept = asyncio.run(store.load(ID))
            assert kept is not None
            held = kept.evolve(alerts=(*kept.alerts, sample.alert().model_copy(update={"fingerprint": "b2"})))
            asyncio.run(saved(store, held, at(14)))
            assert page.cards() == {"card-head", "card-alerts"}
        with opened(nexus, after=page.place) as fresh:  # nothing is sent that the page has already
            asyncio.run(store.write(entry(5)))
            assert [one.name for one in fresh.until("place")] == ["entry", "place"]


def test_streams_end_at_once_with_the_server(folder: Path) -> None:
    with serving(folder) as (nexus, _), opened(nexus, after="0-") as page:
        page.cards()
        begun = time.monotonic()
        nexus.end(signal.SIGTERM)
        assert list(page.events) == []
        assert time.monotonic() - begun < 5  # what runs may take ten


class Counting:
    """A store of which the reads of entries are counted."""

    def __init__(self, store: IncidentStore) -> None:
        self.store = store
        self.reads = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    async def entries_after(self, *asked: object) -> object:
        self.reads += 1
        return await self.store.entries_after(*asked)  # type: ignore[arg-type]


class Ticks:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.next = asyncio.Event()

    async def __call__(self) -> None:
        await self.next.wait()
        self.next.clear()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_store_is_read_once_however_many_watch() -> None:
    store, ticks = Counting(MemoryStore()), Ticks()
    await store.store.register(sample.opened(), WorldRef(kind=WorldKind.LIVE, path="x"), at(0), "shop")
    feed = LiveFeed(store, ticks)  # type: ignore[arg-type]
    seen: list[list[int]] = []

    async def watch() -> None:
        mine: list[int] = []
        seen.append(mine)
        with feed.watching(ID):
            place = 0
            while not feed.ended:
                moved = feed.moved
                for one in await feed.entries(place, ID):
                    mine.append(place := one.sequence)
                await moved.wait()

    watching = [asyncio.create_task(watch()) for _ in range(50)]
    await settled()
    before = store.reads
    for number in range(3):
        await store.store.write(entry(number))
        ticks.next.set()
        await settled()
    assert store.reads - before <= 6  # a page, and the empty one behind it
    assert seen == [[1, 2, 3]] * 50
    feed.end()
    await asyncio.gather(*watching)


async def test_who_lags_behind_what_is_held_reads_for_themselves() -> None:
    store, ticks = MemoryStore(), Ticks()
    await store.register(sample.opened(), WorldRef(kind=WorldKind.LIVE, path="x"), at(0), "shop")
    for number in range(5):
        await store.write(entry(number))
    feed = LiveFeed(store, ticks)
    with feed.watching(ID):
        await settled()
        assert [one.sequence for one in await feed.entries(2, ID)] == [3, 4, 5]
        assert await feed.entries(5, ID) == ()
        assert feed.stand(ID) == (await store.stands((ID,)))[ID]
    assert feed.stand(ID) is None
