"""One suite for what is read in pages: lists, the backlog, the numbered entries of all timelines."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.errors import UnknownName
from incidents.incident import Incident
from incidents.proposed import Proposed
from incidents.severity import HeldBy, Severity, Status
from incidents.timeline import Entry, EntryKind
from nexus.store.lists import EVERY, IncidentFilter, NumberedEntry
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at


def number(count: int) -> str:
    return f"INC-2026-11-23-{count:03}"


async def registered(store: IncidentStore, count: int, incident: Incident, minutes: float) -> str:
    """Under an id of its own, opened at its own moment."""
    mine = incident.evolve(id=number(count), opened_at=at(minutes))
    await store.register(mine, WORLD, at(minutes))
    return mine.id


async def short(store: IncidentStore, among: IncidentFilter = EVERY) -> list[int]:
    return [int(line.id[-3:]) for line in await store.page(among)]


@pytest.fixture
async def storm(store: IncidentStore) -> IncidentStore:
    """Five incidents; the third and the fourth were opened at one moment, the fifth before all others."""
    await registered(store, 1, sample.resolved().evolve(closed=True, title="Größe der Queue"), 1)
    await registered(store, 2, sample.waiting(), 2)
    handed = sample.opened().evolve(status=Status.HANDED_OVER, handed_over_at=at(5), severity=Severity.P2)
    await registered(store, 3, handed, 3)
    await registered(store, 4, sample.opened().evolve(severity=Severity.P2), 3)
    await registered(store, 5, sample.opened().evolve(status=Status.FALSE_ALARM, ended_at=at(1)), 0)
    return store


@pytest.mark.parametrize(
    ("among", "shown"),
    [
        (EVERY, [4, 3, 2, 1, 5]),
        (IncidentFilter(not_closed=True), [4, 3, 2, 5]),
        (IncidentFilter(undecided=True), [2]),
        (IncidentFilter(status=Status.OPEN), [4, 2]),
        (IncidentFilter(status=Status.RESOLVED), [1]),
        (IncidentFilter(severity=Severity.P2), [4, 3]),
        (IncidentFilter(severity=Severity.P2, status=Status.OPEN), [4]),
        (IncidentFilter(held_by=HeldBy.PEOPLE), [3]),
        (IncidentFilter(service="web"), [2, 1]),
        (IncidentFilter(service="we"), []),
        (IncidentFilter(title="GRÖSSE"), [1]),
        (IncidentFilter(title="errorratio"), [4, 3, 2, 5]),
        (IncidentFilter(title="%"), [4, 3, 2, 5]),
        (IncidentFilter(title="_"), []),
    ],
)
async def test_a_list_shows_what_every_filter_matches(
    storm: IncidentStore, among: IncidentFilter, shown: list[int]
) -> None:
    assert await short(storm, among) == shown


async def test_what_waits_for_people_leaves_the_list_with_the_decision(storm: IncidentStore) -> None:
    await saved(storm, sample.opened().evolve(id=number(2), opened_at=at(2)), at(9))
    assert await short(storm, IncidentFilter(undecided=True)) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 9])
async def test_pages_put_together_are_the_list(storm: IncidentStore, limit: int) -> None:
    found, after = [], None
    while page := await storm.page(limit=limit, after=after):
        assert len(page) <= limit
        found += [line.id for line in page]
        after = found[-1]
    assert found == [line.id for line in await storm.page()]


async def test_an_incident_that_opens_meanwhile_moves_no_page(storm: IncidentStore) -> None:
    first = await storm.page(limit=2)
    await registered(storm, 6, sample.opened(), 9)
    assert [line.id for line in await storm.page(limit=2, after=first[-1].id)] == [number(2), number(1)]


async def test_a_list_behind_what_is_not_there_is_refused(storm: IncidentStore) -> None:
    with pytest.raises(UnknownName, match="009"):
        await storm.page(after=number(9))
    with pytest.raises(UnknownName, match="task"):
        await storm.tasks(after="T9")


async def test_open_ones_are_counted(storm: IncidentStore) -> None:
    told = {(one.status, one.severity): one.many for one in await storm.open_counts()}
    assert sum(told.values()) == 4
    shown = await storm.page(IncidentFilter(not_closed=True))
    assert told == Counter((one.status, one.severity) for one in shown)


async def test_the_backlog_comes_in_pages(store: IncidentStore) -> None:
    await store.register(sample.opened(), WORLD, at(0))
    await store.add_tasks(ID, sample.TASKS)
    (first,) = await store.tasks(limit=1)
    assert await store.tasks(after=first.id) == sample.TASKS[1:]
    assert await store.tasks() == sample.TASKS


async def test_what_is_cited_is_read_alone(store: IncidentStore) -> None:
    await store.register(sample.opened(), WORLD, at(0))
    for count in range(3):
        await store.put(sample.evidence(count), b"")
    cited = await store.cited(ID, {sample.EVIDENCE[2], sample.EVIDENCE[0], "E-none"})
    assert cited == (sample.evidence(0), sample.evidence(2))
    assert await store.cited(ID, ()) == ()


@pytest.mark.parametrize("incident", [sample.opened(), sample.waiting(), sample.resolved()])
async def test_what_was_proposed_is_read_as_the_incident_has_it(
    store: IncidentStore, incident: Incident
) -> None:
    await store.register(incident, WORLD, at(0))
    whole, part = await store.load(ID), await store.proposed(ID)
    assert whole is not None
    assert part is not None
    assert {name: getattr(whole, name) for name in Proposed.model_fields} == dict(part)
    assert (part.pending, part.unsettled) == (whole.pending, whole.unsettled)
    assert await store.proposed(number(9)) is None


def line(incident: str, count: int) -> Entry:
    return sample.entry(f"e{count}", count, EntryKind.NOTE, "", "x").model_copy(update={"incident": incident})


def read(numbered: tuple[NumberedEntry, ...]) -> list[tuple[str, str]]:
    return [(one.entry.incident[-3:], one.entry.id) for one in numbered]


async def test_entries_are_numbered_over_all_incidents_in_the_order_of_writing(store: IncidentStore) -> None:
    for count in (1, 2):
        await registered(store, count, sample.opened(), count)
    assert await store.last_sequence() == 0
    for incident, count in ((1, 5), (2, 1), (1, 3), (1, 5)):
        await store.write(line(number(incident), count))
    found = await store.entries_after(0)
    assert read(found) == [("001", "e5"), ("002", "e1"), ("001", "e3")]
    assert [one.sequence for one in found] == sorted({one.sequence for one in found})
    assert await store.last_sequence() == found[-1].sequence
    assert await store.entries_after(found[0].sequence, limit=1) == found[1:2]
    assert await store.entries_after(0, incident=number(1)) == (found[0], found[2])
    assert await store.entries_after(found[-1].sequence) == ()


async def test_a_number_is_never_given_again(store: IncidentStore) -> None:
    await registered(store, 1, sample.resolved().evolve(closed=False), 1)
    await registered(store, 2, sample.opened(), 2)
    await store.write(line(number(2), 1))
    await store.write(line(number(1), 1))
    last = await store.last_sequence()
    await saved(store, sample.resolved().evolve(id=number(1), closed=True), at(50))
    lease = await store.lease(number(1), "test", at(52), at(51))
    assert lease is not None
    await store.erase(number(1), lease)
    assert await store.last_sequence() < last
    await store.write(line(number(2), 2))
    assert read(await store.entries_after(last)) == [("002", "e2")]


async def test_a_write_to_a_timeline_is_a_change(store: IncidentStore) -> None:
    await registered(store, 1, sample.opened(), 1)
    before = await store.changed()
    await store.write(line(number(1), 1))
    assert await store.changed() != before


async def test_whoever_reads_beside_two_writers_misses_nothing(
    stores: Callable[[], IncidentStore],
) -> None:
    """A number that shows itself late, behind a higher one, would be passed over for good."""
    writers, reader = (stores(), stores()), stores()
    for count in (1, 2):
        await registered(writers[0], count, sample.opened(), count)

    async def write(store: IncidentStore, incident: str) -> None:
        for count in range(60):
            await store.write(line(incident, count))

    async def follow() -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        last = 0
        while len(found) < 120:
            for one in await reader.entries_after(last, limit=7):
                found.append((one.entry.incident, one.entry.id))
                last = one.sequence
            await asyncio.sleep(0)
        return found

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(store, number(n + 1)) for n, store in enumerate(writers)))
    found = await asyncio.wait_for(following, 30)
    for incident in (number(1), number(2)):
        assert [key for whose, key in found if whose == incident] == [f"e{n}" for n in range(60)]


INCIDENTS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(Status),
        "severity": st.none() | st.sampled_from(Severity),
        "minutes": st.integers(0, 3),
        "closed": st.booleans(),
    }
)
FILTERS = st.builds(
    IncidentFilter,
    not_closed=st.booleans(),
    status=st.none() | st.sampled_from(Status),
    severity=st.none() | st.sampled_from(Severity),
    held_by=st.none() | st.sampled_from(HeldBy),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(INCIDENTS, max_size=6), FILTERS)
async def test_any_list_reads_as_its_twin_in_memory(
    stores: Callable[[], IncidentStore], rows: list[dict[str, object]], among: IncidentFilter
) -> None:
    store, twin = stores(), MemoryStore()
    earlier = {line.id for line in await store.page(limit=10_000)}
    for count, row in enumerate(rows, len(earlier) + 1):
        minutes = row["minutes"]
        assert isinstance(minutes, int)
        incident = sample.opened(f"INC-2026-11-23-{count:04}", minutes).evolve(
            status=row["status"], severity=row["severity"], closed=row["closed"]
        )
        for kept in (store, twin):
            await kept.register(incident, WORLD, at(minutes) + timedelta(seconds=1))
    mine = [one for one in await store.page(among, limit=10_000) if one.id not in earlier]
    assert tuple(mine) == await twin.page(among, limit=10_000)
