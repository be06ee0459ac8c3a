"""Times on the incident's clock, and the runbook's recurring duties."""

import re
from datetime import datetime, timedelta
from itertools import pairwise
from string import Formatter
from typing import NamedTuple

from evals.run import Record
from evals.scorers.base import Score, yes_no
from incidents.incident import Incident
from incidents.runbook import EscalationRow
from incidents.severity import Severity
from incidents.timeline import EntryKind
from tools.recorded.document import Truth

#: The keys of entries that set the severity: by triage, by new facts, by a person.
_CLASSIFIED = re.compile(r":(classified|reclassified|severity:.+)$")


def time_to_finding(record: Record, truth: Truth) -> Score | None:
    """From the first alert to the diagnosis of a known cause."""
    found = record.incident.diagnosis
    if found is None or not found.known:
        return None
    return _since_opened(record, _first(record, EntryKind.DIAGNOSIS))


def time_to_proposal(record: Record, truth: Truth) -> Score | None:
    """From the first alert to the first proposed action."""
    return _since_opened(record, min((p.proposed_at for p in record.incident.proposals), default=None))


def time_to_recovery(record: Record, truth: Truth) -> Score | None:
    """From the first alert to the moment at which code saw the signals recovered."""
    return _since_opened(record, record.incident.mitigated_at)


def updates_on_time(record: Record, truth: Truth) -> Score | None:
    """The share of waits for a status update that were not too long, while customers were affected."""
    duty, incident = record.rules.status_updates, record.incident
    if duty is None or incident.severity not in duty.severities or incident.severity_at is None:
        return None
    if not incident.impact.customers_affected:
        return None
    end = incident.ended_at or incident.as_of or incident.severity_at
    told = sorted(update.at for update in incident.updates if update.at < end)
    moments = [incident.severity_at, *told, end]
    waits = [later - earlier for earlier, later in pairwise(moments)]
    late = [wait for wait in waits if wait > duty.every]
    longest = max(waits) / timedelta(minutes=1)
    return Score(value=1 - len(late) / len(waits), note=f"longest wait {longest:.0f} min")


def updates_in_template(record: Record, truth: Truth) -> Score | None:
    """The share of status updates and briefs that read exactly as the runbook's templates."""
    incident, rules = record.incident, record.rules
    fits = [_fits(update.text, rules.status_template) for update in incident.updates]
    fits += [_fits(brief.text, rules.brief_template) for brief in incident.briefs]
    return Score(value=sum(fits) / len(fits), note=f"{sum(fits)} of {len(fits)}") if fits else None


class _Stretch(NamedTuple):
    """A time during which the severity was the same; `until` is the end for the last."""

    severity: Severity
    since: datetime
    until: datetime


class _Window(NamedTuple):
    """A moment at which a row was due; not `sure` if the severity changed again before a step could end."""

    at: datetime
    sure: bool


def escalations(record: Record, truth: Truth) -> Score | None:
    """Whether exactly the rows of the matrix fired whose conditions held, to the right roles, in time.

    A timed row counts from the opening, as the runbook says, and is due when that time has passed while the
    incident is of its severity, which may be from a change of severity on. Left open where the timeline
    does not tell the severities.
    """
    incident, rules = record.incident, record.rules
    stretches = _stretches(record)
    if not stretches or incident.severity is not stretches[-1].severity:
        return None
    due = {row.id: _windows(row, record, truth, stretches) for row in rules.escalations}
    roles = {row.id: row.to for row in rules.escalations}
    fired = {one.row: one for one in incident.escalations}
    missed = [row for row, windows in due.items() if row not in fired and windows and windows[-1].sure]
    surplus = [row for row in fired if not due.get(row)]
    late = [
        row
        for row, one in fired.items()
        if row not in surplus and not any(w.at <= one.at <= w.at + rules.step_box for w in due[row])
    ]
    misrouted = [row for row, one in fired.items() if one.roles != roles.get(row)]
    words = {"missed": missed, "surplus": surplus, "late": late, "to others": misrouted}
    note = "; ".join(f"{word}: {', '.join(rows)}" for word, rows in words.items() if rows)
    return yes_no(not note, note or (f"fired: {', '.join(fired)}" if fired else "none was due"))


def _stretches(record: Record) -> list[_Stretch]:
    """The severities in their order, as the timeline tells them."""
    told = [
        (entry.at, entry.severity)
        for entry in sorted(record.entries, key=lambda one: (one.at, one.id))
        if entry.severity is not None and _CLASSIFIED.search(entry.id)
    ]
    changed = told[:1] + [one for before, one in pairwise(told) if one[1] is not before[1]]
    ends = [*(at for at, _ in changed[1:]), _end(record.incident)]
    return [_Stretch(severity, at, end) for (at, severity), end in zip(changed, ends, strict=False)]


def _windows(
    row: EscalationRow, record: Record, truth: Truth, stretches: list[_Stretch]
) -> tuple[_Window, ...]:
    """When a row should fire, up to the first moment that is sure."""
    if row.severity is None or row.unresolved_for is None:
        when = record.incident.triaged_at if _holds(row, record, truth) else None
        return (_Window(when, when < _end(record.incident)),) if when is not None else ()
    windows = []
    for one in stretches:
        at = max(record.incident.opened_at + row.unresolved_for, one.since)
        if one.severity is row.severity and at < one.until:
            windows.append(_Window(at, one is stretches[-1] or at + record.rules.step_box <= one.until))
            if windows[-1].sure:
                break
    return tuple(windows)


def _holds(row: EscalationRow, record: Record, truth: Truth) -> bool:
    """Whether a row's condition was met; what the truth says about data goes before what was believed."""
    incident, impact = record.incident, record.incident.impact
    breach = impact.data_breach_suspected if truth.data_breach is None else truth.data_breach
    personal = impact.user_data_affected if truth.user_data is None else truth.user_data
    threshold, lost = record.rules.revenue_threshold, incident.revenue_impact
    costly = threshold is not None and lost is not None and lost > threshold
    return (row.data_breach and breach) or (row.user_data and personal) or (row.revenue and costly)


def _end(incident: Incident) -> datetime:
    return incident.ended_at or incident.as_of or incident.opened_at


def _fits(text: str, template: str) -> bool:
    """Whether a text is the template with something in each of its fields."""
    parts = [
        re.escape(before) + ("(?:.+)" if name is not None else "")
        for before, name, _, _ in Formatter().parse(template)
    ]
    return re.fullmatch("".join(parts).rstrip("\\\n") + r"\s*", text, re.DOTALL) is not None


def _first(record: Record, kind: EntryKind) -> datetime | None:
    return min((entry.at for entry in record.entries if entry.kind is kind), default=None)


def _since_opened(record: Record, moment: datetime | None) -> Score | None:
    if moment is None:
        return None
    return Score(value=max((moment - record.incident.opened_at).total_seconds(), 0.0))
