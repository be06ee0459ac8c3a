"""People take alerts out of an incident or merge two: what that does to each of them. Pure.

Both ways are told in both timelines and can be undone: what was taken out is merged back, and a merged
incident is taken out again and goes on where its row ended.
"""

from datetime import datetime

from graph.timeline import Update, entry
from incidents.events import AlertsTakenIn, AlertsTakenOut
from incidents.incident import Incident
from incidents.severity import Status, Step
from incidents.timeline import Entry, EntryKind


def taken_out(incident: Incident, event: AlertsTakenOut, now: datetime) -> Update:
    """The incident without some alerts; a merged one ends, with a link to the one that goes on."""
    if event.merged:
        return _merged_away(incident, event, now)
    rest = tuple(alert for alert in incident.alerts if alert.fingerprint not in event.fingerprints)
    if not rest or len(rest) == len(incident.alerts):
        return Update(incident)
    gone = {alert.title: None for alert in incident.alerts if alert.fingerprint in event.fingerprints}
    revoked = tuple(proposal.revoked() for proposal in incident.proposals)
    after = incident.evolve(
        alerts=rest, proposals=revoked, nearby=(), calm_since=None, ask_again=None,
        split_into=tuple(dict.fromkeys((*incident.split_into, event.into))),
    )  # fmt: skip
    if incident.title in gone:
        after = after.evolve(title=rest[0].title)
    if after.status is Status.OPEN and after.watch is None and not after.unsettled:
        after = begun_anew(after, now)
    text = f"{event.by} took {', '.join(gone)} out into {event.into}: {event.reason}"
    return Update(after, (_said(after, event, text, now),))


def begun_anew(incident: Incident, now: datetime) -> Incident:
    """What was found out may have been about something else: the agents look again at what it is about."""
    return incident.evolve(
        step=Step.TRIAGE,
        step_since=now,
        impact=incident.impact.model_copy(update={"services": ()}),
        diagnosis=None,
        suspects=(),
        looked=None,
        idle_looks=0,
        question=None,
        dispute=None,
        recheck=False,
        not_before=None,
    )


def _merged_away(incident: Incident, event: AlertsTakenOut, now: datetime) -> Update:
    text = f"merged into {event.into} by {event.by}: {event.reason}"
    after = incident.evolve(
        status=Status.MERGED,
        merged_into=event.into,
        ended_at=now,
        end_reason=text,
        proposals=tuple(proposal.revoked() for proposal in incident.proposals),
        ask_again=None,
        recheck=False,
        not_before=None,
        watch=None,
    )
    return Update(after, (_said(after, event, text, now, EntryKind.END),))


def taken_in(incident: Incident, event: AlertsTakenIn, now: datetime) -> Update:
    """What an incident says of alerts that people moved into it; the notes of a merged one come along."""
    if not event.merged:
        text = f"split from {event.source} by {event.by}: {event.reason}"
        return Update(incident, (_said(incident, event, text, now),))
    text = (
        f"{event.by} merged {event.source} into it: {event.reason.rstrip('.')}. "
        f"Its timeline: `nexus show {event.source}`"
    )
    after = incident.evolve(
        notes=(*incident.notes, *event.notes), machine_notes=(*incident.machine_notes, *event.machine_notes)
    )
    return Update(after, (_said(after, event, text, now),))


def _said(
    incident: Incident, event: AlertsTakenIn | AlertsTakenOut, text: str, now: datetime,
    kind: EntryKind = EntryKind.PEOPLE,
) -> Entry:  # fmt: skip
    return entry(incident, now, kind, text, f"{event.kind}:{event.id}", role=event.by, engine="person")
