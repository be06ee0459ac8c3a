"""The approvers' door by itself: a decision is kept and in the inbox, one that is refused leaves nothing."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from incidents.action import ActionState, Verdict
from incidents.actor import Actor, Via
from incidents.change_limits import Freeze
from incidents.errors import ApprovalRefused, Bar, UnknownName, UsageError
from incidents.events import Stopped
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from nexus.service.decisions import IncidentDecisions
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.leasing import begun
from tests.nexus.sample import ID, at
from tools.clock import VirtualClock

LIVE = WorldRef(kind=WorldKind.LIVE, path="/srv/nexus.yaml")
CASE = WorldRef(kind=WorldKind.CASE, path="cases/shop")
DANA, KIM, SAM = (Actor.named(name, Via.HTTP) for name in ("Dana Lee", "Kim", "Sam"))

Asked = Callable[[IncidentDecisions], Coroutine[Any, Any, object]]


def door(store: MemoryStore, policy: ApprovalPolicy | None = None, minutes: float = 12) -> IncidentDecisions:
    return IncidentDecisions(store, lambda world: policy or ApprovalPolicy(), VirtualClock(at(minutes)))


async def kept(incident: Incident, world: WorldRef = LIVE) -> MemoryStore:
    store = MemoryStore()
    await store.register(incident, world, at(12), "shop" if world is LIVE else None)
    return store


async def inbox(store: MemoryStore, incident: str = ID) -> list[str]:
    return [event.kind for event in await store.events(incident)]


async def test_a_decision_is_kept_with_who_how_and_when() -> None:
    store = await kept(sample.waiting())
    decided = await door(store).decide(ID, Verdict.APPROVE, actor=DANA, note="go, password=hunter22")
    assert decided.state is ActionState.APPROVED
    (approval,) = await store.approvals(ID)
    assert (approval.by, approval.person, approval.via, approval.at) == (
        "Dana Lee",
        "dana lee",
        Via.HTTP,
        at(12),
    )
    assert approval.digest == sample.DIGEST
    assert "hunter22" not in approval.note
    assert await inbox(store) == ["decision"]


async def test_the_same_answer_again_changes_nothing_another_is_refused() -> None:
    store = await kept(sample.waiting())
    decisions = door(store)
    await decisions.decide(ID, Verdict.APPROVE, actor=DANA)
    again = await decisions.decide(ID, Verdict.APPROVE, actor=Actor.named("dana  LEE", Via.CLI))
    assert again.state is ActionState.APPROVED
    with pytest.raises(ApprovalRefused):
        await decisions.decide(ID, Verdict.REJECT, actor=DANA, note="no")
    assert len(await store.approvals(ID)) == 1
    assert await inbox(store) == ["decision"]


@pytest.mark.parametrize(
    ("minutes", "decided"), [(41 - 1e-6, True), (41, False), (41 + 1e-6, False)]
)  # the sample's proposal expires at 41
async def test_a_proposal_is_decided_until_it_expires(minutes: float, decided: bool) -> None:
    store = await kept(sample.waiting())
    decisions = door(store, minutes=minutes)
    if decided:
        await decisions.decide(ID, Verdict.APPROVE, actor=DANA)
    else:
        with pytest.raises(ApprovalRefused, match="expired"):
            await decisions.decide(ID, Verdict.APPROVE, actor=DANA)
    assert len(await store.approvals(ID)) == decided


async def test_a_recorded_incident_is_decided_on_its_own_clock() -> None:
    store = await kept(sample.waiting(), CASE)
    decided = await door(store, minutes=60 * 24 * 300).decide(ID, Verdict.APPROVE, actor=DANA)
    assert decided.state is ActionState.APPROVED


async def test_two_who_are_needed_are_two() -> None:
    store = await kept(sample.waiting().evolve(proposals=(sample.proposal(approvers_needed=2),)))
    decisions = door(store)
    one = await decisions.decide(ID, Verdict.APPROVE, actor=DANA)
    assert (one.state, one.missing) == (ActionState.PROPOSED, 1)
    both = await decisions.decide(ID, Verdict.APPROVE, actor=KIM)
    assert (both.state, both.missing) == (ActionState.APPROVED, 0), "though nobody has read the first yet"
    assert [approval.by for approval in await store.approvals(ID)] == ["Dana Lee", "Kim"]
    again = await decisions.decide(ID, Verdict.APPROVE, actor=DANA)
    assert again.state is ActionState.APPROVED
    with pytest.raises(ApprovalRefused, match="A1 is approved"):
        await decisions.decide(ID, Verdict.APPROVE, actor=SAM)


async def test_a_rejection_that_nobody_has_read_yet_counts() -> None:
    store = await kept(sample.waiting().evolve(proposals=(sample.proposal(approvers_needed=2),)))
    decisions = door(store)
    await decisions.decide(ID, Verdict.APPROVE, actor=DANA)
    vetoed = await decisions.decide(ID, Verdict.REJECT, actor=KIM, note="no")
    assert (vetoed.state, vetoed.missing) == (ActionState.REJECTED, 0)
    with pytest.raises(ApprovalRefused, match="A1 is rejected"):
        await decisions.decide(ID, Verdict.APPROVE, actor=SAM)


async def test_an_approval_is_taken_back_by_who_gave_it_before_anything_has_begun() -> None:
    store = await kept(sample.waiting())
    decisions = door(store)
    with pytest.raises(ApprovalRefused, match="nobody has approved A1; it can be rejected"):
        await decisions.revoke(ID, "A1", None, actor=DANA, note="no")
    await decisions.decide(ID, Verdict.APPROVE, actor=DANA)
    with pytest.raises(ApprovalRefused, match="look again") as changed:
        await decisions.revoke(ID, "A1", "0" * 64, actor=DANA, note="no")
    assert changed.value.bar is Bar.CHANGED
    for _ in range(2):  # the same again is heard once
        back = await decisions.revoke(ID, None, sample.DIGEST, actor=DANA, note="the cart team deploys")
        assert back.state is ActionState.REVOKED
    assert await inbox(store) == ["decision", "revoke"]
    with pytest.raises(ApprovalRefused, match="Dana Lee took the approval of A1 back") as withdrawn:
        await decisions.decide(ID, Verdict.APPROVE, actor=KIM)
    assert withdrawn.value.bar is Bar.WITHDRAWN


async def test_what_has_begun_is_not_taken_back() -> None:
    store = await kept(sample.waiting())
    decisions = door(store)
    await decisions.decide(ID, Verdict.APPROVE, actor=DANA)
    await begun(store, sample.proposal(), at(13))
    with pytest.raises(ApprovalRefused, match="has begun; its outcome will be told") as late:
        await decisions.revoke(ID, "A1", None, actor=KIM, note="wait")
    assert late.value.bar is Bar.BEGUN


FREEZE = ApprovalPolicy(freezes=(Freeze(start=at(0), end=at(60), reason="sale", unless=()),))


@pytest.mark.parametrize(
    ("ask", "error", "sentence"),
    [
        (lambda c: c.decide(ID, Verdict.APPROVE, actor=DANA, digest="0" * 64), ApprovalRefused, "0000"),
        (lambda c: c.decide(ID, Verdict.APPROVE, actor=DANA, digest="0000"), UsageError, "first 8 digits"),
        (lambda c: c.decide(ID, Verdict.APPROVE, actor=DANA, action="A7"), UnknownName, "A7"),
        (lambda c: c.decide("INC-2026-11-23-010", Verdict.APPROVE, actor=DANA), UnknownName, ID),
    ],
)
async def test_what_is_refused_leaves_nothing(ask: Asked, error: type[Exception], sentence: str) -> None:
    store = await kept(sample.waiting())
    with pytest.raises(error, match=sentence):
        await ask(door(store))
    assert await inbox(store) == []
    assert await store.approvals(ID) == ()


async def test_a_stop_that_nobody_has_read_yet_is_heard_before_a_decision() -> None:
    store = await kept(sample.waiting())
    await store.add_event(Stopped(id="s", incident=ID, at=at(11), by="Kim", reason="wait"))
    with pytest.raises(ApprovalRefused, match="Kim"):
        await door(store).decide(ID, Verdict.APPROVE, actor=DANA)
    assert await store.approvals(ID) == ()


async def test_within_a_freeze_nothing_is_approved_and_anything_rejected() -> None:
    store = await kept(sample.waiting())
    with pytest.raises(ApprovalRefused, match="sale"):
        await door(store, FREEZE).decide(ID, Verdict.APPROVE, actor=DANA)
    await door(store, FREEZE).decide(ID, Verdict.REJECT, actor=DANA, note="not now")
    assert [approval.verdict for approval in await store.approvals(ID)] == [Verdict.REJECT]
