"""One suite for what becomes of closed incidents."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.action import Outcome, Proposal
from incidents.errors import Refused, StaleLease, UnknownName
from incidents.events import DecisionMade
from incidents.incident import Incident
from nexus.store.port import IncidentStore
from nexus.store.records import Message, MessageKind
from tests.conformance.test_leases import leased, number
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.leasing import begun, saved
from tests.nexus.sample import ID, at

#: Moments of the wall: what is closed in a test is closed between them.
LONG_AGO, SOON = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1)


def closed(identity: str = ID) -> Incident:
    return sample.resolved().model_copy(update={"id": identity, "closed": True})


def proposed(identity: str = ID) -> Proposal:
    return sample.proposal(incident=identity, digest=identity[-1] * 64)


async def lived(store: IncidentStore, identity: str = ID) -> None:
    """A closed incident with a row in every table."""
    await store.register(sample.opened(identity), WORLD, at(0))
    await store.write(sample.ENTRIES[0].model_copy(update={"incident": identity}))
    await store.put(sample.evidence(incident=identity), b"body" * 1000)
    proposal = proposed(identity)
    approval = sample.approval(digest=proposal.digest)
    decided = DecisionMade(id=f"{identity}:d", incident=identity, at=at(13), approval=approval)
    await store.record_approval(decided)
    await store.mark_handled((decided.id,))
    await begun(store, proposal, at(15))
    await store.finish(proposal.execution_key, Outcome(done=True, detail="done", at=at(16)))
    await store.add_tasks(identity, sample.TASKS[:1])
    message = Message(incident=identity, kind=MessageKind.PAGE, key="k", at=at(0), title="", text="x")
    await store.send(message)
    taken = await leased(store, identity)
    await store.save(closed(identity), at(50), taken)
    await store.give_back(identity, taken, None)


async def test_what_is_closed_is_listed_by_the_wall_and_not_by_its_own_clock(store: IncidentStore) -> None:
    await lived(store)
    await store.register(sample.opened(number(2)), WORLD, at(0))
    assert await store.closed(LONG_AGO) == ()
    (kept,) = await store.closed(SOON)
    assert (kept.incident, kept.title, kept.rows, kept.tasks) == (ID, sample.opened().title, 8, 1)
    assert LONG_AGO < kept.closed_at < SOON


async def test_an_incident_that_is_opened_again_is_closed_anew(store: IncidentStore) -> None:
    await lived(store)
    await saved(store, closed().model_copy(update={"closed": False}), at(60))
    assert await store.closed(SOON) == ()
    await saved(store, closed(), at(70))
    assert [kept.incident for kept in await store.closed(SOON)] == [ID]


async def test_erasing_takes_everything_of_one_and_nothing_of_another(store: IncidentStore) -> None:
    await lived(store)
    await lived(store, number(2))
    taken = await leased(store)
    await store.erase(ID, taken)
    await store.compact()
    assert await store.load(ID) is None
    assert [line.id for line in await store.page()] == [number(2)]
    for left in (
        await store.entries(ID), await store.events(ID, unhandled_only=False), await store.evidence(ID),
        await store.approvals(ID), await store.backlog(ID), await store.messages(ID),
    ):  # fmt: skip
        assert left == ()
    assert await store.body(ID, sample.evidence().id) is None
    assert await store.finished(proposed().execution_key) is None
    assert await store.body(number(2), sample.evidence().id) == b"body" * 1000
    assert len(await store.backlog()) == 1
    with pytest.raises(UnknownName):
        await store.erase(ID, taken)


async def test_only_the_holder_of_a_closed_incident_erases_it(store: IncidentStore) -> None:
    await lived(store)
    with pytest.raises(StaleLease):
        await store.erase(ID, 1)
    await store.register(sample.opened(number(2)), WORLD, at(0))
    with pytest.raises(Refused, match=f"{number(2)} is not closed"):
        await store.erase(number(2), await leased(store, number(2)))
    assert len(await store.page()) == 2
