"""One suite for events that are set aside: SQLite and the twin in memory answer alike."""

from datetime import timedelta

import pytest

from incidents.errors import StaleLease, UnknownName
from incidents.events import AlertsArrived, DecisionMade, NoteAdded
from incidents.severity import Status
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.leasing import leased, saved
from tests.nexus.sample import ID, at

LIVE = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")


@pytest.fixture
async def known(store: IncidentStore) -> IncidentStore:
    await store.register(sample.opened(), LIVE, at(0), "shop")
    await store.give_back(ID, await store.lease(ID, "test", at(1), at(0)) or 0, at(60))
    for number, text in enumerate(("first", "second"), start=1):
        await store.add_event(NoteAdded(id=text, incident=ID, at=at(number), by="Dana Lee", text=text))
    return store


async def aside(store: IncidentStore, event: str, why: str = "it breaks") -> None:
    async with leased(store, ID, at(2)) as number:
        assert await store.set_aside(ID, event, number, why, at(3)) is not None


async def waiting(store: IncidentStore) -> list[str]:
    return [event.id for event in await store.events(ID)]


async def test_what_is_set_aside_waits_no_more_and_is_named_with_its_sender_and_why(
    known: IncidentStore,
) -> None:
    await aside(known, "first", "token=abcdef0123456789abcdef broke it")
    assert await waiting(known) == ["second"]
    (letter,) = await known.dead_letters(ID)
    assert (letter.event, letter.kind, letter.by, letter.set_aside_at) == ("first", "note", "Dana Lee", at(3))
    assert "abcdef0123456789" not in letter.why
    assert letter.named == "the event first (note of Dana Lee)"
    async with leased(known, ID, at(4)) as number:
        assert await known.set_aside(ID, "first", number, "again", at(4)) is None
        assert await known.set_aside(ID, "never", number, "again", at(4)) is None


async def test_who_sent_alerts_and_decisions_is_told_too(known: IncidentStore) -> None:
    await known.add_event(AlertsArrived(id="a", incident=ID, at=at(3), alerts=sample.opened().alerts))
    await known.record_approval(DecisionMade(id="d", incident=ID, at=at(3), approval=sample.approval("Sam")))
    await aside(known, "a")
    await aside(known, "d")
    told = {letter.event: (letter.kind, letter.by) for letter in await known.dead_letters(ID)}
    assert told == {"a": ("alerts", sample.opened().alerts[0].source), "d": ("decision", "Sam")}


async def test_only_what_was_tried_by_itself_so_often_is_suspect(known: IncidentStore) -> None:
    assert await known.suspect(ID, 1) is None
    await known.count_try("second")
    await known.count_try("second")
    assert (await known.suspect(ID, 2), await known.suspect(ID, 3)) == ("second", None)
    await known.mark_handled(("second",))
    assert await known.suspect(ID, 2) is None


async def test_it_is_heard_again_under_a_new_id_and_wakes_its_incident(known: IncidentStore) -> None:
    await aside(known, "first")
    await known.mark_handled(("second",))
    async with leased(known, ID, at(5)) as number:
        await known.give_back(ID, number, at(60))
    assert await known.due(at(6), 9, "shop") == ()
    again = await known.replay(ID, "first")
    assert isinstance(again, NoteAdded)
    assert (again.id, again.text, await waiting(known)) == ("first:again", "first", ["first:again"])
    assert await known.dead_letters(ID) == ()
    assert [one.incident for one in await known.due(at(6), 9, "shop")] == [ID]
    with pytest.raises(UnknownName, match="first"):
        await known.replay(ID, "first")
    await aside(known, "first:again")
    assert [letter.event for letter in await known.dead_letters(ID)] == ["first:again"]


async def test_who_has_lost_the_lease_sets_nothing_aside(known: IncidentStore) -> None:
    async with leased(known, ID, at(2)) as number:
        pass
    with pytest.raises(StaleLease):
        await known.set_aside(ID, "first", number, "it breaks", at(3))
    with pytest.raises(StaleLease):
        await known.leave_to_people(ID, number)
    assert await waiting(known) == ["first", "second"]


async def test_the_whole_list_holds_those_of_incidents_that_are_not_closed(known: IncidentStore) -> None:
    await aside(known, "second")
    await aside(known, "first")
    assert [letter.event for letter in await known.dead_letters()] == ["first", "second"]
    await saved(known, sample.opened().evolve(status=Status.RESOLVED, closed=True), at(9))
    assert await known.dead_letters() == ()
    assert len(await known.dead_letters(ID)) == 2
    async with leased(known, ID, at(10)) as number:
        await known.erase(ID, number)
    assert await known.dead_letters(ID) == ()


async def test_why_a_turn_broke_off_is_kept_until_one_ends_in_order(known: IncidentStore) -> None:
    number = await known.lease(ID, "test", at(3), at(2))
    assert number is not None
    await known.fail(ID, number, at(20), "ValueError: password=hunter2secret is wrong")
    (broken,) = await known.broken_off()
    assert broken.why.startswith("ValueError: password=")
    assert "hunter2secret" not in broken.why
    async with leased(known, ID, at(2) + timedelta(hours=1)):
        pass
    number = await known.lease(ID, "test", at(200), at(199))
    assert number is not None
    await known.fail(ID, number, at(220))
    assert [one.why for one in await known.broken_off()] == [""]


async def test_the_line_of_one_incident(known: IncidentStore) -> None:
    assert await known.summary_of(ID) == (await known.page())[0]
    with pytest.raises(UnknownName):
        await known.summary_of("INC-2026-11-23-999")
