"""Rows that this version cannot read, as after going back to an older one: named, and nobody else suffers."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from incidents.errors import Unreadable, UnreadableEvent
from incidents.events import NoteAdded, Stopped
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.leasing import begun, leased, saved
from tests.nexus.sample import ID, at

LIVE = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")
OTHER = "INC-2026-11-23-002"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


@pytest.fixture
async def known(store: Store) -> Store:
    for identity in (ID, OTHER):
        await store.register(sample.opened(identity), LIVE, at(0), "shop")
    return store


def change(store: Store, statement: str, *values: object) -> None:
    """Change a row of the file."""
    with closing(sqlite3.connect(store.path)) as raw, raw:
        assert raw.execute(statement, values).rowcount > 0


PAGER = '{"kind": "pager_ack", "by": "ana"}'


def unknown_event(store: Store, body: str = PAGER) -> None:
    """An event of a later version waits."""
    change(store, "insert into inbox (id, incident, body) values ('e', ?, ?)", ID, body)


async def test_a_row_is_refused_by_its_field_and_tells_no_value(known: Store) -> None:
    change(known, "update incidents set body = json_set(body, '$.status', 'wandering') where id = ?", ID)
    with pytest.raises(
        Unreadable, match=f"{ID}: a row of the store .Incident. cannot be read: status: "
    ) as told:
        await known.load(ID)
    assert "wandering" not in str(told.value)
    assert await known.load(OTHER) is not None


@pytest.mark.parametrize("body", ["{}", "no json", '{"id": 7}'])
async def test_it_is_due_and_listed_beside_all_others(known: Store, body: str) -> None:
    change(known, "update incidents set body = ?, severity = 'P7' where id = ?", body, ID)
    assert {one.incident for one in await known.due(at(1), 9, "shop")} == {ID, OTHER}
    assert {line.id for line in await known.page()} == {ID, OTHER}


async def test_a_line_that_cannot_be_read_hides_no_other(known: Store) -> None:
    change(known, "update incidents set summary = json_set(summary, '$.step', 'wandering') where id = ?", ID)
    lines = {line.id: line.title for line in await known.page()}
    assert lines[OTHER] == sample.opened().title
    assert lines[ID].startswith("cannot be read: step: ")


async def test_what_is_left_to_people_says_so_and_takes_no_alert_any_more(known: Store) -> None:
    await saved(known, sample.opened(), at(0))
    change(known, "update incidents set body = '{}' where id = ?", ID)
    async with leased(known, ID, at(1)) as number:
        await known.leave_to_people(ID, number)
    line = await known.summary_of(ID)
    assert (line.status, line.held_by) == ("handed_over", "people")
    with closing(sqlite3.connect(known.path)) as raw:
        assert raw.execute("select count(*) from incident_keys where incident = ?", (ID,)).fetchone() == (0,)


@pytest.mark.parametrize("body", ["no json", PAGER, '["list"]'])
async def test_an_event_is_refused_by_its_id_wherever_it_would_matter(known: Store, body: str) -> None:
    unknown_event(known, body)
    await known.add_event(Stopped(id="stop", incident=OTHER, at=at(1), by="ana", reason="mine"))
    with pytest.raises(UnreadableEvent, match="the event e cannot be read"):
        await known.events(ID)
    with pytest.raises(UnreadableEvent):
        await saved(known, sample.opened(), at(1))
    with pytest.raises(UnreadableEvent):  # it may be a stop
        await begun(known, sample.proposal(), at(1))
    assert await known.unfinished(ID) == ()
    assert [event.id for event in await known.unhandled([ID, OTHER])] == ["stop"]
    assert (await known.waiting("shop", at(1))).alerts == 1, "what waits is counted all the same"


async def test_an_event_that_is_set_aside_is_named_as_far_as_it_can_be_read(known: Store) -> None:
    unknown_event(known)
    await known.add_event(NoteAdded(id="n", incident=ID, at=at(1), by="Sam", text="and now?"))
    async with leased(known, ID, at(2)) as number:
        letter = await known.set_aside(ID, "e", number, "it is no event", at(2))
    assert letter is not None
    assert letter.named == "the event e (pager_ack of ana)"
    assert [event.id for event in await known.events(ID)] == ["n"]


async def test_it_is_heard_once_it_can_be_read_and_not_before(known: Store) -> None:
    unknown_event(known)
    async with leased(known, ID, at(2)) as number:
        await known.set_aside(ID, "e", number, "it is no event", at(2))
    with pytest.raises(UnreadableEvent):
        await known.replay(ID, "e")
    assert len(await known.dead_letters(ID)) == 1
    mended = NoteAdded(id="e", incident=ID, at=at(1), by="ana", text="I see it")
    change(known, "update inbox set body = ? where id = 'e'", mended.model_dump_json())
    await known.replay(ID, "e")
    assert [event.id for event in await known.events(ID)] == ["e:again"]
