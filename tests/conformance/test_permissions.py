"""What every store keeps of changes that nobody signs: begun once, within limits, never past a veto."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from incidents.act_permission import ActPermission, PermissionState, Record, Use, undo_digest
from incidents.action import Proposal, Verdict, digest_of
from incidents.actor import Actor, Via
from incidents.errors import ApprovalRefused, NotPermitted, UnknownName, Withdrawn
from incidents.events import DecisionMade, FalseAlarm, decision
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from nexus.store.audit import Deed, DeedKind
from nexus.store.port import IncidentStore
from tests.conformance.test_intake import SITE, WORLD
from tests.conformance.test_leases import leased
from tests.conformance.test_retention import lived
from tests.nexus import sample
from tests.nexus.sample import DIAGNOSIS, DIGEST, ID, REDEPLOY, at

POLICY = "b" * 64
USE = Use(permission=DIGEST, policy=POLICY, per_day=1)
KIM = Actor.named("Kim Ito", Via.CLI)


def permission(**changes: object) -> ActPermission:
    """Of the sample's rollback: announced at 11, begins at 16, expires at 41."""
    return ActPermission(
        incident=ID, proposal="A1", digest=DIGEST, kind=sample.ROLLBACK.kind, service="checkout",
        policy=POLICY, record=Record(at=at(11)), undo=undo_digest(REDEPLOY), announced_at=at(11),
        begins_at=at(16), expires_at=at(41),
    ).model_copy(update=changes)  # fmt: skip


def veto(minutes: float = 12) -> DecisionMade:
    said = sample.approval(verdict=Verdict.REJECT).model_copy(update={"at": at(minutes)})
    return decision(ID, said)


def undo() -> Proposal:
    plan = sample.PLAN.model_copy(update={"action": REDEPLOY, "undo": sample.ROLLBACK})
    return sample.proposal(id="A2", plan=plan, digest=digest_of(ID, "A2", plan), undo_of="A1")


async def begin(
    store: IncidentStore, number: int, when: datetime, use: Use = USE, what: Proposal | None = None
) -> bool:
    return await store.begin(what or sample.proposal(), when, number, None, use)


@pytest.fixture
async def number(store: IncidentStore) -> int:
    """A lease on an incident of the site whose change is announced."""
    await store.register(sample.opened(), WORLD, at(0), SITE)
    await store.announce(permission())
    return await leased(store)


async def state(store: IncidentStore) -> PermissionState:
    found = await store.permission(DIGEST)
    assert found is not None
    return found.state


async def said(store: IncidentStore) -> list[str]:
    return [row.deed.said for row in await store.audit(kind=DeedKind.ACT)]


async def test_it_is_announced_once_and_used_once(store: IncidentStore, number: int) -> None:
    await store.announce(permission(begins_at=at(12)))
    assert await store.permissions(ID) == (permission(),)
    assert await begin(store, number, at(16))
    assert not await begin(store, number, at(17))  # the same change, after a crash
    assert await state(store) is PermissionState.USED
    assert await store.acts(ID, at(15)) == 1
    assert await store.acts(ID, at(16)) == 0
    assert await said(store) == ["announced", "used"]


@pytest.mark.parametrize(
    ("when", "use", "why"),
    [
        (at(16) - timedelta(seconds=1), USE, "it was announced for 03:14:10 UTC"),
        (at(41), USE, "its permission expired at 03:39:10 UTC"),
        (
            at(20),
            USE.model_copy(update={"policy": "c" * 64}),
            "the policy has changed since it was announced",
        ),
        (at(20), USE.model_copy(update={"permission": "d" * 64}), "A1 has no permission to begin"),
        (at(20), USE.model_copy(update={"undo": True}), "holds no undo that is still to be done"),
    ],
)
async def test_what_it_does_not_allow_does_not_begin(
    store: IncidentStore, number: int, when: datetime, use: Use, why: str
) -> None:
    with pytest.raises(NotPermitted, match=why):
        await begin(store, number, when, use)
    assert await store.unfinished(ID) == ()
    assert not await store.spent(DIGEST)
    assert await state(store) is PermissionState.ANNOUNCED


async def test_another_change_does_not_begin_by_it(store: IncidentStore, number: int) -> None:
    with pytest.raises(NotPermitted, match="A1 is for another digest"):
        await begin(store, number, at(20), what=sample.proposal(digest="e" * 64))


async def test_a_veto_before_it_begins_wins_also_once_it_was_read(store: IncidentStore, number: int) -> None:
    await store.record_approval(veto())
    with pytest.raises(Withdrawn, match="Dana Lee rejected it before it began"):
        await begin(store, number, at(20))
    await store.mark_handled(tuple(event.id for event in await store.events(ID)))
    with pytest.raises(Withdrawn, match="Dana Lee rejected it before it began"):
        await begin(store, number, at(20))
    assert await state(store) is PermissionState.VETOED


async def test_of_a_veto_and_a_beginning_at_once_one_wins(
    stores: Callable[[], IncidentStore], store: IncidentStore, number: int
) -> None:
    other = stores()
    begun, said = await asyncio.gather(
        begin(store, number, at(16)), other.record_approval(veto()), return_exceptions=True
    )
    assert (begun is True) is isinstance(said, ApprovalRefused)
    assert isinstance(begun, Withdrawn) is (said is None)


async def test_a_veto_after_it_began_is_told_that_it_is_late(store: IncidentStore, number: int) -> None:
    await begin(store, number, at(16))
    with pytest.raises(ApprovalRefused, match="has begun"):
        await store.record_approval(veto(17))
    assert await state(store) is PermissionState.USED


async def test_what_people_signed_uses_no_permission(store: IncidentStore, number: int) -> None:
    assert await store.begin(sample.proposal(), at(13), number)
    assert await state(store) is PermissionState.VOID
    assert await store.acts(ID, at(0)) == 0


async def test_no_more_begin_in_a_day_than_the_policy_says(store: IncidentStore, number: int) -> None:
    await begin(store, number, at(16))
    await store.announce(permission(digest="f" * 64, proposal="A3"))
    next_one = sample.proposal(id="A3", digest="f" * 64)
    use = USE.model_copy(update={"permission": "f" * 64})
    with pytest.raises(NotPermitted, match="1 changes began without a person in the last 24 hours"):
        await begin(store, number, at(20), use, next_one)


async def test_an_act_that_was_wrong_takes_the_rest_with_it_until_a_person_renews_it(
    store: IncidentStore, number: int
) -> None:
    assert not await store.withdraw(DIGEST, at(15), "too early")  # nothing has begun by it
    await begin(store, number, at(16))
    assert await store.withdraw(DIGEST, at(30), "it changed nothing")
    assert not await store.withdraw(DIGEST, at(31), "again")
    (gone,) = await store.withdrawals(SITE)
    assert (gone.kind, gone.service, gone.why, gone.at) == (
        "rollback",
        "checkout",
        "it changed nothing",
        at(30),
    )
    await store.announce(permission(digest="f" * 64, proposal="A3"))
    use = Use(permission="f" * 64, policy=POLICY, per_day=9)
    next_one = sample.proposal(id="A3", digest="f" * 64)
    with pytest.raises(NotPermitted, match="the permission for a rollback of checkout is withdrawn until"):
        await begin(store, number, at(32), use, next_one)
    deed = Deed.by(KIM, DeedKind.RENEW, at(33), about="rollback checkout")
    assert await store.renew_permission(SITE, gone.kind, "checkout", deed)
    assert not await store.renew_permission(SITE, gone.kind, "checkout", deed)
    assert await store.withdrawals(SITE) == ()
    assert len(await store.audit(kind=DeedKind.RENEW)) == 1
    assert await begin(store, number, at(34), use, next_one)


async def test_the_undo_that_it_holds_begins_once_and_no_other(store: IncidentStore, number: int) -> None:
    use = USE.model_copy(update={"undo": True})
    await begin(store, number, at(16))
    await store.withdraw(DIGEST, at(30), "the watched signals got worse after it")
    other = undo().model_copy(update={"plan": sample.PLAN})
    with pytest.raises(NotPermitted, match="A2 is not the undo that the permission of A1 holds"):
        await begin(store, number, at(30), use, other)
    assert await begin(store, number, at(30), use, undo())
    with pytest.raises(NotPermitted, match="holds no undo that is still to be done"):
        await begin(store, number, at(31), use, undo().model_copy(update={"id": "A3"}))
    assert await said(store) == ["announced", "used", "withdrawn", "undone"]
    assert await store.acts(ID, at(0)) == 1  # the undo is no act of its own


def verdict(judgement: Judgement) -> DiagnosisVerdict:
    return DiagnosisVerdict(
        incident=ID, key=key_of(DIAGNOSIS), service="checkout", category=DIAGNOSIS.category, change=None,
        confidence=DIAGNOSIS.confidence, summary="", engine="playbook", judgement=judgement, by="Kim Ito",
        person="kim ito", at=at(50),
    )  # fmt: skip


@pytest.mark.parametrize("judgement", [Judgement.WRONG, Judgement.PARTLY, Judgement.RIGHT])
async def test_who_calls_the_diagnosis_wrong_withdraws_what_began_by_it(
    store: IncidentStore, number: int, judgement: Judgement
) -> None:
    await begin(store, number, at(16))
    await store.keep_verdict(verdict(judgement))
    assert bool(await store.withdrawals(SITE)) is (judgement is Judgement.WRONG)


async def test_who_calls_it_a_false_alarm_withdraws_it_too(store: IncidentStore, number: int) -> None:
    await begin(store, number, at(16))
    await store.add_event(FalseAlarm(id="f", incident=ID, at=at(20), by="Kim Ito"))
    (gone,) = await store.withdrawals(SITE)
    assert gone.why == "a person called it a false alarm"


async def test_what_is_void_begins_no_more(store: IncidentStore, number: int) -> None:
    await store.void(DIGEST, at(12), "the policy has changed since it was announced")
    with pytest.raises(NotPermitted, match="the permission of A1 is void"):
        await begin(store, number, at(20))
    await store.void("0" * 64, at(12), "there is none")
    assert await said(store) == ["announced", "void"]


async def test_it_goes_with_its_incident_and_a_withdrawal_stays(store: IncidentStore) -> None:
    await lived(store)
    await store.announce(permission())
    with pytest.raises(UnknownName):
        await store.announce(permission(incident="INC-2026-11-23-404", digest="a" * 64))
    number = await leased(store)
    await begin(store, number, at(16))
    await store.withdraw(DIGEST, at(30), "it failed")
    await store.erase(ID, number)
    assert await store.permissions(ID) == ()
    assert len(await store.withdrawals("")) == 1
