"""What people and systems did in an incident, in few rows: when, what, by whom. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from incidents.action import Approval, Proposal, Verdict
from incidents.changes import Change, ChangeKind
from incidents.incident import Incident
from incidents.severity import Status
from incidents.timeline import Entry, EntryKind
from incidents.value import Moment, Value
from tools.felt import without_rule
from tools.wording import capital

NEXUS = "Nexus"
NOT_RECORDED = "not recorded"
#: What is signed and done within so long is one row.
_AT_ONCE = timedelta(minutes=1)
_WENT = {
    ChangeKind.DEPLOY: "release {to} of {service} goes live",
    ChangeKind.CONFIG: "configuration {to} of {service} takes effect",
    ChangeKind.FLAG: "a flag of {service} is set",
    ChangeKind.SCALE: "{service} is scaled",
    ChangeKind.INFRA: "what {service} runs on is changed",
}
_GONE = {
    ChangeKind.DEPLOY: "release {to} of {service} went live",
    ChangeKind.CONFIG: "configuration {to} of {service} took effect",
    ChangeKind.FLAG: "a flag of {service} was set",
    ChangeKind.SCALE: "{service} was scaled",
    ChangeKind.INFRA: "what {service} runs on was changed",
}
_ENDS = {
    Status.RESOLVED: "resolved",
    Status.FALSE_ALARM: "closed as a false alarm",
    Status.BACKLOG: "put into the backlog: nobody has to be woken for it",
}


class Row(Value):
    """One thing that happened."""

    at: Moment
    what: str
    by: str


def chronicle(incident: Incident, entries: Iterable[Entry], change: Change | None = None) -> tuple[Row, ...]:
    """The rows, oldest first.

    Args:
        incident: as it stands.
        entries: its whole timeline.
        change: the change that the diagnosis names, where it is on record.
    """
    found = [
        *_beginning(incident, change), *_alerted(incident), *_judged(incident, tuple(entries)),
        *(row for proposal in incident.proposals for row in _decided(proposal)),
        *(row for proposal in incident.shadowed for row in _stood(proposal)),
        *(Row(at=one.at, what=capital(one.what), by=one.by) for one in incident.outside_changes),
        *_ending(incident),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda row: row.at))


def went_live(change: Change, *, past: bool = False) -> str:
    """A change as it took effect: `release 2026.11.2 of checkout goes live`."""
    return (
        (_GONE if past else _WENT)[change.kind]
        .format(to=change.version_to, service=change.service)
        .replace("  ", " ")
    )


def _beginning(incident: Incident, change: Change | None) -> Iterator[Row]:
    found = incident.diagnosis
    onset = found.onset if found is not None and found.known else None
    if change is not None:
        began = onset is not None and timedelta() <= onset - change.time <= _AT_ONCE
        yield Row(
            at=change.time,
            what=capital(f"{went_live(change)}{_and_it_begins(change.time, onset) if began else ''}"),
            by=change.author or NOT_RECORDED,
        )
        if began:
            return
    if onset is not None and found is not None:
        yield Row(at=onset, what=f"It begins: {found.service} leaves its usual level", by="")


def _and_it_begins(went: datetime, onset: datetime | None) -> str:
    seconds = round((onset - went).total_seconds()) if onset is not None else 0
    return f"; the trouble begins {seconds} s later" if seconds else "; the trouble begins in the same second"


def _alerted(incident: Incident) -> Iterator[Row]:
    firing = [alert for alert in incident.alerts if alert.firing]
    if firing:
        first = min(firing, key=lambda alert: alert.received_at)
        yield Row(
            at=first.received_at, what=f"Alert: {without_rule(first.title)}", by=first.source.capitalize()
        )


def _judged(incident: Incident, entries: tuple[Entry, ...]) -> Iterator[Row]:
    if incident.triaged_at is not None and incident.severity is not None:
        by = incident.severity_by or NEXUS
        called = "in shadow nobody is called" if incident.shadow.whole else "its team is called"
        at = max(incident.triaged_at, incident.severity_at or incident.triaged_at)
        yield Row(at=at, what=f"Severity {incident.severity}; {called}", by=by)
    if incident.taken_at is not None and incident.handed_over_at is None:
        yield Row(at=incident.taken_at, what="A person has it", by=incident.holder or "")
    if incident.updates and not incident.shadow.whole:
        yield Row(at=incident.updates[0].at, what="Customers are told for the first time", by=NEXUS)
    found = incident.diagnosis
    named = [one for one in entries if one.kind is EntryKind.DIAGNOSIS]
    if found is not None and found.known and named:
        yield Row(at=named[-1].at, what=f"The cause is named, with {found.confidence} confidence", by=NEXUS)
    for fired in () if incident.shadow.whole else incident.escalations:
        yield Row(at=fired.at, what=f"Escalated: {fired.condition}", by=NEXUS)
    if incident.handed_over_at is not None:
        why = f": {incident.end_reason}" if incident.end_reason and incident.open else ""
        yield Row(at=incident.handed_over_at, what=f"Left to people{why}", by=incident.holder or NEXUS)


def _stood(proposal: Proposal) -> Iterator[Row]:
    """What stood in shadow, and what people did meanwhile."""
    yield Row(at=proposal.proposed_at, what=capital(f"{proposal.action.title}: stands in shadow"), by=NEXUS)
    did = proposal.people_did
    if did is not None and did.change is not None and did.at is not None:
        what = capital(f"{went_live(did.change)}{f': {did.change.summary}' if did.change.summary else ''}")
        yield Row(at=did.at, what=what, by=did.change.author or NOT_RECORDED)


def _decided(proposal: Proposal) -> Iterator[Row]:
    """What people said to a change, and what became of it; one row where both came at once."""
    title, outcome = proposal.action.title, proposal.outcome
    signed = [one for one in proposal.approvals if one.verdict is Verdict.APPROVE]
    for one in proposal.approvals:
        if one.verdict is Verdict.REJECT:
            why = f": {one.note}" if one.note else ""
            yield Row(at=one.at, what=capital(f"{title} is rejected{why}"), by=who(one))
    if outcome is None or not signed or outcome.at - signed[-1].at > _AT_ONCE:
        for one in signed:
            yield Row(at=one.at, what=capital(f"{title} is approved"), by=who(one))
    if outcome is not None:
        became = "done" if outcome.done else "tried, and it failed"
        at_once = bool(signed) and outcome.at - signed[-1].at <= _AT_ONCE
        by = ", ".join(dict.fromkeys(who(one) for one in signed)) if at_once else NEXUS
        by_people = at_once and not all(in_advance(one) for one in signed)
        both = f"approved and {became}" if by_people else became
        yield Row(at=outcome.at, what=capital(f"{title}: {both}"), by=by)


def who(approval: Approval) -> str:
    """Whoever signed; what was allowed before anybody saw it was not signed by a person."""
    return f"{NEXUS}, approved in advance" if in_advance(approval) else approval.by


def in_advance(approval: Approval) -> bool:
    """Whether a run allowed every change before there was one."""
    return approval.by.startswith("--")


def _ending(incident: Incident) -> Iterator[Row]:
    if incident.mitigated_at is not None:
        yield Row(at=incident.mitigated_at, what="The recovery is confirmed", by=NEXUS)
    elif incident.calm_since is not None:
        yield Row(at=incident.calm_since, what="It is back to normal by itself", by="")
    if incident.ended_at is None or incident.status not in _ENDS:
        return
    since = incident.watch.started_at if incident.watch is not None else incident.calm_since
    watched = round((incident.ended_at - since).total_seconds() / 60) if since is not None else 0
    after = f" after {watched} minutes of watching" if watched > 1 else ""
    yield Row(at=incident.ended_at, what=capital(f"{_ENDS[incident.status]}{after}"), by=NEXUS)
