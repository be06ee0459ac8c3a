"""Proofs out of a store: of live incidents, of the service and the kind that was asked for."""

from datetime import timedelta

from incidents.action import ActionKind
from nexus.service.proofs import ProofQueries
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.incidents.test_proofs import undone
from tests.nexus.sample import at


async def test_only_live_incidents_of_that_service_and_kind_prove_it() -> None:
    store = MemoryStore()
    for number, kind in enumerate((WorldKind.LIVE, WorldKind.CASE, WorldKind.LIVE)):
        incident = undone().evolve(id=f"INC-2026-11-23-00{number}", opened_at=at(-number))
        await store.register(incident, WorldRef(kind=kind, path="x"), at(50))
    queries = ProofQueries(store)
    found = await queries.proofs("checkout", ActionKind.ROLLBACK, at(60))
    assert [one.source for one in found] == ["INC-2026-11-23-000", "INC-2026-11-23-002"]
    assert await queries.proofs("checkout", ActionKind.SCALE, at(60)) == ()
    assert await queries.proofs("web", ActionKind.ROLLBACK, at(60)) == ()
    assert await queries.proofs("checkout", ActionKind.ROLLBACK, at(60) + timedelta(days=91)) == ()
