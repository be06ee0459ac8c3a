"""What is counted for a change that nobody signs: judged proposals, replays and proven undos of one world."""

from datetime import datetime, timedelta

from incidents.action import ActionKind, ActionState, Outcome
from incidents.incident import Incident
from incidents.replays import Replay
from incidents.trust import Proposed, Where
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from incidents.verification import Recovery
from nexus.store.earned import EarnedPermissions
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.conformance.test_permissions import undo
from tests.nexus import sample
from tests.nexus.sample import DIAGNOSIS, ROLLBACK, at

HERE = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")


def past(number: int, *, undone: bool = False) -> Incident:
    """An incident of before whose rollback was carried out; with `undone` it was taken back and watched."""
    name = f"INC-2026-11-22-{number:03d}"
    done = sample.proposal(incident=name, state=ActionState.DONE, proposed_at=at(number))
    back = undo().model_copy(
        update={
            "incident": name, "state": ActionState.DONE, "seen": Recovery.UNCHANGED,
            "outcome": Outcome(done=True, detail="taken back", at=at(-600)),
        }
    )  # fmt: skip
    proposals = (done, back) if undone else (done,)
    return sample.resolved().evolve(id=name, closed=True, proposals=proposals)


def verdict(incident: str, judgement: Judgement) -> DiagnosisVerdict:
    return DiagnosisVerdict(
        incident=incident, key=key_of(DIAGNOSIS), service="checkout", category=DIAGNOSIS.category,
        change=None, confidence=DIAGNOSIS.confidence, summary="", engine="playbook", judgement=judgement,
        by="Kim Ito", person="kim ito", at=at(-500),
    )  # fmt: skip


def replayed(case: str, when: datetime, service: str = "checkout") -> Replay:
    proposed = Proposed(
        service=service, kind=ActionKind.ROLLBACK, where=Where.BACKTEST, incident=case, at=when,
        judgement=Judgement.RIGHT,
    )  # fmt: skip
    return Replay(id=case, at=when, proposed=proposed)


async def kept(world: WorldRef = HERE) -> MemoryStore:
    """Twelve that were judged, eleven of them right, and the one that asks."""
    store = MemoryStore()
    await store.register(sample.opened(), HERE, at(0), "shop")
    for number in range(12):
        one = past(number, undone=number == 3)
        await store.register(one, world, at(-500))
        right = Judgement.WRONG if number == 5 else Judgement.RIGHT
        await store.keep_verdict(verdict(one.id, right))
    return store


async def test_what_people_judged_and_what_was_really_taken_back_is_counted() -> None:
    store = await kept()
    found = await EarnedPermissions(store, "shop").record(sample.opened(), ROLLBACK, at(12))
    assert (found.judged, found.right) == (12, 11)
    assert found.low is not None
    assert round(found.low, 2) == 0.65
    assert (found.proven_at, found.proven_by) == (at(-600), "INC-2026-11-22-003 A2")
    assert found.in_a_row == 6  # since the one that was wrong
    said = "11 of 12 right, lower bound 0.65; of this service the last 6; undo proven 2026-11-22 16:58 UTC"
    assert found.told.startswith(said)


async def test_what_stood_in_shadow_and_what_was_replayed_counts_and_each_incident_once() -> None:
    store = await kept()
    stood = sample.proposal(incident=past(12).id, state=ActionState.SHADOW, proposed_at=at(12))
    shadow = past(12).evolve(proposals=(stood,))
    await store.register(shadow, HERE, at(-400), "shop")
    await store.keep_verdict(verdict(shadow.id, Judgement.RIGHT))
    same = replayed("a", at(2))  # the alert of incidents that are kept: they count
    await store.keep_replays(
        "shop", (same, replayed("b", at(-3000)), replayed("c", at(-2900), service="web"))
    )
    await store.keep_replays("another", (replayed("d", at(-2800)),))
    found = await EarnedPermissions(store, "shop").record(sample.opened(), ROLLBACK, at(12))
    assert (found.judged, found.right, found.in_a_row) == (15, 14, 7)


async def test_a_proof_ends_after_ninety_days() -> None:
    store = await kept()
    later = at(-600) + timedelta(days=90, seconds=1)
    found = await EarnedPermissions(store, "shop").record(sample.opened(), ROLLBACK, later)
    assert (found.proven_at, found.judged) == (None, 12)


async def test_another_world_another_kind_and_a_recorded_one_count_nothing() -> None:
    for world in (WorldRef(kind=WorldKind.LIVE, path="/else"), WorldRef(kind=WorldKind.CASE, path="x")):
        store = await kept(world)
        found = await EarnedPermissions(store, "shop").record(sample.opened(), ROLLBACK, at(12))
        assert (found.judged, found.low, found.proven_at) == (0, None, None)
    scale = ROLLBACK.model_copy(update={"kind": ActionKind.SCALE})
    found = await EarnedPermissions(await kept(), "shop").record(sample.opened(), scale, at(12))
    assert found.told == "none judged; no undo proven"


async def test_another_service_has_the_share_of_the_kind_and_neither_its_row_nor_its_proof() -> None:
    web = ROLLBACK.model_copy(update={"service": "web"})
    found = await EarnedPermissions(await kept(), "shop").record(sample.opened(), web, at(12))
    assert (found.judged, found.in_a_row, found.proven_at) == (12, 0, None)
