"""Who may decide: properties of the pure rules behind every approval."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.action import (
    Action,
    ActionKind,
    ActionState,
    Approval,
    Arguments,
    Observed,
    Plan,
    Proposal,
    Verdict,
    digest_of,
)  # fmt: skip
from incidents.errors import ActionRefused, ApprovalRefused
from incidents.policy import ApprovalPolicy, decide, permit

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)


def plan(version: str = "1.0", observed: str = "2.0") -> Plan:
    action = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version=version))
    return Plan(action=action, observed=(Observed(name="version", value=observed),), effects=())


def proposal(needed: int = 1) -> Proposal:
    return Proposal(
        id="A1", incident="INC-1", plan=plan(), digest=digest_of("INC-1", "A1", plan()), reason="r",
        proposed_by="DevOps Automator", engine="playbook", proposed_at=NOW,
        expires_at=NOW + timedelta(minutes=30), approvers_needed=needed,
    )  # fmt: skip


def says(
    by: str, verdict: Verdict = Verdict.APPROVE, minutes: float = 1, digest: str | None = None
) -> Approval:
    return Approval(
        action="A1",
        digest=digest or proposal().digest,
        verdict=verdict,
        by=by,
        at=NOW + timedelta(minutes=minutes),
    )


VOTES = st.lists(
    st.tuples(
        st.sampled_from(["ana", "Ana", "ben", "cleo", "mallory"]),
        st.sampled_from(Verdict),
        st.integers(0, 40),
        st.sampled_from(["right", "other"]),
    ),
    max_size=8,
)


@given(VOTES, st.integers(1, 3))
def test_only_enough_different_people_in_time_for_this_digest_make_it_run(
    votes: list[tuple[str, Verdict, int, str]], needed: int
) -> None:
    policy = ApprovalPolicy(people=("ana", "Ana", "ben", "cleo"))
    standing = proposal(needed)
    for by, verdict, minutes, which in votes:
        approval = says(by, verdict, minutes, None if which == "right" else "0" * 64)
        veto = verdict is Verdict.REJECT and standing.state is ActionState.APPROVED
        try:
            standing = decide(standing, approval, policy)
        except ApprovalRefused:
            continue
        assert which == "right"
        assert minutes < 30 or veto
        assert by != "mallory"
    signed = {a.by.casefold() for a in standing.approvals if a.verdict is Verdict.APPROVE}
    assert len({a.by.casefold() for a in standing.approvals}) == len(standing.approvals)
    assert (standing.state is ActionState.APPROVED) == (
        len(signed) >= needed and all(a.verdict is Verdict.APPROVE for a in standing.approvals)
    )
    if standing.state is ActionState.APPROVED:
        permit(standing, policy, NOW + timedelta(minutes=30))
    else:
        with pytest.raises(ActionRefused):
            permit(standing, policy, NOW)


def test_a_decision_on_a_decided_proposal_is_refused() -> None:
    approved = decide(proposal(), says("ana"), ApprovalPolicy())
    with pytest.raises(ApprovalRefused, match="approved"):
        decide(approved, says("ben"), ApprovalPolicy())


def test_an_old_approval_no_longer_counts() -> None:
    approved = decide(proposal(), says("ana"), ApprovalPolicy())
    with pytest.raises(ActionRefused, match="older"):
        permit(approved, ApprovalPolicy(), NOW + timedelta(hours=2))


@pytest.mark.parametrize(("minutes", "counts"), [(30 - 1 / 60, True), (30, False), (30 + 1 / 60, False)])
def test_a_proposal_can_be_decided_until_its_expiry_and_not_at_it(minutes: float, counts: bool) -> None:
    said = says("ana", minutes=minutes)
    if counts:
        assert decide(proposal(), said, ApprovalPolicy()).state is ActionState.APPROVED
    else:
        with pytest.raises(ApprovalRefused, match="expired"):
            decide(proposal(), said, ApprovalPolicy())


@pytest.mark.parametrize(("minutes", "counts"), [(30, True), (30 + 1 / 60, False)])
def test_the_oldest_of_several_signatures_says_how_long_an_approval_counts(
    minutes: float, counts: bool
) -> None:
    first = decide(proposal(2), says("ana", minutes=0), ApprovalPolicy())
    signed = decide(first, says("ben", minutes=20), ApprovalPolicy())
    now = NOW + timedelta(minutes=minutes)
    if counts:
        permit(signed, ApprovalPolicy(), now)
    else:
        with pytest.raises(ActionRefused, match="older"):
            permit(signed, ApprovalPolicy(), now)


def test_a_policy_that_became_stricter_holds_at_execution() -> None:
    approved = decide(proposal(), says("ana"), ApprovalPolicy())
    stricter = ApprovalPolicy(approvers={ActionKind.ROLLBACK: 2})
    with pytest.raises(ActionRefused, match="1 approved"):
        permit(approved, stricter, NOW + timedelta(minutes=2))


@given(st.sampled_from(["1.0", "1.1"]), st.sampled_from(["2.0", "2.1"]), st.sampled_from(["A1", "A2"]))
def test_the_digest_is_of_the_action_the_observed_state_and_the_proposal(
    version: str, observed: str, identity: str
) -> None:
    same = (version, observed, identity) == ("1.0", "2.0", "A1")
    assert (digest_of("INC-1", identity, plan(version, observed)) == proposal().digest) is same


@pytest.mark.parametrize(
    "kind", [ActionKind.ROLLBACK, ActionKind.SCALE, ActionKind.HOTFIX, ActionKind.FEATURE_FLAG]
)
def test_an_action_without_its_argument_is_refused(kind: ActionKind) -> None:
    with pytest.raises(ValueError, match="needs the argument"):
        Action(kind=kind, service="checkout")


@pytest.mark.parametrize("name", ["Dana Lee", "dana lee", " Dana  Lee ", "DANA LEE", "\uff24ana Lee"])
def test_two_spellings_are_one_hand(name: str) -> None:
    signed = decide(proposal(needed=2), says("Dana Lee"), ApprovalPolicy())
    with pytest.raises(ApprovalRefused, match="already decided on A1; a second person"):
        decide(signed, says(name), ApprovalPolicy())
    forged = signed.model_copy(
        update={"state": ActionState.APPROVED, "approvals": (*signed.approvals, says(name))}
    )
    with pytest.raises(ActionRefused, match="needs 2 people, 1 approved"):
        permit(forged, ApprovalPolicy(), NOW)


def test_a_person_who_goes_by_another_name_is_still_one_hand() -> None:
    once, again = (says(name).model_copy(update={"person": "u-17"}) for name in ("Dana Lee", "Dana Kim"))
    signed = decide(proposal(needed=2), once, ApprovalPolicy())
    with pytest.raises(ApprovalRefused, match="already decided"):
        decide(signed, again, ApprovalPolicy())
