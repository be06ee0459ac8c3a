"""One suite for deliveries: each is filed with what becomes of it, all or nothing, one after the other."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from incidents.events import AlertsArrived, Event
from incidents.incident import Incident
from incidents.severity import Status
from nexus.store import WorldKind, WorldRef
from nexus.store.port import IncidentStore
from nexus.store.records import AlertDelivery, Candidates, Decide, Disposition, Filed, Filing, Opening
from tests.conformance.test_leases import leased
from tests.conformance.test_store import saved
from tests.nexus import sample
from tests.nexus.sample import ID, at

SITE = "shop"
WORLD = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")
Found = Incident | None


def delivery(identity: str, minutes: float = 0) -> AlertDelivery:
    return AlertDelivery(
        id=identity, received_at=at(minutes), sender="alertmanager", body=b'{"alerts": []}' * 20
    )


def among(
    *fingerprints: str, services: tuple[str, ...] = (), after: float = -60, site: str = SITE
) -> Candidates:
    return Candidates(
        site=site, fingerprints=frozenset(fingerprints), services=frozenset(services), opened_after=at(after)
    )


def opening(title: str = "opened", minutes: float = 0) -> Decide:
    """Join what was found, else open one."""

    def decide(found: Found, waiting: tuple[Event, ...], new_id: Callable[[], str]) -> Filing:
        if found is not None:
            return Filing(disposition=Disposition.KNOWN)
        fresh = sample.opened(new_id(), minutes).evolve(title=title)
        return Filing(disposition=Disposition.OPENED, opens=Opening(incident=fresh, world=WORLD))

    return decide


def joining(fingerprint: str, minutes: float) -> Decide:
    """Tell what was found of one more alert."""

    def decide(found: Found, waiting: tuple[Event, ...], new_id: Callable[[], str]) -> Filing:
        assert found is not None
        alert = sample.alert().model_copy(update={"fingerprint": fingerprint})
        event = AlertsArrived(id=f"alerts:{fingerprint}", incident=found.id, at=at(minutes), alerts=(alert,))
        return Filing(disposition=Disposition.JOINED, event=event)

    return decide


def ignoring(found: Found, waiting: tuple[Event, ...], new_id: Callable[[], str]) -> Filing:
    return Filing(disposition=Disposition.IGNORED)


async def opened(store: IncidentStore, *, minutes: float = 0) -> str:
    filed = await store.take_in(delivery(f"open at {minutes}", minutes), among(), opening(minutes=minutes))
    assert filed.disposition is Disposition.OPENED
    assert filed.incident is not None
    return filed.incident


async def test_a_delivery_opens_an_incident_that_is_due_at_once(store: IncidentStore) -> None:
    assert await opened(store) == ID
    assert await store.world_of(ID) == WORLD
    assert [one.incident for one in await store.due(at(0), 9, SITE)] == [ID]
    assert await store.deliveries(ID) == (delivery("open at 0"),)


async def test_it_joins_by_fingerprint_and_wakes_the_incident(store: IncidentStore) -> None:
    await opened(store)
    await store.give_back(ID, await leased(store), at(60))
    filed = await store.take_in(delivery("more", 5), among("a1b2c3d4", "x"), joining("x", 5))
    assert filed == Filed(disposition=Disposition.JOINED, incident=ID)
    assert [event.id for event in await store.events(ID)] == ["alerts:x"]
    assert [one.incident for one in await store.due(at(5), 9, SITE)] == [ID]
    again = await store.take_in(delivery("sent again", 6), among("x"), joining("x", 6))
    assert again == Filed(disposition=Disposition.KNOWN, incident=ID)
    assert len(await store.events(ID)) == 1
    assert [one.id for one in await store.deliveries(ID)] == ["open at 0", "more"]


async def test_whoever_decides_sees_what_waits_in_the_inbox(store: IncidentStore) -> None:
    await opened(store)
    await store.take_in(delivery("more", 5), among("a1b2c3d4"), joining("x", 5))
    seen: list[str] = []

    def decide(found: Found, waiting: tuple[Event, ...], new_id: Callable[[], str]) -> Filing:
        seen.extend(event.id for event in waiting)
        return ignoring(found, waiting, new_id)

    assert (await store.take_in(delivery("third", 6), among("x"), decide)).incident == ID
    assert seen == ["alerts:x"]


@pytest.mark.parametrize(
    ("candidates", "finds"),
    [
        (among("a1b2c3d4"), True),
        (among("other"), False),
        (among(services=("checkout",)), True),
        (among(services=("payment", "checkout")), True),
        (among(services=("payment",)), False),
        (among(services=("checkout",), after=0), False),
        (among("a1b2c3d4", after=5), True),
        (among("a1b2c3d4", services=("checkout",), site="elsewhere"), False),
        (among(), False),
    ],
)
async def test_what_belongs_together(store: IncidentStore, candidates: Candidates, finds: bool) -> None:
    await opened(store)
    filed = await store.take_in(delivery("next", 1), candidates, ignoring)
    assert filed == Filed(disposition=Disposition.IGNORED, incident=ID if finds else None)


async def test_the_youngest_is_found_first_and_one_that_has_ended_never(store: IncidentStore) -> None:
    first, second = await opened(store), await opened(store, minutes=5)
    assert (await store.take_in(delivery("a", 6), among("a1b2c3d4"), ignoring)).incident == second
    over = sample.opened(second, 5).evolve(status=Status.RESOLVED)
    await saved(store, over, at(7))
    assert (await store.take_in(delivery("b", 8), among("a1b2c3d4"), ignoring)).incident == first
    await saved(store, over.evolve(status=Status.OPEN), at(9))
    assert (await store.take_in(delivery("c", 9), among(services=("checkout",)), ignoring)).incident == second


async def test_services_are_those_that_triage_found_once_it_has(store: IncidentStore) -> None:
    await opened(store)
    impact = sample.opened().impact.model_copy(update={"services": ("web",)})
    await saved(store, sample.opened().evolve(impact=impact), at(2))
    assert (await store.take_in(delivery("a", 3), among(services=("checkout",)), ignoring)).incident is None
    assert (await store.take_in(delivery("b", 3), among(services=("web",)), ignoring)).incident == ID


async def test_a_delivery_that_was_filed_is_not_decided_again(store: IncidentStore) -> None:
    await opened(store)
    again = await store.take_in(delivery("open at 0"), among(), opening())
    assert again == Filed(disposition=Disposition.KNOWN, incident=ID)
    assert len(await store.page()) == 1


async def test_an_error_takes_everything_back(store: IncidentStore) -> None:
    def breaks(found: Found, waiting: tuple[Event, ...], new_id: Callable[[], str]) -> Filing:
        new_id()
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await store.take_in(delivery("bad"), among(), breaks)
    assert await store.page() == ()
    assert (await store.take_in(delivery("bad"), among(), opening())).incident == ID


async def test_of_many_at_once_that_belong_together_one_opens(stores: Callable[[], IncidentStore]) -> None:
    doors = [stores(), stores()]
    filed = await asyncio.gather(
        *(
            doors[n % 2].take_in(delivery(f"d{n}", n / 60), among("a1b2c3d4"), opening(minutes=n / 60))
            for n in range(20)
        )
    )
    assert sorted(one.disposition for one in filed) == ["known"] * 19 + ["opened"]
    assert len({one.incident for one in filed}) == 1


async def test_deliveries_go_with_their_incident(store: IncidentStore) -> None:
    await opened(store)
    taken = await leased(store)
    await store.save(sample.opened().evolve(status=Status.RESOLVED, closed=True), at(1), taken)
    await store.take_in(delivery("ignored", 1), among(), ignoring)
    await store.erase(ID, taken)
    await store.erase_deliveries(datetime.now(UTC) + timedelta(days=1))
    assert await store.deliveries(ID) == ()
