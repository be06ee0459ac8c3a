"""Bad days of those who are told: each provider fails in its own way; what was not expected fails a test."""

import asyncio
from datetime import timedelta

import pytest

from incidents.paging import held_by_person
from incidents.severity import Severity, Status
from nexus.notify.destination import Attempt, Outcome
from nexus.notify.loop import DeliveryLoop
from nexus.notify.notice import Notice, Purpose
from nexus.notify.rules import Repeats, Rules
from nexus.notify.setup import Setup
from nexus.store.outbox import DeliveryState, Saying
from nexus.store.records import MessageKind
from tests.nexus.notify.receiver import DROPS, HANGS, TAKES, Behaviour, Receiver
from tests.nexus.notify.telling import BOUNDS, DOWN, REFUSED, SITE, Scripted, Telling, hangs
from tests.nexus.notify.test_webhook import hook
from tests.nexus.sample import ID

QUIET = Rules(repeat=Repeats(every={}))


async def test_a_provider_that_is_down_for_an_hour_gets_the_newest_call_and_no_flood() -> None:
    """P0, said again every five minutes: what it missed meanwhile is said once."""
    chat = Scripted("chat", always=DOWN)
    told = Telling((chat,))
    await told.opens(Severity.P0)
    await told.says("look at it")
    await told.later(3600)
    chat.always = Attempt(outcome=Outcome.ACCEPTED)
    chat.said.clear()
    await told.later(70)
    assert [one.repeat for one in chat.said] == [12], "no sooner than a minute after it is back, and once"
    states = [one.state for one in await told.kept()]
    assert states == [DeliveryState.WITHHELD] * 12 + [DeliveryState.ACCEPTED]


async def test_while_one_way_is_down_the_others_are_told_at_once() -> None:
    chat, mail = Scripted("chat", always=DOWN), Scripted("mail")
    told = Telling((chat, mail), QUIET)
    await told.opens()
    await told.says("look at it")
    await told.goes_on()
    mail.expects("look at it")
    assert {one.destination: one.state for one in await told.kept()} == {
        "chat": DeliveryState.FAILED_FOR_NOW,
        "mail": DeliveryState.ACCEPTED,
    }


async def test_whom_a_route_reaches_nowhere_is_told_on_every_other_way() -> None:
    rules = Rules.model_validate({"routes": [{"to": ["chat"]}], "repeat": {"every": {}}})
    chat, mail = Scripted("chat", always=REFUSED), Scripted("mail")
    told = Telling((chat, mail), rules)
    await told.opens()
    await told.says("look at it")
    await told.goes_on()
    assert [one.text for one in mail.said if one.audience != "admins"] == ["look at it"]
    await told.says("a second thing")
    await told.goes_on()
    assert mail.said[-1].text == "a second thing", "a disabled destination alone is no way at all"
    assert len(chat.said) == 1


async def test_what_is_down_for_a_minute_sends_a_page_elsewhere_too() -> None:
    rules = Rules.model_validate({"routes": [{"to": ["chat"]}], "repeat": {"every": {}}})
    chat, mail = Scripted("chat", always=DOWN), Scripted("mail")
    told = Telling((chat, mail), rules)
    await told.opens()
    await told.says("look at it")
    await told.says("we look", MessageKind.CHANNEL)
    await told.later(60)
    mail.expects("look at it")


async def test_what_nobody_can_be_told_stays_to_be_seen() -> None:
    chat = Scripted("chat", always=REFUSED)
    told = Telling((chat,))
    await told.opens()
    await told.says("look at it")
    await told.goes_on()
    kept = [one for one in await told.kept() if one.content.kind is MessageKind.PAGE]
    assert [one.state for one in kept] == [DeliveryState.FAILED_FOR_GOOD]
    assert [one.destination for one in await told.store.disabled(SITE)] == ["chat"]


async def test_nobody_is_told_again_what_they_acted_on() -> None:
    """Two ways, one of which was down until after Dana had it: there is nothing left to be said there."""
    chat, late = Scripted("chat"), Scripted("late", always=DOWN)
    told = Telling((chat, late))
    incident = await told.opens(Severity.P0)
    await told.says("look at it")
    await told.later(20)
    await told.saves(held_by_person(incident, "Dana Lee", told.clock.now()))
    late.always = Attempt(outcome=Outcome.ACCEPTED)
    late.said.clear()
    await told.later(600)
    chat.expects("look at it", "handled by Dana Lee: has it")
    late.expects()
    kept = {(one.destination, one.saying): one for one in await told.kept()}
    withheld = kept["late", Saying.FIRST]
    assert (withheld.state, withheld.reason) == (DeliveryState.WITHHELD, "handled by Dana Lee: has it")


async def test_an_end_is_said_once_for_all_that_was_said() -> None:
    chat = Scripted("chat")
    told = Telling((chat,), QUIET)
    incident = await told.opens()
    for text in ("look at it", "it is worse", "somebody has to look"):
        await told.says(text)
        await told.later(2)
    ended = {"status": Status.RESOLVED, "ended_at": told.clock.now()}
    await told.saves(incident.model_copy(update=ended))
    await told.later(10)
    assert [one.purpose for one in chat.said[3:]] == [Purpose.RESOLVED]


@pytest.mark.parametrize("kind", [MessageKind.PAGE, MessageKind.CHANNEL])
async def test_killed_between_writing_and_sending_it_is_sent_by_the_next(kind: MessageKind) -> None:
    chat = Scripted("chat")
    told = Telling((chat,), QUIET)
    await told.opens()
    await told.says("look at it", kind)
    await told.loop.look()
    await told.goes_on(told.another())
    assert [(one.text, one.resent) for one in chat.said] == [("look at it", False)]


async def test_killed_between_sending_and_noting_a_page_is_sent_again_and_an_update_is_not() -> None:
    chat = Scripted("chat", always=hangs)
    told = Telling((chat,), QUIET)
    await told.opens()
    await told.says("look at it")
    await told.says("we look", MessageKind.CHANNEL)
    await told.loop.look()
    await told.loop.dispatch()
    await asyncio.sleep(0)
    assert len(chat.said) == 2
    told.loop.abandon()  # its process is gone
    chat.always = Attempt(outcome=Outcome.ACCEPTED)
    other = told.another()
    await told.goes_on(other)
    assert len(chat.said) == 2, "whoever was sending may still live"
    told.clock.advance(timedelta(minutes=1))
    await told.goes_on(other)
    told.clock.advance(timedelta(minutes=1))
    await told.goes_on(other)
    assert [(one.text, one.resent) for one in chat.said[2:]] == [("look at it", True)]
    assert chat.keys[2] == chat.keys[0]
    assert [one.state for one in await told.kept()] == [DeliveryState.ACCEPTED, DeliveryState.UNKNOWN]


async def test_two_processes_send_each_thing_once() -> None:
    chat = Scripted("chat")
    told = Telling((chat,), QUIET)
    await told.opens()
    for number in range(50):
        await told.says(f"line {number}", MessageKind.CHANNEL)
    both = told.loop, told.another()
    for _ in range(30):
        await asyncio.gather(*(one.look() for one in both))
        await asyncio.gather(*(one.dispatch() for one in both))
        await asyncio.gather(*(one.settle_down() for one in both))
    assert sorted(one.text for one in chat.said) == sorted(f"line {number}" for number in range(50))


async def test_who_asks_for_a_minute_has_it_from_every_process_and_for_what_comes_later() -> None:
    busy = Attempt(outcome=Outcome.FAILED_FOR_NOW, reason="429", retry_after=timedelta(seconds=60))
    chat, mail = Scripted("chat", [busy]), Scripted("mail")
    told = Telling((chat, mail), QUIET)
    await told.opens(Severity.P0)
    await told.says("look at it")
    await told.goes_on()
    other = told.another()
    await told.says("it is worse")
    for _ in range(5):
        told.clock.advance(timedelta(seconds=10))
        await told.goes_on(other)
    chat.expects("look at it")
    mail.expects("look at it", "it is worse")
    told.clock.advance(timedelta(seconds=11))
    await told.goes_on(other)
    chat.expects("look at it", "look at it", "it is worse")


async def test_one_that_hangs_holds_up_no_other_and_leaves_a_slot_for_a_page() -> None:
    slow, chat = Scripted("slow"), Scripted("chat")

    async def never_but_pages(notice: Notice) -> Attempt:
        return Attempt(outcome=Outcome.ACCEPTED) if notice.purpose is Purpose.PAGE else await hangs(notice)

    slow.always = never_but_pages
    told = Telling((slow, chat), QUIET, at_once=2)
    await told.opens(Severity.P0)
    for number in range(10):
        await told.says(f"line {number}", MessageKind.CHANNEL)
    for _ in range(20):
        await told.loop.look()
        await told.loop.dispatch()
        await asyncio.sleep(0.01)
    assert len(chat.said) == 10
    assert len(slow.said) == 2
    await told.says("look at it")
    await told.loop.look()
    await told.loop.dispatch()
    await asyncio.sleep(0.05)
    assert [one.text for one in slow.said[2:]] == ["look at it"]
    told.loop.abandon()


class Posted:
    """A loop whose one destination posts to a server of this machine."""

    def __init__(self, receiver: Receiver, limit: str = "5s") -> None:
        self.receiver = receiver
        self.told = Telling((), QUIET)
        opened = hook(receiver.url, limit)
        setup = Setup(BOUNDS, QUIET, {"ours": opened}, None)
        told = self.told
        told.loop = DeliveryLoop(told.store, SITE, lambda: setup, told.clock.now, lambda: 0.5)

    async def page_and_update(self) -> None:
        await self.told.opens()
        await self.told.says("look at it")
        await self.told.says("we look", MessageKind.CHANNEL)

    @property
    def heard(self) -> list[tuple[str, bool]]:
        """What came, with whether it says that it may have come before."""
        return [(one.json["data"]["text"], one.json["data"]["resent"]) for one in self.receiver.taken]


@pytest.mark.parametrize(
    ("how", "heard"),
    [
        # Dropped after the body, and no answer at all: nobody knows, so only the page comes again.
        (DROPS, [("look at it", False), ("we look", False), ("look at it", True)]),
        (HANGS, [("look at it", False), ("we look", False), ("look at it", True)]),
        # An error though it may have been taken: both come again, under their keys.
        (
            Behaviour(status=500),
            [("look at it", False), ("we look", False), ("look at it", False), ("we look", False)],
        ),
    ],
)
async def test_what_may_have_arrived(how: Behaviour, heard: list[tuple[str, bool]]) -> None:
    async with Receiver([how, how]).listening() as receiver:
        posted = Posted(receiver, "1s")
        await posted.page_and_update()
        await posted.told.later(90)
        assert sorted(posted.heard) == sorted(heard)
        keys = [one.key for one in receiver.taken]
        assert len(set(keys)) == 2
        assert all(one.headers["webhook-signature"] for one in receiver.taken)


async def test_a_server_that_wants_to_be_left_alone_is() -> None:
    busy = Behaviour(status=429, headers={"Retry-After": "40"})
    async with Receiver([busy]).listening() as receiver:
        posted = Posted(receiver)
        await posted.told.opens()
        await posted.told.says("look at it")
        await posted.told.goes_on()
        await posted.told.says("it is worse")
        await posted.told.later(38)
        assert len(receiver.taken) == 1, "nothing is sent before"
        await posted.told.later(10)
        assert [text for text, _ in posted.heard[1:]] == ["look at it", "it is worse"]


async def test_a_slow_server_gets_no_more_at_once_than_it_may() -> None:
    async with Receiver(always=Behaviour(wait=0.05)).listening() as receiver:
        posted = Posted(receiver)
        await posted.told.opens()
        for number in range(20):
            await posted.told.says(f"line {number}", MessageKind.CHANNEL)
        await posted.told.goes_on()
        assert len(receiver.taken) == 20
        assert receiver.most_at_once == 8


async def test_whatever_waits_arrives_once_when_it_is_back() -> None:
    async with Receiver(always=TAKES).listening() as receiver:
        down = receiver.port
    posted = Posted(receiver)
    assert receiver.port == down
    await posted.told.opens(Severity.P2)
    for number in range(300):
        await posted.told.says(f"line {number}", MessageKind.CHANNEL)
    await posted.told.later(60)
    tried = [len(one.attempts) for one in await posted.told.kept()]
    assert sum(tried) < 60, "what is down is left alone, however much waits"
    async with receiver.listening():
        await posted.told.later(31)
        assert len(receiver.taken) >= 299
        await posted.told.later(120)
        assert len({one.key for one in receiver.taken}) == len(receiver.taken) == 300
    assert set(await posted.told.states()) == {DeliveryState.ACCEPTED}


async def test_no_secret_is_in_any_attempt() -> None:
    leaking = Behaviour(status=400, body=b'{"error": "Bearer abcdefghijklmnop1234567890 is no whsec_"}')
    async with Receiver(always=leaking).listening() as receiver:
        posted = Posted(receiver)
        await posted.page_and_update()
        await posted.told.goes_on()
    for one in await posted.told.kept():
        said = one.model_dump_json()
        assert one.content.incident == ID
        assert "abcdefghijklmnop" not in said
