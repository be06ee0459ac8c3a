"""One suite for what pages read of an incident that somebody watches, the newest first."""

from incidents.timeline import Entry, EntryKind
from nexus.store.port import IncidentStore
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at

OTHER = "INC-2026-11-23-002"


def line(count: int, kind: EntryKind = EntryKind.NOTE, incident: str = ID) -> Entry:
    return sample.entry(f"e{count}", count, kind, "", "x").model_copy(update={"incident": incident})


async def both(store: IncidentStore) -> None:
    for identity in (ID, OTHER):
        await store.register(sample.opened().evolve(id=identity), WORLD, at(0))


async def test_the_newest_entries_come_first_a_page_at_a_time(store: IncidentStore) -> None:
    await both(store)
    for count in range(7):
        await store.write(line(count))
        await store.write(line(count, incident=OTHER))
    first = await store.entries_before(ID, limit=3)
    assert [one.entry.id for one in first] == ["e6", "e5", "e4"]
    second = await store.entries_before(ID, first[-1].sequence, limit=3)
    assert [one.entry.id for one in second] == ["e3", "e2", "e1"]
    rest = await store.entries_before(ID, second[-1].sequence, limit=3)
    assert [one.entry.id for one in rest] == ["e0"]
    assert {one.entry.incident for one in (*first, *second, *rest)} == {ID}
    assert await store.entries_before(ID, rest[-1].sequence) == ()


async def test_entries_can_be_of_some_kinds_alone(store: IncidentStore) -> None:
    await both(store)
    for count, kind in enumerate((EntryKind.WORK, EntryKind.FINDING, EntryKind.GAP, EntryKind.FINDING)):
        await store.write(line(count, kind))
    found = await store.entries_before(ID, kinds=(EntryKind.FINDING, EntryKind.GAP), limit=2)
    assert [one.entry.id for one in found] == ["e3", "e2"]
    more = await store.entries_before(ID, found[-1].sequence, kinds=(EntryKind.FINDING, EntryKind.GAP))
    assert [one.entry.id for one in more] == ["e1"]


async def test_the_evidence_that_was_kept_last_comes_first(store: IncidentStore) -> None:
    await both(store)
    for number in range(3):
        await store.put(sample.evidence(number), b"{}")
    assert [one.id for one in await store.newest_evidence(ID, 2)] == [sample.EVIDENCE[2], sample.EVIDENCE[1]]
    assert await store.newest_evidence(OTHER) == ()


async def test_how_an_incident_stands_differs_once_anything_of_it_was_written(store: IncidentStore) -> None:
    await store.register(sample.waiting(), WORLD, at(0))
    seen = [(await store.stands((ID, "INC-2026-01-01-001")))[ID]]

    async def moved() -> None:
        seen.append((await store.stands((ID,)))[ID])
        assert seen[-1] not in seen[:-1]

    await store.write(line(1))
    await moved()
    await store.put(sample.evidence(), b"{}")
    await moved()
    await store.record_approval(sample.decision("d1"))
    await moved()
    await saved(store, sample.waiting().evolve(holder="Dana"), at(20))
    await moved()
    assert await store.stands((ID,)) == {ID: seen[-1]}
    assert await store.stands(()) == {}
    assert await store.stands(("INC-2026-01-01-001",)) == {}
