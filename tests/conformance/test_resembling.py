"""What every store finds of incidents of before: of the same site, over, by words, the latest first."""

from incidents.incident import Incident
from incidents.severity import Status
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tests.conformance.test_lists import number
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.sample import at

LIVE = WorldRef(kind=WorldKind.LIVE, path="/srv/shop/nexus.yaml")


async def kept(store: IncidentStore, count: int, incident: Incident, site: str | None = "shop") -> None:
    mine = incident.evolve(id=number(count), opened_at=at(count))
    await store.register(mine, LIVE if site is not None else WORLD, at(count), site)


async def found(store: IncidentStore, of: int, words: str, *without: int, limit: int = 9) -> list[int]:
    unseen = {number(one) for one in without}
    looked = await store.resembling(number(of), words, unseen, limit)
    return [int(one[-3:]) for one in looked]


async def test_those_of_before_that_are_over_the_latest_first(store: IncidentStore) -> None:
    await kept(store, 1, sample.resolved())
    await kept(store, 2, sample.resolved().evolve(title="Queue is full", status=Status.FALSE_ALARM))
    await kept(store, 3, sample.opened())
    await kept(store, 4, sample.resolved().evolve(status=Status.MERGED, merged_into=number(3)))
    await kept(store, 5, sample.resolved(), "bank")
    await kept(store, 6, sample.resolved())
    await kept(store, 7, sample.opened())
    await kept(store, 8, sample.resolved())
    assert await found(store, 7, "checkout") == [6, 2, 1]
    assert await found(store, 7, "checkout", limit=1) == [6]
    assert await found(store, 7, "checkout", 6, 2, limit=1) == [1], "what is hidden takes no place"
    assert await found(store, 7, "Queue checkout") == [2]
    assert await found(store, 7, "%") == []
    assert await found(store, 7, "nothing of the sort") == []


async def test_of_a_recorded_world_nothing_is_of_before(store: IncidentStore) -> None:
    await kept(store, 1, sample.resolved(), None)
    await kept(store, 2, sample.resolved())
    await kept(store, 3, sample.opened(), None)
    assert await found(store, 3, "checkout") == []


async def test_what_evidence_says_is_no_likeness(store: IncidentStore) -> None:
    await kept(store, 1, sample.resolved())
    await store.put(sample.evidence(incident=number(1)).model_copy(update={"summary": "kraken"}), b"{}")
    await kept(store, 2, sample.opened())
    assert await found(store, 2, "kraken") == []
