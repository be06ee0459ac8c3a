"""What every store keeps of restrictions: one for each incident, and it goes with the incident."""

import pytest

from incidents.errors import UnknownName
from incidents.restriction import Restriction, Sensitive
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tests.conformance.test_leases import leased
from tests.conformance.test_retention import lived
from tests.nexus import sample
from tests.nexus.sample import ID, at

WORLD = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")


def restriction(incident: str = ID, *people: str) -> Restriction:
    return Restriction(incident=incident, why=Sensitive.BREACH, people=people, by="kim", at=at(1))


async def test_the_last_word_counts_until_everybody_sees_it_again(store: IncidentStore) -> None:
    await store.register(sample.opened(), WORLD, at(0))
    await store.register(sample.opened("INC-2026-11-23-009"), WORLD, at(0))
    assert await store.restrictions() == ()
    await store.restrict(restriction())
    last, other = restriction(ID, "dana", "eva"), restriction("INC-2026-11-23-009")
    await store.restrict(other)
    await store.restrict(last)
    assert await store.restrictions() == (last, other)
    assert await store.unrestrict(ID)
    assert not await store.unrestrict(ID)
    assert await store.restrictions() == (other,)


async def test_no_incident_no_restriction(store: IncidentStore) -> None:
    with pytest.raises(UnknownName):
        await store.restrict(restriction("INC-2026-11-23-404"))


async def test_it_goes_with_its_incident(store: IncidentStore) -> None:
    await lived(store)
    await store.restrict(restriction())
    await store.erase(ID, await leased(store))
    assert await store.restrictions() == ()
