"""An event that breaks every turn is set aside: people have the incident, what comes after it is heard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from graph.build import build
from graph.ports import Journal
from graph.supervisor import Move
from incidents.events import AlertsArrived, Event, NoteAdded
from incidents.incident import Incident
from incidents.severity import Status
from incidents.timeline import Entry
from nexus.runtime.driver import Driver
from nexus.runtime.giving_up import LastResort, Retries
from nexus.runtime.inbox import InboxWatch
from nexus.runtime.lease_keeper import HeldLease, LeaseKeeper
from nexus.runtime.queue import EmbeddedQueue
from nexus.runtime.worker import Worker
from nexus.store.records import WorldKind, WorldRef
from tests.graph.harness import Bench, ScriptedEngine, alert, bench, incident
from tests.graph.worlds import ALERT
from tests.nexus.runtime.hands import Hands
from tests.nexus.sample import ID as OTHER
from tests.nexus.sample import at

ID = "INC-1"
SITE = "shop"


class Nobody:
    """Nothing happens while it waits."""

    async def wait(self, known: Incident, move: Move) -> tuple[Event, ...]:
        return ()


class Broken:
    """A journal that cannot take what comes of some events."""

    def __init__(self, inner: Journal, poison: set[str]) -> None:
        self.inner = inner
        self.poison = poison
        self.full = False

    async def write(self, entry: Entry) -> bool:
        if self.full:
            raise OSError(28, "No space left on device")
        if any(event in entry.id for event in self.poison):
            raise ValueError(f"nobody foresaw {entry.text!r}")
        return await self.inner.write(entry)

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        return await self.inner.entries(incident)


class Scene:
    """A worker that drives an incident's real graph, and the events that its graph cannot take."""

    def __init__(self, poison: set[str]) -> None:
        self.here: Bench = bench(ScriptedEngine(knows=False))
        self.journal = Broken(self.here.store, poison)
        self.here.deps = replace(self.here.deps, journal=self.journal)
        self.graph = build(self.here.deps.runbook, InMemorySaver())
        self.store, self.wall, self.poison = self.here.store, ALERT, poison
        self.worker = Worker(
            store=self.store,
            queue=EmbeddedQueue(self.store, SITE, 2, now=lambda: self.wall),
            keeper=LeaseKeeper(self.store, now=lambda: self.wall),
            inbox=InboxWatch(self.store),
            drivers=self._driver,
            threads=self,
            people=LastResort(self.store, self.store, self.here.heard),
            now=lambda: self.wall,
        )

    async def drop(self, incident: str, number: int) -> None:
        self.graph = build(self.here.deps.runbook, InMemorySaver())

    @asynccontextmanager
    async def _driver(self, lease: HeldLease) -> AsyncIterator[Driver]:
        yield self.here.driver(self.graph, lease, Nobody())

    async def opened(self) -> None:
        """The incident waits for people's or senders' words."""
        await self.store.register(incident(), WorldRef(kind=WorldKind.LIVE, path="made"), ALERT, SITE)
        await self.worker.drive(ID)
        assert await self.store.broken_off() == ()

    async def driven(self, most: int = 40) -> None:
        """Drive it whenever it is due, until it waits again in order."""
        for _ in range(most):
            if await self.store.due(self.wall, 1, SITE):
                await self.worker.drive(ID)
            elif not await self.store.events(ID):
                return
            self.wall += timedelta(seconds=30)
        raise AssertionError(await self.store.broken_off())

    async def note(self, text: str) -> None:
        await self.store.add_event(NoteAdded(id=text, incident=ID, at=self.wall, by="ana", text=text))

    async def incident(self) -> Incident:
        found = await self.store.load(ID)
        assert found is not None
        return found

    async def heard(self) -> list[str]:
        return [note.text for note in (await self.incident()).notes]


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_the_one_event_is_set_aside_and_those_around_it_are_heard(place: int) -> None:
    scene = Scene({"poison"})
    await scene.opened()
    said = ["one", "two"]
    said.insert(place, "poison")
    for text in said:
        await scene.note(text)
    await scene.driven()
    await scene.note("later")
    await scene.driven()
    assert await scene.heard() == ["one", "two", "later"]
    (letter,) = await scene.store.dead_letters(ID)
    assert letter.named == "the event poison (note of ana)"
    assert letter.why == "ValueError: nobody foresaw 'poison'"
    found = await scene.incident()
    assert found.status is Status.HANDED_OVER, "what a person said may have been a stop: people have it"
    assert "the event poison (note of ana), which is set aside" in found.end_reason
    assert f"nexus replay {ID}" in found.end_reason
    assert scene.here.heard.pages["broken-off"] == found.end_reason
    assert await scene.store.broken_off() == (), "it works again"


async def test_the_tries_of_an_event_are_bounded() -> None:
    scene = Scene({"poison"})
    await scene.opened()
    await scene.note("poison")
    taken = (await scene.store.lease(ID, "look", scene.wall, scene.wall)) or 0
    await scene.store.give_back(ID, taken, scene.wall)
    await scene.driven()
    again = await scene.store.lease(ID, "look", scene.wall + timedelta(hours=1), scene.wall)
    # five that break off, one from the row, and one more if a moment was due meanwhile
    assert again is not None
    assert again - taken - 1 <= Retries().most + 2


async def test_an_event_of_a_sender_is_set_aside_as_well_and_each_further_one_is_told() -> None:
    scene = Scene({"hostile", "second"})
    await scene.opened()
    for name in ("hostile", "second"):
        fresh = alert(at=ALERT).model_copy(update={"fingerprint": name, "service": "checkout"})
        await scene.store.add_event(AlertsArrived(id=name, incident=ID, at=scene.wall, alerts=(fresh,)))
    await scene.driven()
    assert [one.event for one in await scene.store.dead_letters(ID)] == ["hostile", "second"]
    assert list(scene.here.heard.pages)[-1] == "set-aside:second"
    told = [entry.text for entry in await scene.store.entries(ID)]
    assert any("second (alerts of alertmanager)" in text for text in told)


async def test_what_was_set_aside_is_heard_once_it_is_mended() -> None:
    scene = Scene({"poison"})
    await scene.opened()
    await scene.note("poison")
    await scene.driven()
    scene.poison.clear()
    await scene.store.replay(ID, "poison")
    await scene.driven()
    assert await scene.heard() == ["poison"]
    assert await scene.store.dead_letters(ID) == ()


async def test_a_disk_that_is_full_accuses_no_event() -> None:
    scene = Scene(set())
    await scene.opened()
    await scene.note("innocent")
    scene.journal.full = True
    for _ in range(Retries().most):
        await scene.worker.drive(ID)
        scene.wall += timedelta(hours=1)
    assert "OSError: [Errno 28] No space left on device" in (await scene.incident()).end_reason
    assert await scene.store.dead_letters(ID) == ()
    scene.journal.full = False
    await scene.worker.drive(ID)
    assert await scene.heard() == ["innocent"]


async def test_an_event_that_kills_its_process_each_time_is_set_aside_too() -> None:
    async def waits(lease: HeldLease) -> datetime | None:
        return at(10_000)

    hands = Hands(waits)
    await hands.open()
    await hands.store.add_event(NoteAdded(id="poison", incident=OTHER, at=at(0), by="ana", text="x"))
    for died in range(Retries().deaths):
        assert await hands.store.lease(OTHER, "dead", at(hands.minutes + 0.5), hands.now())
        if died:  # as the driver does after a turn that broke off
            await hands.store.count_try("poison")
        hands.minutes += 1
    await hands.worker.drive(OTHER)
    (letter,) = await hands.store.dead_letters(OTHER)
    assert (letter.event, letter.why) == ("poison", "the process that drove it died each time")
    assert hands.opened == []
    hands.minutes += 1
    assert await hands.due() == [OTHER], "and it is driven again soon"
    await hands.worker.drive(OTHER)
    assert len(hands.opened) == 1
    assert await hands.store.broken_off() == ()
