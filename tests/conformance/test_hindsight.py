"""What every store keeps of what people say once it is over: the last word, every version, one winner."""

from datetime import date

import pytest

from incidents.action_items import ActionItem, ItemState
from incidents.errors import UnknownName
from incidents.post_mortem_text import PostMortemText, PostMortemVersion
from incidents.tickets import Making, Ticket
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.leasing import leased
from tests.nexus.sample import ID, at

OTHER = "INC-2026-11-23-002"


def verdict(by: str, judgement: Judgement, minutes: float = 60, incident: str = ID) -> DiagnosisVerdict:
    found = sample.DIAGNOSIS
    return DiagnosisVerdict(
        incident=incident, key=key_of(found), service=found.service, category=found.category,
        change=found.change, confidence=found.confidence, summary=found.summary, engine="playbook",
        judgement=judgement, by=by, person=by.lower(), at=at(minutes),
    )  # fmt: skip


def version(number: int, by: str = "Dana Lee") -> PostMortemVersion:
    text = PostMortemText.of("Checkout failed", sample.REPORT)
    return PostMortemVersion(incident=ID, number=number, by=by, at=at(60 + number), text=text)


def item(number: int, state: ItemState = ItemState.OPEN, incident: str = ID) -> ActionItem:
    return ActionItem(
        id=f"{incident}-T1", incident=incident, action="Test it", owner="backend", due=date(2026, 12, 1),
        state=state, version=number, by="Dana Lee", at=at(60),
    )  # fmt: skip


@pytest.fixture
async def known(store: IncidentStore) -> IncidentStore:
    for identity in (ID, OTHER):
        incident = sample.resolved().evolve(id=identity, closed=True)
        await store.register(incident, WorldRef(kind=WorldKind.CASE, path="c"), at(50))
    return store


async def test_a_person_has_one_word_on_a_diagnosis_and_the_last_one_counts(known: IncidentStore) -> None:
    await known.keep_verdict(verdict("Dana", Judgement.RIGHT))
    await known.keep_verdict(verdict("Kim", Judgement.WRONG, 61))
    await known.keep_verdict(verdict("Dana", Judgement.PARTLY, 62))
    await known.keep_verdict(verdict("Dana", Judgement.RIGHT, 63, OTHER))
    assert [(one.by, one.judgement) for one in await known.verdicts(ID)] == [
        ("Kim", Judgement.WRONG), ("Dana", Judgement.PARTLY),
    ]  # fmt: skip
    assert [one.incident for one in await known.verdicts()] == [ID, ID, OTHER]


async def test_of_two_who_save_the_same_version_one_is_told(known: IncidentStore) -> None:
    assert await known.add_version(version(1))
    assert not await known.add_version(version(1, "Kim"))
    assert await known.add_version(version(2, "Kim"))
    assert [(one.number, one.by) for one in await known.versions(ID)] == [(1, "Dana Lee"), (2, "Kim")]
    assert await known.versions(OTHER) == ()


async def test_an_action_item_is_as_it_was_changed_last(known: IncidentStore) -> None:
    assert await known.change_item(item(1))
    assert not await known.change_item(item(1, ItemState.DROPPED))
    assert await known.change_item(item(2, ItemState.DONE))
    await known.change_item(item(10, ItemState.DOING, OTHER))
    await known.change_item(item(9, ItemState.OPEN, OTHER))
    assert [(one.version, one.state) for one in await known.changed_items(ID)] == [(2, ItemState.DONE)]
    assert [one.version for one in await known.changed_items()] == [2, 10]


async def test_it_goes_with_its_incident_and_belongs_to_one(known: IncidentStore) -> None:
    for lost in (
        known.keep_verdict(verdict("Dana", Judgement.RIGHT, incident="INC-9")),
        known.add_version(version(1).model_copy(update={"incident": "INC-9"})),
        known.change_item(item(1, incident="INC-9")),
    ):
        with pytest.raises(UnknownName, match="INC-9"):
            await lost
    await known.keep_verdict(verdict("Dana", Judgement.RIGHT))
    await known.add_version(version(1))
    await known.change_item(item(1))
    async with leased(known, ID, at(60)) as number:
        await known.erase(ID, number)
        assert (await known.verdicts(), await known.versions(ID), await known.changed_items()) == ((), (), ())
        await known.register(sample.resolved(), WorldRef(kind=WorldKind.CASE, path="c"), at(50))


def ticket(number: int = 0, incident: str = ID) -> Ticket:
    return Ticket(
        item=f"{incident}-T1", incident=incident, tracker="github acme/shop", key="nexus-x", by="Dana Lee",
        asked_at=at(60), making=Making.MADE if number else Making.WANTED, version=number,
    )  # fmt: skip


async def test_of_two_who_claim_a_ticket_one_asks_the_tracker_and_the_last_word_counts(
    known: IncidentStore,
) -> None:
    assert await known.change_ticket(ticket())
    assert await known.change_ticket(ticket(1))
    assert not await known.change_ticket(ticket(1))
    assert await known.change_ticket(ticket(incident=OTHER))
    assert await known.tickets(ID) == (ticket(1),)
    assert [one.incident for one in await known.tickets()] == [ID, OTHER]
    with pytest.raises(UnknownName):
        await known.change_ticket(ticket(incident="INC-2000-01-01-001"))


async def test_tickets_go_with_their_incident(known: IncidentStore) -> None:
    await known.change_ticket(ticket())
    async with leased(known, ID, at(60)) as number:
        await known.erase(ID, number)
    assert await known.tickets(ID) == ()
