"""What the page says of somebody is what the door does: one pure rule for both."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.access import AccessRole
from incidents.action import ActionKind, ActionState, Proposal, Verdict
from incidents.actor import Actor, Via
from incidents.change_limits import Freeze
from incidents.errors import Bar
from incidents.events import ApprovalRevoked, Event, Stopped
from incidents.policy import ApprovalPolicy, objection, permit
from incidents.severity import Severity
from incidents.standing import Standing, standing
from tests.incidents.test_policy import NOW, proposal, says

PEOPLE = ApprovalPolicy(
    people=("ana", "ben", "vic"), authenticated=True, scopes={"ben": ("web",)},
    rights={"vic": ()},
)  # fmt: skip
SOON = NOW + timedelta(minutes=1)


def known(name: str, *roles: AccessRole) -> Actor:
    return Actor(id=name, name=name, roles=roles or (AccessRole.APPROVER,), via=Via.HTTP, authenticated=True)


def of(actor: Actor, about: Proposal | None = None, **more: object) -> Standing:
    about = about or proposal(2)
    events: tuple[Event, ...] = more.pop("waiting", ())  # type: ignore[assignment]
    policy = more.pop("policy", PEOPLE)
    assert isinstance(policy, ApprovalPolicy)
    return standing(about, actor, policy, SOON, Severity.P1, events)


def signed(*names: str, state: ActionState = ActionState.PROPOSED) -> Proposal:
    return proposal(2).model_copy(update={"approvals": tuple(map(says, names)), "state": state})


@pytest.mark.parametrize(
    ("actor", "about", "bar", "words"),
    [
        (known("ana", AccessRole.VIEWER), None, Bar.ROLE, "ana may not decide on changes: it takes the role"),
        (known("eve"), None, Bar.ROLE, "eve is none of the people"),
        (Actor.named("ana", Via.HTTP), None, Bar.UNPROVEN, "a name alone does not decide here"),
        (known("ben"), None, Bar.SCOPE, "'ben' may not decide on a rollback of checkout"),
        (known("ana"), signed("ana"), Bar.SAME_PERSON, "ana has already decided on A1; a second person"),
        (known("ana"), signed(state=ActionState.EXPIRED), Bar.DECIDED, "A1 is expired"),
        (known("ana"), signed("ben", "vic", state=ActionState.APPROVED), Bar.DECIDED, "A1 is approved"),
    ],
)
def test_who_may_not_sign_is_told_why(actor: Actor, about: Proposal | None, bar: Bar, words: str) -> None:
    told = of(actor, about)
    assert (told.approve, told.bar) == (False, bar)
    assert words in told.why


def test_who_may_sign_is_told_why_and_how_many_are_missing() -> None:
    assert of(known("ana")).why == (
        "ana may sign: they decide on changes of every service; it is one of 2 that are needed"
    )
    last = of(known("ana"), signed("vic"))
    assert (last.approve, last.reject, last.revoke) == (True, True, True)
    assert last.why.endswith("it is the last signature that is needed")
    anybody = of(Actor.named("zoe", Via.HTTP), proposal(), policy=ApprovalPolicy())
    assert "a name is enough" in anybody.why


def test_an_approved_one_may_still_be_rejected_and_taken_back_by_who_gave_it() -> None:
    approved = signed("ana", "vic", state=ActionState.APPROVED)
    giver, other = of(known("ana"), approved), of(known("cy"), approved, policy=ApprovalPolicy())
    assert (giver.approve, giver.reject, giver.revoke) == (False, False, True)
    assert (other.approve, other.reject, other.revoke) == (False, True, True)
    begun = approved.model_copy(update={"state": ActionState.EXECUTING})
    assert not of(known("ana"), begun).revoke


def test_what_the_inbox_holds_outweighs_and_a_freeze_stops_approvals_alone() -> None:
    stop = Stopped(id="s", incident="INC-1", at=SOON, by="kim", reason="smoke")
    assert of(known("ana"), waiting=(stop,)).bar is Bar.WITHDRAWN
    back = ApprovalRevoked(id="r", incident="INC-1", at=SOON, by="kim", action="A1", digest=proposal().digest)
    assert of(known("ana"), signed("vic"), waiting=(back,)).revoke is False
    other = back.model_copy(update={"digest": "0" * 64})
    assert of(known("ana"), waiting=(other,)).approve
    frozen = PEOPLE.model_copy(
        update={"freezes": (Freeze(start=NOW, end=NOW + timedelta(hours=1), reason="sale"),)}
    )
    told = of(known("ana"), policy=frozen)
    assert (told.approve, told.reject, told.bar) == (False, True, Bar.FROZEN)


@given(
    who=st.sampled_from(["ana", "ben", "vic", "eve"]),
    before=st.lists(st.sampled_from(["ana", "ben", "vic"]), unique=True, max_size=2),
    state=st.sampled_from(ActionState),
    verdict=st.sampled_from(Verdict),
)
def test_the_page_never_says_otherwise_than_the_door(
    who: str, before: list[str], state: ActionState, verdict: Verdict
) -> None:
    about = signed(*before, state=state)
    told = of(known(who), about)
    decision = says(who, verdict).model_copy(update={"authenticated": True})
    counts = objection(about, decision, PEOPLE) is None
    assert (told.approve if verdict is Verdict.APPROVE else told.reject) == counts


def test_a_signature_of_somebody_who_has_left_does_not_count() -> None:
    approved = signed("ana", "vic", state=ActionState.APPROVED)
    permit(approved, ApprovalPolicy(people=("ana", "vic")), SOON)
    for policy in (ApprovalPolicy(people=("ana",)), ApprovalPolicy(rights={"vic": (ActionKind.SCALE,)})):
        with pytest.raises(Exception, match="A1 needs 2 people, 1 approved"):
            permit(approved, policy, SOON)
