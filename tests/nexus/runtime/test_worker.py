"""The worker: takes what is due, lets go of what waits, tries again what breaks, and then people get it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from incidents.errors import SettingsError, StaleLease
from incidents.events import NoteAdded
from incidents.severity import Severity, Status
from nexus.runtime.giving_up import Retries
from nexus.runtime.lease_keeper import HeldLease
from nexus.runtime.turns import PRECEDENCE
from tests.nexus import sample
from tests.nexus.runtime.hands import Hands, until
from tests.nexus.sample import ID, at


async def breaks(lease: HeldLease) -> datetime | None:
    """A turn that breaks off."""
    raise ValueError("token=abc" if lease.tries == 0 else "the graph is broken")


async def waits(lease: HeldLease) -> datetime | None:
    """A turn that waits for ten minutes."""
    return at(10)


async def test_what_waits_holds_nothing_and_is_due_at_its_time() -> None:
    hands = Hands(waits)
    await hands.open()
    await hands.worker.drive(ID)
    assert hands.worker.keeper.held == ()
    assert await hands.store.lease_of(ID) is None
    assert await hands.due() == []
    hands.minutes = 10
    assert await hands.due() == [ID]


async def test_what_somebody_says_meanwhile_makes_it_due_at_once() -> None:
    async def spoken(lease: HeldLease) -> datetime | None:
        note = NoteAdded(id="n", incident=ID, at=at(1), by="Dana", text="look at payment")
        await hands.store.add_event(note)
        return at(10)

    hands = Hands(spoken)
    await hands.open()
    await hands.worker.drive(ID)
    assert await hands.due() == [ID]


async def test_a_turn_that_breaks_off_is_tried_again_after_pauses_that_grow_then_people_get_it() -> None:
    retries = Retries(most=4, first=timedelta(minutes=1), longest=timedelta(minutes=60))
    hands = Hands(breaks, retries=retries)
    await hands.open()
    pauses = []
    for _ in range(3):
        await hands.worker.drive(ID)
        (broken,) = await hands.store.broken_off()
        pauses.append((broken.retry_at - hands.now()) / timedelta(minutes=1))
        assert await hands.due() == []
        hands.minutes += pauses[-1]
        assert await hands.due() == [ID]
    assert pauses == [1, 3, 9]
    assert hands.dropped == []

    await hands.worker.drive(ID)
    incident = await hands.store.load(ID)
    assert incident is not None
    assert incident.status is Status.HANDED_OVER
    assert "broke off 4 times" in incident.end_reason
    assert "ValueError: the graph is broken" in incident.end_reason
    assert list(hands.heard.pages) == ["broken-off"]
    assert incident.end_reason in [entry.text for entry in await hands.store.entries(ID)][-1]
    assert hands.dropped == [ID], "the next turn starts at START, from the row"

    hands.minutes += 60
    assert await hands.due() == [ID], "and is still tried now and then"
    driven = len(hands.opened)
    await hands.worker.drive(ID)
    assert len(hands.opened) == driven + 1
    assert await hands.store.load(ID) == incident, "people are told once"
    assert len(hands.heard.pages) == 1


async def test_a_turn_that_kills_its_process_counts_although_it_never_raises() -> None:
    retries = Retries(most=1, deaths=3)
    hands = Hands(waits, retries=retries)
    await hands.open()
    for _ in range(3):  # a process takes it and is gone
        assert await hands.store.lease(ID, "dead", at(hands.minutes + 0.5), hands.now())
        hands.minutes += 1
    await hands.worker.drive(ID)
    incident = await hands.store.load(ID)
    assert incident is not None
    assert incident.status is Status.HANDED_OVER
    assert "the process that drove it died each time" in incident.end_reason
    assert hands.opened == [], "it was not driven a fourth time"
    assert await hands.due() == []
    hands.minutes += retries.longest / timedelta(minutes=1)
    assert await hands.store.lease(ID, "dead", at(hands.minutes + 0.5), hands.now())  # this one, too, is gone
    hands.minutes += 1
    await hands.worker.drive(ID)
    assert (hands.opened, await hands.due()) == ([], []), "it pauses between any two that it kills"


async def test_what_an_incident_is_played_on_may_break_too_and_secrets_in_the_reason_are_masked() -> None:
    hands = Hands(waits, retries=Retries(most=1))
    hands.fails_to_open = SettingsError("backends.metrics: password=hunter2secret is no address")
    await hands.open()
    await hands.worker.drive(ID)
    incident = await hands.store.load(ID)
    assert incident is not None
    assert "SettingsError: backends.metrics" in incident.end_reason
    assert "hunter2secret" not in incident.end_reason


async def test_one_that_breaks_takes_no_other_with_it() -> None:
    async def mixed(lease: HeldLease) -> datetime | None:
        return await (breaks if lease.incident == ID else waits)(lease)

    hands = Hands(mixed)
    await hands.open(1)
    other = await hands.open(2)
    async with hands.running():
        await until(lambda: len(hands.opened) == 2 and not hands.worker.keeper.held)
    assert [one.incident for one in await hands.store.broken_off()] == [ID]
    assert await hands.store.lease_of(other.id) is None


async def test_who_has_lost_its_lease_changes_nothing_and_counts_nothing() -> None:
    async def overtaken(lease: HeldLease) -> datetime | None:
        await hands.store.give_back(ID, lease.number, None)
        await hands.store.lease(ID, "other", at(60), hands.now())
        raise StaleLease("somebody else has it")

    hands = Hands(overtaken)
    await hands.open()
    await hands.worker.drive(ID)
    lease = await hands.store.lease_of(ID)
    assert lease is not None
    assert (lease.owner, lease.tries) == ("other", 1)
    assert await hands.store.broken_off() == ()
    assert hands.worker.keeper.held == ()


async def never(lease: HeldLease) -> datetime | None:
    await asyncio.Event().wait()
    return None


async def test_one_hand_is_kept_for_what_is_severe() -> None:
    hands = Hands(never, at_once=3)
    for number, severity in enumerate([Severity.P1, Severity.P3, None, Severity.P2], start=1):
        await hands.open(number, severity)
    async with hands.running():
        await until(lambda: len(hands.opened) == 2)
        urgent = await hands.open(9, Severity.P0)
        hands.worker.ring(urgent.id)
        await until(lambda: urgent.id in hands.worker.keeper.held)
        assert len(hands.worker.keeper.held) == 3
    assert len(hands.opened) == 3, "the others wait for a hand"


async def test_another_turn_begins_only_while_the_process_keeps_up() -> None:
    hands = Hands(never, at_once=8, lag=1.0)
    for number in range(1, 4):
        await hands.open(number, Severity.P2)
    async with hands.running():
        await until(lambda: len(hands.opened) == 1)
        urgent = await hands.open(9, Severity.P0)
        hands.worker.ring(urgent.id)
        await until(lambda: urgent.id in hands.worker.keeper.held)
        hands.waited += PRECEDENCE
        looks = hands.looks
        await until(lambda: hands.looks > looks + 5)
        assert len(hands.opened) == 2, "one turn always goes on, and a P0 beside it"
        hands.lag = 0.0
        await until(lambda: len(hands.opened) == 4)


async def test_while_a_p0_is_new_in_a_hand_the_others_rest_and_begin_nothing() -> None:
    async def rests(lease: HeldLease) -> datetime | None:
        mine = hands.opened[-1]
        await until(lambda: mine.control.drain_requested or lease.incident == urgent.id)
        if lease.incident == urgent.id:
            await found.wait()
            return None
        return hands.now()

    found = asyncio.Event()
    urgent = sample.opened("INC-2026-11-23-009")
    hands = Hands(rests)
    await hands.open(1, Severity.P1)
    async with hands.running():
        await until(lambda: len(hands.opened) == 1)
        urgent = await hands.open(9, Severity.P0)
        hands.worker.ring(urgent.id)
        await until(lambda: hands.worker.keeper.held == (urgent.id,))
        assert hands.opened[0].control.drain_requested
        assert not hands.opened[1].control.drain_requested
        looks = hands.looks
        await until(lambda: hands.looks > looks + 5)
        assert await hands.due() == [ID], "it goes on where it was"
        hands.waited += PRECEDENCE
        await until(lambda: len(hands.opened) == 3)
        found.set()


@pytest.mark.parametrize("executes", [False, True])
async def test_a_drain_asks_first_then_cancels_what_resumes_and_never_a_change(executes: bool) -> None:
    ended = asyncio.Event()
    cancelled: list[str] = []

    async def slow(lease: HeldLease) -> datetime | None:
        hands.opened[-1].executes = executes
        try:
            await ended.wait()
        except asyncio.CancelledError:
            cancelled.append(lease.incident)
            raise
        return at(10)

    hands = Hands(slow)
    await hands.open()
    running = asyncio.create_task(hands.worker.run())
    await until(lambda: len(hands.opened) == 1)
    draining = asyncio.create_task(hands.worker.drain())
    await until(lambda: hands.opened[0].control.drain_requested)
    if executes:
        await until(lambda: hands.opened[0].asked > 0)  # it has drained for as long as it may
        assert not draining.done()
        ended.set()
    await draining
    await running
    assert cancelled == ([] if executes else [ID])
    assert await hands.store.lease_of(ID) is None
    assert await hands.due() == ([] if executes else [ID]), "what was cut is due for the next process"
    assert await hands.store.broken_off() == ()


async def test_what_is_waited_for_between_tries_is_cut_short_by_a_person() -> None:
    hands = Hands(breaks)
    await hands.open()
    await hands.worker.drive(ID)
    assert await hands.due() == []
    await hands.store.add_event(NoteAdded(id="n", incident=ID, at=at(1), by="Dana", text="mended"))
    assert await hands.due() == [ID]
