"""What is held back is said as one, and says so."""

from incidents.severity import Severity
from nexus.notify.rules import Repeats, Rules
from nexus.store.outbox import DeliveryState
from nexus.store.records import MessageKind
from tests.nexus.notify.telling import DOWN, TAKEN, Scripted, Telling


async def test_lines_of_the_channel_are_collected_and_a_page_is_not() -> None:
    chat = Scripted("chat")
    told = Telling((chat,), Rules.model_validate({"bundle": "1m", "repeat": {"every": {}}}))
    await told.opens()
    for text in ("we look", "it is the database", "it is restarted"):
        await told.says(text, MessageKind.CHANNEL)
        await told.later(10)
    await told.says("look at it")
    await told.goes_on()
    chat.expects("look at it")
    waits = [one.reason for one in await told.kept() if one.state is DeliveryState.QUEUED]
    assert waits == ["held back for a while, to be said as one with what comes meanwhile"] * 3
    await told.later(40)
    assert chat.said[1].text == (
        "3 messages since 2026-11-23 02:58 UTC, held back until now:\n"
        "- we look\n- it is the database\n- it is restarted"
    )
    assert len(chat.said) == 2
    assert set(await told.states()) == {DeliveryState.ACCEPTED}


async def test_beyond_so_many_a_minute_what_wakes_nobody_is_held_back_and_said_as_one() -> None:
    chat = Scripted("chat")
    told = Telling((chat,), Rules(repeat=Repeats(every={})), per_minute=2)
    await told.opens()
    for number in range(10):
        await told.says(f"line {number}", MessageKind.CHANNEL)
        await told.goes_on()
    assert [one.text for one in chat.said] == ["line 0", "line 1"]
    await told.says("look at it")
    await told.goes_on()
    assert chat.said[-1].text == "look at it"
    await told.later(61)
    assert chat.said[-1].text.startswith("8 messages since ")
    assert len(chat.said) == 4


async def test_of_updates_that_wait_only_the_newest_is_sent() -> None:
    page = Scripted("page", always=DOWN)
    told = Telling((page,), Rules(repeat=Repeats(every={})))
    await told.opens(Severity.P2)
    for text in ("Investigating", "Identified", "Monitoring"):
        await told.says(text, MessageKind.UPDATE)
        await told.later(5)
    page.always = TAKEN
    page.said.clear()
    await told.later(180)
    assert [one.text for one in page.said] == ["Monitoring"]
    older = [one for one in await told.kept() if one.state is DeliveryState.WITHHELD]
    assert {one.reason for one in older} == {"a newer one is sent instead"}
