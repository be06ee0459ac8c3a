"""What every store keeps of deeds: one chain in the order of the doing, each with what was done."""

import asyncio
from collections.abc import Callable

import pytest

from incidents.access import AccessRole
from incidents.actor import Actor, Via
from incidents.errors import ApprovalRefused
from incidents.events import NoteAdded
from nexus.store.audit import AuditRow, Deed, DeedKind, chained
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import ID, at

DANA = Actor(id="p-7", name="Dana Lee", roles=(AccessRole.APPROVER,), via=Via.HTTP, authenticated=True)
CASE = WorldRef(kind=WorldKind.CASE, path="/cases/demo")


def deed(minutes: float = 1, kind: DeedKind = DeedKind.NOTE, incident: str | None = ID) -> Deed:
    return Deed.by(DANA, kind, at(minutes), incident)


def note(identity: str = "n1") -> NoteAdded:
    return NoteAdded(id=identity, incident=ID, at=at(1), by=DANA.name, text="it is Dana Lee's laptop")


@pytest.fixture
async def known(store: IncidentStore) -> IncidentStore:
    await store.register(sample.opened(), CASE, at(0))
    return store


def fits(rows: tuple[AuditRow, ...]) -> bool:
    heads = [None, *(row.head for row in rows)]
    return all(chained(before, row.body) == row.head for before, row in zip(heads, rows, strict=False))


async def test_rows_are_numbered_and_chained_from_the_first_on(store: IncidentStore) -> None:
    assert await store.audit_head() is None
    heads = [await store.record(deed(n, DeedKind.LOGIN, None)) for n in range(3)]
    rows = await store.audit()
    assert [row.head for row in rows] == heads
    assert [row.number for row in rows] == [1, 2, 3]
    assert fits(rows)
    assert await store.audit_head() == heads[-1]
    assert await store.audit(after=1, limit=1) == rows[1:2]


async def test_rows_are_found_by_incident_and_by_kind(store: IncidentStore) -> None:
    for one in (deed(1), deed(2, DeedKind.LOGIN, None), deed(3, DeedKind.STOP, "INC-2"), deed(4)):
        await store.record(one)
    assert [row.number for row in await store.audit(incident=ID)] == [1, 4]
    assert [row.number for row in await store.audit(kind=DeedKind.LOGIN)] == [2]
    assert [row.number for row in await store.audit(after=1, incident=ID, kind=DeedKind.NOTE)] == [4]


async def test_a_deed_is_kept_with_its_event_and_only_with_one_that_is_new(known: IncidentStore) -> None:
    assert await known.add_event(note(), deed())
    assert not await known.add_event(note(), deed())
    (row,) = await known.audit()
    assert row.deed == deed()


async def test_a_decision_that_is_refused_leaves_no_row(known: IncidentStore) -> None:
    await known.record_approval(sample.decision("d1"), deed(13, DeedKind.DECISION))
    with pytest.raises(ApprovalRefused):
        await known.record_approval(sample.decision("d2"), deed(14, DeedKind.DECISION))
    assert [row.deed.kind for row in await known.audit()] == [DeedKind.DECISION]


async def test_people_stand_in_it_by_id_and_their_words_do_not(known: IncidentStore) -> None:
    await known.add_event(note(), deed())
    (row,) = await known.audit()
    assert "p-7" in row.body
    assert "Dana" not in row.body
    assert "laptop" not in row.body


async def test_what_is_done_at_once_by_many_stands_in_one_chain(
    stores: Callable[[], IncidentStore],
) -> None:
    hands = [stores() for _ in range(3)]
    await hands[0].register(sample.opened(), CASE, at(0))

    async def act(store: IncidentStore, who: int) -> None:
        for n in range(5):
            await store.add_event(note(f"n{who}-{n}"), deed(n))
            await store.record(deed(n, DeedKind.LOGIN, None))

    await asyncio.gather(*(act(store, who) for who, store in enumerate(hands)))
    rows = await hands[0].audit(limit=1000)
    assert [row.number for row in rows] == list(range(1, 31))
    assert fits(rows)
