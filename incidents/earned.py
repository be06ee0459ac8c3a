"""Whether a change may begin without a person: what is known of it, and each condition. Pure.

What is known are counts, kinds, levels and moments; nothing that anybody wrote is among it.
"""

from collections.abc import Iterator

from incidents.act_permission import Record
from incidents.action import UNSETTLED, Action, ActionKind, ActionState, Proposal
from incidents.autonomy import Autonomy
from incidents.catalogue import Catalogue
from incidents.change_limits import Freeze, frozen
from incidents.findings import Confidence
from incidents.incident import Incident
from incidents.severity import Severity
from incidents.value import Moment, Value, minute

#: What was put to people, and what they did not want: nothing begins without them in that incident.
_ASKED = frozenset({ActionState.REJECTED, ActionState.REVOKED, ActionState.EXPIRED})


class Condition(Value):
    """One of the things that have to hold, and how it stands."""

    name: str
    holds: bool
    sentence: str


class Judged(Value):
    """Whom a change needs, and why.

    Attributes:
        signers: how many people have to sign before it may begin; 0: nobody has.
        usual: how many without a permission.
        rule: what the policy says of it, in a sentence.
        conditions: what a change without a person has to meet; none, where the policy asks for people.
    """

    incident: str
    proposal: str
    change: str
    signers: int
    usual: int
    rule: str
    conditions: tuple[Condition, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What does not hold."""
        return tuple(one.sentence for one in self.conditions if not one.holds)


class Grounds(Value):
    """What the conditions look at: nothing that anybody wrote.

    Attributes:
        asked: people were asked to sign a change of this incident, or have rejected one.
        touched: something was changed in it already, by Nexus or by people.
        dependents: how many services rest on this one, directly or by others.
        instances: how many it has, or would have, whichever is more; None: the dry run did not see it.
        frozen: why nothing may be changed now; a freeze holds whatever the level.
        begins_at, expires_at: of the change, if it is announced now.
    """

    kind: ActionKind
    service: str
    severity: Severity | None
    confidence: Confidence | None
    undo: Action | None
    asked: bool
    touched: bool
    dependents: int
    instances: int | None
    frozen: str | None
    begins_at: Moment
    expires_at: Moment
    record: Record


def grounds_of(
    incident: Incident, proposal: Proposal, record: Record, catalogue: Catalogue, freezes: tuple[Freeze, ...],
    begins_at: Moment,
) -> Grounds:  # fmt: skip
    """What the conditions look at, of a change that is proposed."""
    action = proposal.action
    others = [one for one in incident.proposals if one.id != proposal.id]
    counts = [n for n in (proposal.plan.running, action.arguments.replicas) if n is not None]
    return Grounds(
        kind=action.kind, service=action.service, severity=incident.severity,
        confidence=incident.diagnosis.confidence if incident.diagnosis is not None else None,
        undo=proposal.plan.undo,
        asked=any(one.state in _ASKED for one in others),
        touched=bool(incident.outside_changes)
        or any(one.outcome is not None or one.state in UNSETTLED for one in others),
        dependents=len(dependents(action.service, catalogue)), instances=max(counts, default=None),
        frozen=frozen(freezes, action.service, None, record.at),
        begins_at=begins_at, expires_at=proposal.expires_at, record=record,
    )  # fmt: skip


def dependents(service: str, catalogue: Catalogue) -> frozenset[str]:
    """The services that rest on one, directly or by others."""
    found, look = set[str](), [service]
    while look:
        needed = look.pop()
        fresh = {one.name for one in catalogue.services if needed in one.depends_on} - found - {service}
        found |= fresh
        look += fresh
    return frozenset(found)


def judge(incident: str, proposal: Proposal, policy: Autonomy | None, usual: int, grounds: Grounds) -> Judged:
    """Whom a change needs by the policy, and why.

    Args:
        incident: its id.
        proposal: the change; of it the kind, the target and the id are told.
        policy: what is written down; None: nothing is.
        usual: how many people sign such a change without a permission, 1 at least.
        grounds: what is known of it.
    """
    said = Judged(
        incident=incident, proposal=proposal.id, change=proposal.action.title, signers=usual, usual=usual,
        rule=_rule(policy, grounds, usual),
    )  # fmt: skip
    if policy is None or policy.people(grounds.kind, grounds.service, grounds.severity) != 0:
        return said
    conditions = tuple(_conditions(policy, grounds))
    signers = 0 if all(one.holds for one in conditions) else usual
    return said.model_copy(update={"signers": signers, "conditions": conditions})


def _rule(policy: Autonomy | None, grounds: Grounds, usual: int) -> str:
    people = "one person signs" if usual == 1 else f"{usual} people sign"
    if policy is None:
        return f"nexus.yaml has no `autonomy`: {people}"
    number = policy.rule_for(grounds.kind, grounds.service, grounds.severity)
    level = f"a {grounds.severity}" if grounds.severity is not None else "an incident without a severity"
    what = f"a {grounds.kind} of {grounds.service} in {level}"
    if number is None:
        return f"no rule of `autonomy` speaks of {what}: {people}"
    signers = policy.rules[number].signers
    if signers.people:
        return f"`autonomy.rules[{number}]` speaks of {what}: {people}"
    said = f"`autonomy.rules[{number}]` lets {what} begin without a person"
    return f"{said}, if everything below holds; else {people}"


def _conditions(policy: Autonomy, grounds: Grounds) -> Iterator[Condition]:
    """Each condition of a change that nobody signs, with the sentence that tells how it stands."""
    for check in _CHECKS:
        yield check(policy, grounds)
    yield from _reach(policy, grounds)


def _said(name: str, holds: bool, yes: str, no: str) -> Condition:
    return Condition(name=name, holds=holds, sentence=yes if holds else no)


def _undo(_policy: Autonomy, at: Grounds) -> Condition:
    undo = at.undo
    own = undo is not None and undo.service == at.service and undo.kind is at.kind
    yes = f"its undo is prepared: {undo.title}" if undo else ""
    no = f"its undo is of another service or kind: {undo.title}" if undo else "it has no prepared undo"
    return _said("undo", own, yes, no)


def _proof(_policy: Autonomy, at: Grounds) -> Condition:
    proven, what = at.record.proven_at, f"a {at.kind} of {at.service}"
    yes = ""
    if proven is not None:
        yes = f"{what} was really taken back and watched {minute(proven)} ({at.record.proven_by})"
    no = f"no {at.kind} of {at.service} was really taken back and watched within 90 days, or it went wrong"
    return _said("proven", proven is not None, yes, no)


def _record(policy: Autonomy, at: Grounds) -> Condition:
    record, least = at.record, policy.least
    if record.low is None:
        return _said("record", False, "", f"nobody has judged a proposed {at.kind}")
    right = f"{record.right} of {record.judged} proposals of a {at.kind} that people judged were right"
    share = f"{right}, {record.low:.0%} at least"
    bar = f"the policy asks for {least.judged} judged and {least.right:.0%}"
    holds = record.judged >= least.judged and record.low >= least.right
    return Condition(name="record", holds=holds, sentence=f"{share}; {bar}")


def _own(policy: Autonomy, at: Grounds) -> Condition:
    had, least = at.record.in_a_row, policy.least.in_a_row
    latest = f"of the latest of {at.service} that were judged, {had} in a row were right"
    return Condition(name="service", holds=had >= least, sentence=f"{latest}; the policy asks for {least}")


def _standing(_policy: Autonomy, at: Grounds) -> Condition:
    gone = at.record.withdrawal
    no = (
        f"withdrawn since {minute(gone.at)} ({gone.incident} {gone.proposal}): {gone.why}; "
        f"`nexus policy renew {at.kind} {at.service}`" if gone else ""
    )  # fmt: skip
    return _said("standing", gone is None, "it was not withdrawn, or a person renewed it", no)


def _confidence(_policy: Autonomy, at: Grounds) -> Condition:
    how = at.confidence or "none"
    return _said(
        "confidence", at.confidence is Confidence.HIGH, "the diagnosis is of high confidence",
        f"the diagnosis has to be of high confidence, and it is of {how}",
    )  # fmt: skip


def _calm(_policy: Autonomy, at: Grounds) -> Condition:
    return _said("freeze", at.frozen is None, f"no freeze holds {at.service}", at.frozen or "")


def _first(_policy: Autonomy, at: Grounds) -> Condition:
    no = "something was changed in this incident already; what comes after it a person signs"
    return _said("first", not at.touched, "it is the first change of this incident", no)


def _unasked(_policy: Autonomy, at: Grounds) -> Condition:
    no = "people were asked about a change of this incident; their silence is no yes, and their no stands"
    return _said("unasked", not at.asked, "no person was asked about a change of this incident", no)


def _time(_policy: Autonomy, at: Grounds) -> Condition:
    return _said(
        "time", at.begins_at < at.expires_at, f"it begins {minute(at.begins_at)}, before it expires",
        "it would expire before its announced time has passed; shorten `autonomy.announce`",
    )  # fmt: skip


_CHECKS = (_undo, _proof, _record, _own, _standing, _confidence, _calm, _first, _unasked, _time)


def _reach(policy: Autonomy, at: Grounds) -> Iterator[Condition]:
    limits = policy.limits
    if limits is None:  # no policy with a rule of `none` is without
        yield Condition(name="limits", holds=False, sentence="the policy has no `limits`")
        return
    on_it = f"{at.dependents} services rest on {at.service}, the limit is {limits.dependents}"
    yield Condition(name="dependents", holds=at.dependents <= limits.dependents, sentence=on_it)
    many = f"{at.service} has {at.instances} instances, the limit is {limits.instances}"
    if at.instances is None:
        many = f"how many instances {at.service} has is not told by this dry run, so that limit says nothing"
    few = at.instances is None or at.instances <= limits.instances
    yield Condition(name="instances", holds=few, sentence=many)
    acts = f"{at.record.acts} changes began without a person in 24 hours, the limit is {limits.per_day}"
    yield Condition(name="rate", holds=at.record.acts < limits.per_day, sentence=acts)
