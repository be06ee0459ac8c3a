"""What the delivery loop does with what is said, on a clock that stands until it is moved."""

import asyncio
from collections.abc import Sequence

from incidents.communications import decision_key
from incidents.language import Language
from incidents.paging import held_by_person
from incidents.severity import Severity, Status
from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.notice import Purpose
from nexus.store.outbox import DeliveryState
from nexus.store.records import MessageKind
from tests.nexus.notify.telling import DOWN, LOST, REFUSED, SITE, Scripted, Telling, outcomes, throws
from tests.nexus.sample import ID, at
from tests.nexus.sample import proposal as proposed


async def test_without_routes_everything_goes_everywhere_that_carries_it() -> None:
    chat, phone = Scripted("chat"), Scripted("phone", carries=frozenset({Purpose.PAGE, Purpose.HANDLED}))
    told = Telling((chat, phone))
    await told.opens()
    await told.says("look at it")
    await told.says("we look", MessageKind.CHANNEL)
    await told.goes_on()
    chat.expects("look at it", "we look")
    phone.expects("look at it")
    assert set(await told.states()) == {DeliveryState.ACCEPTED}
    (page, _) = chat.said
    assert (page.purpose, page.severity, page.link) == (
        Purpose.PAGE,
        Severity.P1,
        f"https://nexus.example/incidents/{ID}",
    )


async def test_a_page_says_who_is_on_duty_for_its_services_and_a_line_of_the_channel_does_not() -> None:
    async def on_duty(services: Sequence[str], _language: Language) -> str:
        return f"Kim for {', '.join(services)}"

    chat = Scripted("chat")
    told = Telling((chat,), on_duty=on_duty)
    incident = await told.opens()
    await told.says("look at it")
    await told.says("we look", MessageKind.CHANNEL)
    await told.goes_on()
    assert [one.facts.on_duty for one in chat.said] == [f"Kim for {', '.join(incident.services)}", None]


async def test_what_cannot_be_reached_is_tried_again_until_it_arrives() -> None:
    chat = Scripted("chat", [DOWN, DOWN])
    told = Telling((chat,))
    await told.opens()
    await told.says("look at it")
    await told.goes_on()
    assert await told.states() == [DeliveryState.FAILED_FOR_NOW]
    await told.later(30)
    (kept,) = await told.kept()
    assert outcomes(kept) == ["failed_for_now", "failed_for_now", "accepted"]
    assert len(set(chat.keys)) == 1


async def test_a_page_that_may_have_arrived_is_sent_again_under_its_key_and_an_update_is_not() -> None:
    chat = Scripted("chat", [LOST, LOST])
    told = Telling((chat,))
    await told.opens()
    await told.says("look at it")
    await told.goes_on()
    await told.says("Investigating", MessageKind.CHANNEL)
    await told.later(60)
    assert [(one.text, one.resent) for one in chat.said] == [
        ("look at it", False),
        ("Investigating", False),
        ("look at it", True),
    ]
    assert chat.keys[0] == chat.keys[2]
    assert await told.states() == [DeliveryState.ACCEPTED, DeliveryState.UNKNOWN]


async def test_one_that_throws_takes_nothing_else_with_it() -> None:
    broken, chat = Scripted("broken", always=throws), Scripted("chat")
    told = Telling((broken, chat))
    await told.opens()
    await told.says("look at it")
    await told.goes_on()
    chat.expects("look at it")
    kept = {one.destination: one for one in await told.kept()}
    assert kept["broken"].reason == "it broke: RuntimeError"


async def test_a_refused_credential_disables_and_an_admin_is_told_another_way() -> None:
    chat, phone = Scripted("chat", always=REFUSED), Scripted("phone")
    told = Telling((chat, phone))
    await told.opens()
    await told.says("look at it")
    await told.goes_on()
    await told.goes_on()
    assert [one.destination for one in await told.store.disabled(SITE)] == ["chat"]
    assert len(chat.said) == 1
    assert phone.said[1].text.startswith("Nothing is sent to chat any more: it answered 401.")
    await told.store.enable(SITE, "chat")
    chat.always = Attempt(outcome=Outcome.ACCEPTED)
    await told.says("still")
    await told.goes_on()
    assert "still" in [one.text for one in chat.said]


async def test_it_is_said_again_until_somebody_has_it_and_then_edited_where_that_is_possible() -> None:
    chat = Scripted("chat", can=frozenset({Can.EDIT}))
    chat.always = Attempt(outcome=Outcome.ACCEPTED, reference="ts-1")
    phone = Scripted("phone")
    told = Telling((chat, phone))
    incident = await told.opens(Severity.P0)
    await told.says("look at it")
    await told.later(700)
    assert [one.repeat for one in phone.said] == [0, 1, 2]
    assert len(set(phone.keys)) == 3
    held = held_by_person(incident, "Dana Lee", told.clock.now())
    await told.saves(held)
    await told.later(1000)
    assert [one.text for one in phone.said[3:]] == ["handled by Dana Lee: has it"]
    assert [(reference, one.purpose) for reference, one in chat.edited] == [("ts-1", Purpose.HANDLED)]
    await told.saves(held.model_copy(update={"status": Status.RESOLVED, "ended_at": told.clock.now()}))
    await told.later(5)
    assert phone.said[-1].purpose is Purpose.RESOLVED
    assert await told.store.asking(SITE) == ()


async def test_what_is_to_be_decided_brings_the_change_and_where_it_may_be_answered() -> None:
    for needed, by_chat, by_button in ((1, True, True), (2, True, False), (1, False, False)):
        chat = Scripted("chat")
        told = Telling((chat,), chat=by_chat)
        opened = await told.opens()
        proposal = proposed(approvers_needed=needed, expires_at=at(10_000))
        await told.saves(opened.evolve(proposals=(proposal,)))
        await told.says("roll back?", key=decision_key(proposal.id))
        await told.goes_on()
        asked = chat.said[0].asked
        assert asked is not None
        assert (asked.action, asked.digest, asked.by_button) == ("A1", proposal.digest, by_button)
        assert asked.page == f"https://nexus.example/incidents/{ID}/decisions/A1"


async def test_p0_is_first_behind_two_thousand() -> None:
    chat = Scripted("chat")
    told = Telling((chat,))
    await told.opens(Severity.P3)
    other = await told.opens(Severity.P0, "INC-2026-11-23-002")
    for number in range(2000):
        await told.says(f"line {number}", MessageKind.CHANNEL)
    await told.loop.look()
    await told.says("look at it", incident=other.id)
    await told.goes_on()
    assert chat.said[0].text == "look at it"
    assert len(chat.said) == 2001


async def test_a_page_for_a_decision_waits_for_the_incident_that_holds_what_is_to_be_decided() -> None:
    chat = Scripted("chat")
    told = Telling((chat,))
    incident = await told.opens()
    await told.says("decide", key=decision_key("A1"))
    going = asyncio.create_task(told.goes_on())
    for _ in range(20):  # it has looked, and found nothing to decide on
        await asyncio.sleep(0)
    assert chat.said == []
    await told.saves(incident.evolve(proposals=(proposed(),)))
    await going
    (page,) = chat.said
    assert (page.purpose, page.facts.decision) == (Purpose.DECISION, proposed().action.title)


async def test_a_page_for_a_decision_that_is_nowhere_is_said_all_the_same() -> None:
    chat = Scripted("chat")
    told = Telling((chat,))
    await told.opens()
    await told.says("decide", key=decision_key("A1"))
    await told.goes_on()
    chat.expects("decide")
