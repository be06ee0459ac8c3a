"""What every store makes of telling from end to end: two processes, one that dies, and nothing twice."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from incidents.severity import Severity
from nexus.notify.destination import Attempt, Outcome
from nexus.notify.loop import DeliveryLoop
from nexus.notify.rules import Repeats, Rules
from nexus.store.outbox import DeliveryState
from nexus.store.port import IncidentStore
from nexus.store.records import MessageKind
from tests.nexus.notify.telling import Scripted, Telling, hangs

QUIET = Rules(repeat=Repeats(every={}))


def told_by_two(
    stores: Callable[[], IncidentStore], *destinations: Scripted
) -> tuple[Telling, DeliveryLoop, DeliveryLoop]:
    """One site, and the loops of two processes, each with a connection of its own."""
    one, other = (Telling(destinations, QUIET, store=stores()) for _ in range(2))
    other.clock = one.clock
    return one, one.another(), other.another()


async def test_two_processes_send_each_thing_once_and_a_page_before_the_rest(
    stores: Callable[[], IncidentStore],
) -> None:
    chat = Scripted("chat")
    told, *both = told_by_two(stores, chat)
    await told.opens(Severity.P0)
    lines = [f"line {number}" for number in range(40)]
    for line in lines:
        await told.says(line, MessageKind.CHANNEL)
    await told.says("look at it")
    for _ in range(30):
        await asyncio.gather(*(one.look() for one in both))
        await asyncio.gather(*(one.dispatch() for one in both))
        await asyncio.gather(*(one.settle_down() for one in both))
    said = [one.text for one in chat.said]
    assert sorted(said) == sorted([*lines, "look at it"])
    assert said.index("look at it") < 8, "of those that are begun at once it is among the first"
    assert set(await told.states()) == {DeliveryState.ACCEPTED}


async def test_killed_between_sending_and_noting_a_page_comes_again_as_such_and_a_line_does_not(
    stores: Callable[[], IncidentStore],
) -> None:
    chat = Scripted("chat", always=hangs)
    told, dies, lives = told_by_two(stores, chat)
    await told.opens(Severity.P0)
    await told.says("look at it")
    await told.says("we look", MessageKind.CHANNEL)
    await dies.look()
    await dies.dispatch()
    while len(chat.said) < 2:  # noqa: ASYNC110 - tasks of the loop
        await asyncio.sleep(0.01)
    dies.abandon()
    chat.always = Attempt(outcome=Outcome.ACCEPTED)
    await told.goes_on(lives)
    assert len(chat.said) == 2, "whoever was sending may still live"
    for _ in range(2):
        told.clock.advance(timedelta(minutes=1))
        await told.goes_on(lives)
    assert [(one.text, one.resent) for one in chat.said[2:]] == [("look at it", True)]
    assert chat.keys[2] in chat.keys[:2]
    states = {one.content.text: one.state for one in await told.kept()}
    assert states == {"look at it": DeliveryState.ACCEPTED, "we look": DeliveryState.UNKNOWN}
