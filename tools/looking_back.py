"""What went well, what went badly, where it was luck: only what the incident's own times show. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from incidents.action import ActionState, Verdict
from incidents.incident import Incident
from incidents.severity import Status
from incidents.verification import Recovery
from tools.wording import capital

#: What is noticed, named, told or decided later than this was late; earlier was quick.
_NOTICED, _NAMED, _TOLD, _DECIDED = (timedelta(minutes=one) for one in (5, 30, 15, 10))
NOTHING = "Nothing of that kind is recorded; whoever was there may add it."


class LookingBack(NamedTuple):
    """Three lists of sentences; none is ever empty."""

    well: tuple[str, ...]
    badly: tuple[str, ...]
    lucky: tuple[str, ...]


def looking_back(incident: Incident, named_at: datetime | None = None) -> LookingBack:
    """What the incident shows of how it was handled.

    Args:
        incident: as it ended.
        named_at: when its cause was named, if it was.
    """
    spans = list(_spans(incident, named_at))
    well = [one.said.format("", one.when) for one in spans if one.took <= one.limit]
    badly = [one.said.format("only ", one.when) for one in spans if one.took > one.limit]
    tried = [p for p in incident.proposals if p.state in {ActionState.DONE, ActionState.FAILED}]
    helped = incident.verification is not None and incident.verification.verdict is Recovery.RECOVERED
    if helped and len(tried) == 1 and tried[0].state is ActionState.DONE:
        well.append("The first change that was made helped, and nothing had to be taken back.")
    badly += [f"It did not help to {p.action.title}." for p in (tried[:-1] if helped else tried)]
    badly += list(_missed(incident))
    return LookingBack(*(tuple(said) or (NOTHING,) for said in (well, badly, list(_luck(incident)))))


def after(span: timedelta, event: str) -> str:
    """How long after something: `77 seconds after it began`, `with the alert`."""
    return f"{lasting(span)} after {event}" if span.total_seconds() >= 1 else f"at the moment of {event}"


def lasting(span: timedelta) -> str:
    """How long: `1 second`, `77 seconds`, `5 minutes`, `2.5 hours`."""
    seconds = max(span.total_seconds(), 0.0)
    if seconds < 100:
        return _counted(round(seconds), "second")
    return _counted(round(seconds / 60), "minute") if seconds < 5400 else f"{seconds / 3600:.2g} hours"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


class _Span(NamedTuple):
    """How long something took, until when that is quick, and its sentence: `{}` is `only ` or nothing."""

    took: timedelta
    limit: timedelta
    event: str
    said: str

    @property
    def when(self) -> str:
        return after(self.took, self.event)


def _spans(incident: Incident, named_at: datetime | None) -> Iterator[_Span]:
    found = incident.diagnosis
    alerted = min((alert.received_at for alert in incident.alerts), default=incident.opened_at)
    onset = found.onset if found is not None and found.known else None
    if onset is not None and onset <= alerted:
        yield _Span(alerted - onset, _NOTICED, "the onset", "The first alert came {}{}.")
    if named_at is not None and found is not None and found.known:
        said = f"The cause was named {{}}{{}}, with {found.confidence} confidence."
        yield _Span(named_at - alerted, _NAMED, "the alert", said)
    if incident.updates:
        yield _Span(incident.updates[0].at - alerted, _TOLD, "the alert", "Customers were told {}{}.")
    for proposal in incident.proposals:
        if proposal.approvals and not all(one.by.startswith("--") for one in proposal.approvals):
            decided = max(one.at for one in proposal.approvals) - proposal.proposed_at
            said = f"It was decided {{}}{{}} whether to {proposal.action.title}."
            yield _Span(decided, _DECIDED, "the proposal", said)


def _missed(incident: Incident) -> Iterator[str]:
    found = incident.diagnosis
    alerted = next((alert.service for alert in incident.alerts if alert.service), None)
    if found is None or not found.known:
        yield "The cause was not found."
    elif alerted is not None and alerted != found.service:
        yield capital(
            f"{found.service} had no alert of its own: the alert named {alerted}, where the damage showed."
        )
    if any(one.state is ActionState.EXPIRED for one in incident.proposals):
        yield "A proposal expired without an answer."
    if any(one.verdict is Verdict.REJECT for p in incident.proposals for one in p.approvals):
        yield "A proposal was rejected, and another way had to be found."


def _luck(incident: Incident) -> Iterator[str]:
    done = any(p.state is ActionState.DONE for p in incident.proposals) or incident.outside_changes
    if incident.calm_since is not None and not done:
        yield "It went back to normal by itself."
    if incident.impact.customers_affected is False and incident.status is Status.RESOLVED:
        yield "Users were not measured to notice it."
    found = incident.diagnosis
    if found is not None and found.change is not None and incident.peak is not None:
        back = [p for p in incident.proposals if p.state is ActionState.DONE and p.action.arguments.version]
        if back:
            yield f"The version before, {back[-1].action.arguments.version}, was still there to go back to."
