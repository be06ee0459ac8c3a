"""One look at the inboxes of everything that is driven, while something is driven and not otherwise."""

import asyncio
from collections.abc import Collection

import pytest

from incidents.errors import NexusError
from incidents.events import Event, NoteAdded, TimerFired, from_a_person
from nexus.runtime.inbox import InboxWatch
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import at


class Looked(MemoryStore):
    """A store that counts the looks into its inboxes."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[set[str]] = []
        self.broken = False

    async def unhandled(self, incidents: Collection[str]) -> tuple[Event, ...]:
        if self.broken:
            raise NexusError("the disk is gone")
        self.looks.append(set(incidents))
        return await super().unhandled(incidents)


async def store_of(*incidents: str) -> Looked:
    made = Looked()
    for incident in incidents:
        await made.register(sample.opened(incident), WorldRef(kind=WorldKind.LIVE, path="/x"), at(0), "shop")
    return made


def note(incident: str, identity: str) -> NoteAdded:
    return NoteAdded(id=identity, incident=incident, at=at(1), by="Dana", text="x")


async def test_each_hears_its_own_and_only_what_matters_and_is_new() -> None:
    store = await store_of("INC-1", "INC-2")
    watch = InboxWatch(store)
    one = asyncio.create_task(watch.heard("INC-1", frozenset({"old"}), from_a_person))
    two = asyncio.create_task(watch.heard("INC-2", frozenset(), from_a_person))
    await store.add_event(note("INC-1", "old"))
    await store.add_event(TimerFired(id="t", incident="INC-1", at=at(1)))
    await store.add_event(note("INC-2", "new"))
    watch.ring()
    assert [event.id for event in await two] == ["new"]
    assert not one.done()
    assert store.looks[0] == {"INC-1", "INC-2"}
    await store.add_event(note("INC-1", "newer"))
    watch.ring()
    assert [event.id for event in await one] == ["newer"]


async def test_nobody_looks_when_nothing_is_driven() -> None:
    store = await store_of("INC-1")
    watch = InboxWatch(store)
    listening = asyncio.create_task(watch.heard("INC-1", frozenset(), from_a_person))
    await asyncio.sleep(0)
    assert watch._looking is not None
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert watch._looking is None


async def test_who_listens_is_told_that_nobody_can_hear() -> None:
    store = await store_of("INC-1")
    store.broken = True
    watch = InboxWatch(store)
    listening = asyncio.create_task(watch.heard("INC-1", frozenset(), from_a_person))
    await asyncio.sleep(0)
    watch.ring()
    with pytest.raises(NexusError, match="the disk is gone"):
        await listening
