"""One suite for waiting as rows: who is due, who drives it, and what a lost lease may still do."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.errors import StaleLease, UnknownName
from incidents.events import NoteAdded, Reopened, TimerFired
from incidents.severity import Severity, Status
from nexus.store.fence import FencedIntents
from nexus.store.lists import IncidentFilter
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.records import Due, WorldKind, WorldRef
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.sample import ID, at

LIVE = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")
SITE = "shop"
NOBODY = "INC-2026-11-23-010"


def number(count: int) -> str:
    """The id of the n-th incident of the day."""
    return f"INC-2026-11-23-{count:03d}"


async def opened(store: IncidentStore, *severities: Severity | None, minutes: float = 0) -> None:
    """Live incidents 001, 002, ... of these severities, each a second younger than the one before."""
    for count, severity in enumerate(severities, start=1):
        incident = sample.opened(number(count), minutes + count / 60).evolve(severity=severity)
        await store.register(incident, LIVE, at(minutes), SITE)


async def due(store: IncidentStore, now: datetime, site: str = SITE) -> list[str]:
    return [one.incident for one in await store.due(now, 100, site)]


async def leased(store: IncidentStore, incident: str = ID, minutes: float = 0) -> int:
    taken = await store.lease(incident, "me", at(minutes + 0.5), at(minutes))
    assert taken is not None
    return taken


def note(identity: str = "n1", minutes: float = 5, incident: str = ID) -> NoteAdded:
    return NoteAdded(id=identity, incident=incident, at=at(minutes), by="Dana", text="look at payment")


async def test_what_is_due_comes_by_severity_and_then_by_age(store: IncidentStore) -> None:
    await opened(store, Severity.P3, None, Severity.P1, Severity.P0, Severity.P2, Severity.P1, None)
    order = await store.due(at(1), 100, SITE)
    assert [one.severity for one in order] == ["P0", "P1", "P1", None, None, "P2", "P3"]
    assert [one.incident for one in order] == [number(n) for n in (4, 3, 6, 2, 7, 5, 1)]
    assert [one.incident for one in await store.due(at(1), 2, SITE)] == [number(4), number(3)]
    assert (order[0].wake_at, order[0].tries) == (at(0), 0)


async def test_what_has_been_due_for_longest_is_told_while_nobody_drives_it(store: IncidentStore) -> None:
    assert await store.due_since(at(900), SITE) is None
    await opened(store, None, Severity.P0, minutes=2)
    assert await store.due_since(at(1), SITE) is None
    assert await store.due_since(at(900), "other") is None
    assert await store.due_since(at(3), SITE) == at(2)
    await store.give_back(ID, await leased(store, ID, 3), at(7))
    assert await store.due_since(at(8), SITE) == at(2), "the other one"
    await leased(store, number(2), 8)
    assert await store.due_since(at(8), SITE) == at(7)
    assert await store.oldest_due(at(8)) == {SITE: at(7)}


async def test_a_site_sees_its_own_and_a_recorded_incident_is_never_due(store: IncidentStore) -> None:
    await opened(store, None)
    await store.register(sample.opened(number(2)), WORLD, at(0))
    assert await due(store, at(900)) == [ID]
    assert await due(store, at(900), "other") == []
    taken = await leased(store, number(2))
    await store.add_event(note(incident=number(2)))
    assert await store.give_back(number(2), taken, at(1))
    assert await due(store, at(900)) == [ID]


async def test_nothing_is_due_before_its_time(store: IncidentStore) -> None:
    await opened(store, None)
    assert await store.give_back(ID, await leased(store), at(15))
    assert await due(store, at(14.99)) == []
    assert await due(store, at(15)) == [ID]


async def test_one_holds_it_until_the_lease_runs_out(store: IncidentStore) -> None:
    await opened(store, None)
    first = await leased(store)
    assert await due(store, at(0.4)) == []
    assert await store.lease(ID, "other", at(1), at(0.4)) is None
    held = await store.lease_of(ID)
    assert held is not None
    assert (held.owner, held.number, held.until, held.tries) == ("me", first, at(0.5), 1)
    assert store.renew(ID, first, at(2))
    assert await store.lease(ID, "other", at(3), at(1)) is None
    second = await store.lease(ID, "other", at(3), at(2))
    assert second is not None
    assert second > first
    assert not store.renew(ID, first, at(9))
    assert not await store.give_back(ID, first, at(9))
    assert not await store.fail(ID, first, at(9))
    held = await store.lease_of(ID)
    assert held is not None
    assert (held.owner, held.until, held.tries) == ("other", at(3), 2)


async def test_tries_count_with_the_lease_until_a_turn_ends_in_order(
    store: IncidentStore,
) -> None:
    await opened(store, None)
    for tries in (1, 2):
        taken = await leased(store, minutes=tries)
        assert await store.fail(ID, taken, at(tries + 0.5))
        assert await due(store, at(tries + 0.4)) == []
        assert [one.tries for one in await store.due(at(tries + 0.5), 1, SITE)] == [tries]
    assert await store.lease_of(ID) is None
    assert await store.give_back(ID, await leased(store, minutes=5), at(6))
    assert [one.tries for one in await store.due(at(6), 1, SITE)] == [0]


async def test_an_event_wakes_whoever_waits_and_what_is_driven_comes_again(store: IncidentStore) -> None:
    await opened(store, None)
    assert await store.give_back(ID, await leased(store), at(60))
    assert await due(store, at(5)) == []
    await store.add_event(note(minutes=5))
    assert await due(store, at(5)) == [ID]
    taken = await leased(store, minutes=5)
    await store.mark_handled(("n1",))
    await store.record_approval(sample.decision("d1"))
    assert await store.give_back(ID, taken, at(60))
    assert await due(store, at(6)) == [ID]
    taken = await leased(store, minutes=6)
    await store.mark_handled(("d1",))
    assert await store.give_back(ID, taken, at(60))
    assert await due(store, at(59)) == []


async def test_what_waits_for_people_alone_is_woken_by_them_alone(store: IncidentStore) -> None:
    await opened(store, None)
    assert await store.give_back(ID, await leased(store), None)
    assert await due(store, at(10_000)) == []
    await store.add_event(note(minutes=9_000))
    assert await due(store, at(9_000)) == [ID]


async def test_a_person_ends_the_pause_after_a_failure_and_a_timer_does_not(store: IncidentStore) -> None:
    await opened(store, None)
    assert await store.fail(ID, await leased(store), at(30))
    await store.add_event(TimerFired(id="t1", incident=ID, at=at(2)))
    assert await due(store, at(2)) == []
    await store.add_event(note(minutes=3))
    assert await due(store, at(3)) == [ID]


async def test_a_stale_number_saves_nothing_and_begins_nothing(store: IncidentStore) -> None:
    await opened(store, None)
    first = await leased(store)
    await store.save(sample.waiting(), at(1), first)
    second = await leased(store, minutes=1)
    for lost in (first, second + 1):
        with pytest.raises(StaleLease, match=f"{lost} of {ID}"):
            await store.save(sample.resolved(), at(2), lost)
        with pytest.raises(StaleLease, match="nothing was changed"):
            await FencedIntents(store, lost).begin(sample.proposal(), at(2))
    assert await store.load(ID) == sample.waiting()
    assert await store.unfinished(ID) == ()
    assert await FencedIntents(store, second).begin(sample.proposal(), at(2))
    assert await store.give_back(ID, second, at(60))
    with pytest.raises(StaleLease):
        await store.save(sample.resolved(), at(2), second)
    with pytest.raises(StaleLease):
        await FencedIntents(store, second).begin(sample.proposal(), at(2))


async def test_the_save_that_closes_takes_the_late_events_with_it(store: IncidentStore) -> None:
    await opened(store, None)
    taken = await leased(store)
    early, late = note("early", 1), note("late", 2)
    await store.add_event(early)
    await store.add_event(late)
    closed = sample.opened().evolve(status=Status.RESOLVED, closed=True, handled_events=("early",))
    assert await store.save(closed, at(3), taken) == (late,)
    assert await store.events(ID) == ()
    assert await store.save(closed, at(4), taken) == ()
    await store.add_event(note("after", 5))
    assert [one.id for one in await store.events(ID)] == ["after"]
    assert await store.give_back(ID, taken, at(6))
    assert await due(store, at(900)) == []


async def test_a_turn_that_comes_further_takes_back_the_tries_before_it(store: IncidentStore) -> None:
    await opened(store, None)
    for minutes in range(3):
        assert await store.fail(ID, await leased(store, minutes=minutes), at(minutes))
    taken = await leased(store, minutes=3)
    await store.progressed(ID, taken - 1)  # whoever has lost the lease changes nothing
    assert await tries(store) == 4
    await store.progressed(ID, taken)
    assert await tries(store) == 1


async def tries(store: IncidentStore) -> int:
    lease = await store.lease_of(ID)
    assert lease is not None
    return lease.tries


async def test_what_broke_off_is_listed_until_a_turn_ends_in_order(store: IncidentStore) -> None:
    await opened(store, None, None)
    assert await store.broken_off() == ()
    for minutes in range(2):
        await store.fail(ID, await leased(store, minutes=minutes), at(minutes + 1))
    (broken,) = await store.broken_off()
    assert (broken.incident, broken.tries, broken.retry_at) == (ID, 2, at(2))
    taken = await leased(store, minutes=3)
    assert await store.broken_off() != (), "while it is tried again"
    await store.give_back(ID, taken, None)
    assert await store.broken_off() == ()


async def test_who_asks_wakes_what_waits_or_pauses_and_nothing_else(store: IncidentStore) -> None:
    await opened(store, None, None)
    await store.give_back(ID, await leased(store), None)
    await store.fail(number(2), await leased(store, number(2)), at(500))
    assert await due(store, at(1)) == []
    assert await store.wake(ID, at(2))
    assert await store.wake(number(2), at(2))
    assert await due(store, at(2)) == [ID, number(2)]
    closed = sample.opened().evolve(status=Status.RESOLVED, closed=True)
    await store.save(closed, at(3), await leased(store, minutes=3))
    assert not await store.wake(ID, at(4))


async def test_what_is_reopened_is_due_again_even_in_the_moment_of_its_end(
    store: IncidentStore,
) -> None:
    await opened(store, None)
    ended = sample.opened().evolve(status=Status.RESOLVED)
    closed = ended.evolve(closed=True)
    taken = await leased(store)
    await store.save(closed, at(2), taken)
    assert await store.give_back(ID, taken, None)
    assert await store.page(IncidentFilter(not_closed=True)) == ()
    await store.add_event(Reopened(id="r1", incident=ID, at=at(3), by="Dana", note="it is back"))
    assert [one.id for one in await store.page(IncidentFilter(not_closed=True))] == [ID]
    assert await due(store, at(3)) == [ID]
    found = await store.load(ID)
    assert found == ended
    again = await leased(store, minutes=4)
    heard = ended.evolve(handled_events=("r1",))
    await store.save(heard, at(4), again)
    await store.mark_handled(("r1",))
    await store.add_event(Reopened(id="r2", incident=ID, at=at(5), by="Dana", note="and again"))
    assert await store.save(heard.evolve(closed=True), at(5), again) == ()
    assert await store.give_back(ID, again, None)
    assert await due(store, at(6)) == [ID]
    assert [one.id for one in await store.events(ID)] == ["r2"]


async def test_one_look_at_many_inboxes(store: IncidentStore) -> None:
    await opened(store, None, None, None)
    for count in (3, 1, 2):
        await store.add_event(note(f"n{count}", count, number(count)))
    await store.mark_handled(("n2",))
    await store.add_event(TimerFired(id="t", incident=number(1), at=at(4)))  # waits for the running step
    seen = await store.unhandled({number(1), number(2), number(3)})
    assert [event.id for event in seen] == ["n3", "n1"]
    assert [event.id for event in await store.unhandled([number(1), NOBODY])] == ["n1"]
    assert await store.unhandled([]) == ()


async def test_a_write_moves_the_number_and_a_look_does_not(store: IncidentStore) -> None:
    await opened(store, None)
    before = await store.changed()
    await store.events(ID)
    await store.due(at(1), 10, SITE)
    assert await store.changed() == before
    await store.add_event(note())
    assert await store.changed() > before


async def test_a_lease_of_an_unknown_incident_is_refused_with_the_nearest_id(store: IncidentStore) -> None:
    await opened(store, None)
    with pytest.raises(UnknownName, match=f"did you mean {ID}"):
        await store.lease(NOBODY, "me", at(1), at(0))
    with pytest.raises(UnknownName, match=f"did you mean {ID}"):
        await store.lease_of(NOBODY)


async def test_of_two_that_reach_for_the_same_incidents_each_is_got_by_one(
    stores: Callable[[], IncidentStore],
) -> None:
    one, other = stores(), stores()
    await opened(one, *[None] * 25)
    now, until = at(1), at(2)

    async def reach(store: IncidentStore, owner: str, order: Sequence[Due]) -> list[str]:
        taken = [(due.incident, await store.lease(due.incident, owner, until, now)) for due in order]
        return [incident for incident, number in taken if number is not None]

    waiting = await one.due(now, 25, SITE)
    assert len(waiting) == 25
    first, second = await asyncio.gather(reach(one, "one", waiting), reach(other, "other", waiting[::-1]))
    assert sorted(first + second) == sorted(due.incident for due in waiting)
    assert await one.due(now, 25, SITE) == await other.due(now, 25, SITE) == ()


async def test_a_lease_that_another_connection_took_over_is_seen_at_once(
    stores: Callable[[], IncidentStore],
) -> None:
    stopped, living = stores(), stores()
    await opened(stopped, None)
    first = await leased(stopped)
    looked = await stopped.changed()
    second = await living.lease(ID, "other", at(3), at(1))
    assert second == first + 1
    assert await stopped.changed() > looked
    assert not stopped.renew(ID, first, at(9))
    with pytest.raises(StaleLease):
        await stopped.save(sample.waiting(), at(1), first)
    await living.save(sample.waiting(), at(1), second)
    await living.add_event(note())
    assert [event.id for event in await stopped.unhandled([ID])] == ["n1"]
    assert await stopped.load(ID) == sample.waiting()


@pytest.mark.parametrize(
    "stores", ["sqlite", "memory"], indirect=True
)  # who asks without threads drives nothing
def test_a_lease_is_renewed_from_a_thread_while_the_loop_is_busy(store: IncidentStore) -> None:
    async def busy() -> bool:
        await opened(store, None)
        taken = await leased(store)
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(store.renew, ID, taken, at(5)).result()  # the loop stands still meanwhile

    assert asyncio.run(busy())
    held = asyncio.run(store.lease_of(ID))
    assert held is not None
    assert held.until == at(5)


#: What a worker, a person or a clock may do next: which, after how many minutes, with which lease.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["lease", "renew", "give back", "fail", "event", "handle", "save"]),
        st.integers(0, 3),
        st.integers(1, 4),
    ),
    max_size=25,
)


async def done(store: IncidentStore, incident: str, step: tuple[str, int, int], now: float) -> object:
    """What a store answers to a step; a lost lease is an answer, too."""
    what, minutes, number = step
    match what:
        case "lease":
            return await store.lease(incident, "me", at(now + 2), at(now))
        case "renew":
            return store.renew(incident, number, at(now + 2))
        case "give back":
            return await store.give_back(incident, number, at(now + minutes))
        case "fail":
            return await store.fail(incident, number, at(now + minutes))
        case "event":
            return await store.add_event(note(f"{incident}:{now}", now, incident))
        case "handle":
            handled = tuple(event.id for event in await store.events(incident))
            await store.mark_handled(handled)
            return handled
        case _:
            return await store.save(sample.opened(incident), at(now), number)


@given(steps=STEPS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_the_store_answers_as_its_twin_and_hands_nothing_out_twice(
    store: IncidentStore, steps: list[tuple[str, int, int]]
) -> None:
    async def answers(asked: IncidentStore, incident: str) -> list[object]:
        await asked.register(sample.opened(incident), LIVE, at(0), incident)
        now, given_out, told = 0.0, 0, list[object]()
        for step in steps:
            now += step[1]
            try:
                told.append(await done(asked, incident, step, now))
            except StaleLease as error:
                told.append(str(error))
            if step[0] == "lease" and isinstance(told[-1], int):
                assert told[-1] == given_out + 1
                given_out += 1
            waiting = await asked.due(at(now), 9, incident)
            held = await asked.lease_of(incident)
            assert not (waiting and held is not None and held.until > at(now))
            told.extend((waiting, held and (held.number, held.until, held.tries)))
        return told

    async def both() -> None:
        incident = await store.next_id(date(2026, 11, 23))
        assert await answers(store, incident) == await answers(MemoryStore(), incident)

    asyncio.run(both())
