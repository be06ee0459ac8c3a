"""What every evidence store keeps to."""

from datetime import UTC, datetime, timedelta

from incidents.findings import Evidence, EvidenceStatus
from tools.ports import EvidenceStore

AT = datetime(2026, 3, 12, 10, tzinfo=UTC)


def evidence(number: int, incident: str = "INC-1") -> Evidence:
    return Evidence(
        id=f"E-{number:08x}", incident=incident, tool="metrics", query="{}", role="devops_automator",
        at=AT + timedelta(minutes=number), status=EvidenceStatus.OK, summary="fine", size=4, digest="0" * 64,
    )  # fmt: skip


async def test_evidence_comes_back_oldest_first_with_its_bytes(evidence_store: EvidenceStore) -> None:
    await evidence_store.put(evidence(2), b"two")
    await evidence_store.put(evidence(1), b"\x89PNG\x00")
    assert await evidence_store.evidence("INC-1") == (evidence(1), evidence(2))
    assert await evidence_store.body("INC-1", evidence(1).id) == b"\x89PNG\x00"
    asked = ["E-none", evidence(2).id, evidence(1).id]
    assert await evidence_store.bodies("INC-1", asked) == {asked[1]: b"two", asked[2]: b"\x89PNG\x00"}


async def test_the_same_id_again_changes_nothing(evidence_store: EvidenceStore) -> None:
    await evidence_store.put(evidence(1), b"first")
    await evidence_store.put(evidence(1).model_copy(update={"summary": "other"}), b"second")
    assert await evidence_store.evidence("INC-1") == (evidence(1),)
    assert await evidence_store.body("INC-1", evidence(1).id) == b"first"


async def test_incidents_do_not_see_each_other(evidence_store: EvidenceStore) -> None:
    await evidence_store.put(evidence(1, "INC-1"), b"one")
    assert await evidence_store.evidence("INC-2") == ()
    assert await evidence_store.body("INC-2", evidence(1).id) is None
