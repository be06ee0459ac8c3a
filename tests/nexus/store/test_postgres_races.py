"""What leans on SQLite's single writer holds where several write: two connections against each other.

In each test the first one has written everything and is not committed when the second one starts.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import date

import pytest

from incidents.change_limits import Limits
from incidents.errors import ActionRefused, ApprovalRefused, StaleLease, UnknownName, Withdrawn
from incidents.events import AlertsTakenOut, NoteAdded, Stopped
from incidents.severity import Status
from nexus.store.deliveries import AlertDelivery, Disposition, Filed, Filing, IntakeView
from nexus.store.port import IncidentStore
from nexus.store.relational.store import RelationalStore
from nexus.store.relational.transactions import Run
from tests.conformance.test_intake import SITE, WORLD, delivery, joining, once, opening
from tests.conformance.test_leases import leased, note, number
from tests.conformance.test_permissions import USE, permission, veto
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.nexus.store.held_back import Rivals, rivals
from tests.postgres import PostgresServer

OTHER = number(2)
LIMITS = Limits(changes_per_hour=1)


@pytest.fixture
def both(postgres: PostgresServer) -> Iterator[Rivals]:
    with rivals(postgres.empty()) as made:
        yield made


@pytest.fixture
async def live(both: Rivals) -> Rivals:
    """Two live incidents that wait, the second one over."""
    for identity in (ID, OTHER):
        await both.second.register(sample.opened(identity), WORLD, at(0), SITE)
    return both


def told(event: NoteAdded | Stopped) -> Callable[[IncidentStore], Awaitable[bool]]:
    return lambda store: store.add_event(event)


def stop() -> Stopped:
    return Stopped(id="stop", incident=ID, at=at(5), by="ana", reason="smoke")


async def due(both: Rivals, minutes: float) -> list[str]:
    return [one.incident for one in await both.second.due(at(minutes), 9, SITE)]


async def test_who_speaks_while_a_turn_is_given_back_is_heard_at_once(live: Rivals) -> None:
    taken = await leased(live.second)
    new, given = await live.race(told(note()), lambda store: store.give_back(ID, taken, at(60)))
    assert (new, given) == (True, True)
    assert ID in await due(live, 5)


async def test_who_speaks_right_after_a_turn_was_given_back_is_heard_at_once(live: Rivals) -> None:
    taken = await leased(live.second)
    given, new = await live.race(lambda store: store.give_back(ID, taken, at(60)), told(note()))
    assert (new, given) == (True, True)
    assert ID in await due(live, 5)


async def test_what_comes_while_an_incident_is_closed_is_told_as_too_late(live: Rivals) -> None:
    taken = await leased(live.second)
    over = sample.opened().evolve(status=Status.RESOLVED, closed=True)
    _, late = await live.race(told(note()), lambda store: store.save(over, at(6), taken))
    assert late == (note(),)
    assert await live.second.events(ID) == ()


async def test_an_alert_joins_no_incident_that_is_being_closed(live: Rivals) -> None:
    await live.second.take_in(delivery(1), SITE, joining("x", 1))
    taken = await leased(live.second, minutes=1)
    over = sample.opened().evolve(status=Status.RESOLVED, closed=True)

    def decide(view: IntakeView) -> Filing:
        known = view.last_words(["x"])["x"]
        near = {one.id for one in view.candidates({"alert:x"}, at(-60))}
        return joining("y", 7)(view) if known.open or ID in near else Filing(disposition=Disposition.IGNORED)

    saved, filed = await live.race(
        lambda store: store.save(over, at(6), taken), lambda store: store.take_in(delivery(7), SITE, decide)
    )
    assert not isinstance(saved, BaseException)
    assert isinstance(filed, Filed)
    assert filed.disposition is Disposition.IGNORED


async def test_an_incident_that_takes_an_alert_is_not_closed_over_it(live: Rivals) -> None:
    taken = await leased(live.second)
    over = sample.opened().evolve(status=Status.RESOLVED, closed=True)
    filed, late = await live.race(
        lambda store: store.take_in(delivery(5), SITE, joining("y", 5)),
        lambda store: store.save(over, at(6), taken),
    )
    assert isinstance(filed, Filed)
    assert isinstance(late, tuple)
    assert [event.id for event in late] == ["alerts:y"]


async def test_of_two_deliveries_of_one_condition_one_opens(both: Rivals) -> None:
    filed = await both.race(
        lambda store: store.take_in(delivery(0), SITE, once()),
        lambda store: store.take_in(delivery(1), SITE, once()),
    )
    assert [one.disposition for one in filed if isinstance(one, Filed)] == ["opened", "known"]


async def test_deliveries_of_other_sites_do_not_wait_for_each_other(both: Rivals) -> None:
    def word_of(view: IntakeView) -> Filing:
        return Filing(disposition=Disposition.IGNORED)

    first, second = await both.race(
        lambda store: store.take_in(AlertDelivery(received_at=at(0)), SITE, word_of),
        lambda store: store.take_in(AlertDelivery(received_at=at(0)), "elsewhere", word_of),
    )
    assert isinstance(first, Filed)
    assert isinstance(second, Filed)
    assert second.number > first.number


async def test_ids_are_given_once(both: Rivals) -> None:
    day = date(2026, 11, 23)
    assert await both.race(lambda store: store.next_id(day), lambda store: store.next_id(day)) == (ID, OTHER)


async def test_of_two_that_reach_for_one_incident_one_gets_it(live: Rivals) -> None:
    def reach(store: IncidentStore) -> Awaitable[int | None]:
        return store.lease(ID, "me", at(1), at(0))

    assert await live.race(reach, reach) == (1, None)


async def test_what_was_taken_over_saves_nothing_more(live: Rivals) -> None:
    first = await leased(live.second)
    taken, refused = await live.race(
        lambda store: store.lease(ID, "other", at(3), at(1)),
        lambda store: store.save(sample.waiting(), at(1), first),
    )
    assert taken == first + 1
    assert isinstance(refused, StaleLease)


async def test_what_was_taken_over_begins_nothing_more(live: Rivals) -> None:
    first = await leased(live.second)
    taken, refused = await live.race(
        lambda store: store.lease(ID, "other", at(3), at(1)),
        lambda store: store.begin(sample.proposal(), at(1), first),
    )
    assert taken == first + 1
    assert isinstance(refused, StaleLease)
    assert await live.second.unfinished(ID) == ()


async def test_a_person_decides_once_over_two_doors(live: Rivals) -> None:
    first, second = await live.race(
        lambda store: store.record_approval(sample.decision("d1")),
        lambda store: store.record_approval(sample.decision("d2", by="DANA LEE")),
    )
    assert first is None
    assert isinstance(second, ApprovalRefused)
    assert [event.id for event in await live.second.events(ID)] == ["d1"]


async def test_a_decision_on_what_is_being_begun_is_too_late(live: Rivals) -> None:
    taken = await leased(live.second)
    begun, refused = await live.race(
        lambda store: store.begin(sample.proposal(), at(15), taken),
        lambda store: store.record_approval(sample.decision("d1")),
    )
    assert begun is True
    assert isinstance(refused, ApprovalRefused)
    assert "has begun" in str(refused)
    assert await live.second.approvals(ID) == ()


async def test_nothing_begins_over_a_stop_that_is_being_said(live: Rivals) -> None:
    taken = await leased(live.second)
    new, refused = await live.race(told(stop()), lambda store: store.begin(sample.proposal(), at(15), taken))
    assert new is True
    assert isinstance(refused, Withdrawn)
    assert await live.second.unfinished(ID) == ()


async def test_a_change_begins_once(live: Rivals) -> None:
    taken = await leased(live.second)

    def begin(store: IncidentStore) -> Awaitable[bool]:
        return store.begin(sample.proposal(), at(15), taken)

    assert await live.race(begin, begin) == (True, False)


@pytest.mark.parametrize("closed", [False, True])
async def test_the_limits_hold_over_incidents_that_begin_at_the_same_time(live: Rivals, closed: bool) -> None:
    mine = await leased(live.second)
    theirs = await leased(live.second, OTHER)
    if closed:  # then it is no longer the service that is taken, but the hour that is full
        await live.second.save(sample.resolved().evolve(id=OTHER), at(2), theirs)
    begun, refused = await live.race(
        lambda store: store.begin(sample.proposal(incident=OTHER), at(1), theirs, LIMITS),
        lambda store: store.begin(sample.proposal(), at(2), mine, LIMITS),
    )
    assert begun is True
    assert isinstance(refused, ActionRefused)
    assert ("limit is 1" if closed else OTHER) in str(refused)


async def test_entries_show_themselves_in_the_order_of_their_numbers(live: Rivals) -> None:
    """The one that has its number first is committed last, unless the other one waits for it."""
    mine = sample.ENTRIES[0]
    theirs = mine.model_copy(update={"incident": OTHER})
    seen: list[int] = []

    async def write(store: IncidentStore) -> bool:
        new = await store.write(theirs)
        seen.extend(one.sequence for one in await store.entries_after(0))
        return new

    assert await live.race(lambda store: store.write(mine), write) == (True, True)
    assert len(seen) == 2
    assert seen == [one.sequence for one in await live.second.entries_after(0)]


async def test_what_an_alert_belongs_to_is_not_asked_while_it_is_moved(live: Rivals) -> None:
    await live.second.take_in(delivery(1), SITE, joining("x", 1))
    belongs: list[str | None] = []

    def look(view: IntakeView) -> Filing:
        belongs.append(view.last_words(["x"])["x"].incident)
        return Filing(disposition=Disposition.IGNORED)

    moved = AlertsTakenOut(
        id="out", incident=ID, at=at(2), by="ana", reason="another fault", fingerprints=("x",), into=OTHER
    )
    await live.race(
        lambda store: store.regroup((moved,), None, ()), lambda store: store.take_in(delivery(2), SITE, look)
    )
    assert belongs == [OTHER]


async def test_bodies_are_counted_once_however_many_delete_them(both: Rivals) -> None:
    for count in range(3):
        await both.second.take_in(delivery(count), SITE, opening(count))
    gone = await both.race(
        lambda store: store.forget_bodies(at(1.5), 10**9), lambda store: store.forget_bodies(at(1.5), 10**9)
    )
    assert gone == (2, 0)
    assert await both.second.forget_bodies(at(0), 1) == 1, "the third is still counted"


async def test_nothing_is_told_to_an_incident_that_is_being_erased(live: Rivals) -> None:
    taken = await leased(live.second)
    await live.second.save(sample.resolved().evolve(closed=True), at(50), taken)
    erased, refused = await live.race(lambda store: store.erase(ID, taken), told(note()))
    assert erased is None
    assert isinstance(refused, UnknownName)


async def test_of_two_that_wait_for_each_other_one_is_done_anew(live: Rivals) -> None:
    met = threading.Barrier(2)
    tries: list[str] = []

    async def lock(store: IncidentStore, *incidents: str) -> None:
        def work(run: Run) -> None:
            tries.append(incidents[0])
            run("was_closed", id=incidents[0])
            with suppress(threading.BrokenBarrierError):
                met.wait(60)
            met.abort()  # whoever comes again waits for nobody
            run("was_closed", id=incidents[1])

        assert isinstance(store, RelationalStore)
        await store._database.atomically(work)

    await asyncio.gather(lock(live.first, ID, OTHER), lock(live.second, OTHER, ID))
    assert len(tries) >= 3  # on a slow machine they may meet again, and are done anew again
    assert set(tries) == {ID, OTHER}


def vetoes(store: IncidentStore) -> Awaitable[None]:
    return store.record_approval(veto())


async def test_a_veto_that_is_being_written_wins_over_the_change_that_begins(live: Rivals) -> None:
    await live.second.announce(permission())
    taken = await leased(live.second, minutes=16)
    said, refused = await live.race(
        vetoes, lambda store: store.begin(sample.proposal(), at(16), taken, None, USE)
    )
    assert said is None
    assert isinstance(refused, Withdrawn)
    assert await live.second.unfinished(ID) == ()


async def test_a_veto_behind_a_change_that_begins_is_told_that_it_is_late(live: Rivals) -> None:
    await live.second.announce(permission())
    taken = await leased(live.second, minutes=16)
    begun, late = await live.race(
        lambda store: store.begin(sample.proposal(), at(16), taken, None, USE), vetoes
    )
    assert begun is True
    assert isinstance(late, ApprovalRefused)
    assert await live.second.approvals(ID) == ()
