"""Times on the incident's clock, and the runbook's recurring duties."""

import re
from datetime import datetime, timedelta
from itertools import pairwise
from string import Formatter

from evals.run import Record
from evals.scorers.base import Score, yes_no
from incidents.incident import Incident
from incidents.runbook import EscalationRow
from incidents.severity import Severity
from incidents.timeline import EntryKind
from tools.recorded.document import Truth


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


def escalations(record: Record, truth: Truth) -> Score | None:
    """Whether exactly the rows of the matrix fired whose conditions held, to the right roles, in time.

    Left open where the severity changed on the way, because only the last one is known.
    """
    incident, rules = record.incident, record.rules
    if incident.severity is None or incident.severity_at != incident.triaged_at:
        return None
    due = {row.id: when for row in rules.escalations if (when := _due(row, record, truth)) is not None}
    roles = {row.id: row.to for row in rules.escalations}
    fired = {one.row: one for one in incident.escalations}
    end = incident.ended_at or incident.as_of or incident.opened_at
    missed = [row for row, when in due.items() if row not in fired and when < end]
    surplus = [row for row in fired if row not in due]
    late = [
        row
        for row, one in fired.items()
        if row in due and not due[row] <= one.at <= due[row] + rules.step_box
    ]
    misrouted = [row for row, one in fired.items() if one.roles != roles.get(row)]
    words = {"missed": missed, "surplus": surplus, "late": late, "to others": misrouted}
    note = "; ".join(f"{word}: {', '.join(rows)}" for word, rows in words.items() if rows)
    return yes_no(not note, note or (f"fired: {', '.join(fired)}" if fired else "none was due"))


def _due(row: EscalationRow, record: Record, truth: Truth) -> datetime | None:
    """When a row should fire; what the truth says about data goes before what was believed."""
    incident, impact = record.incident, record.incident.impact
    if row.severity is not None and row.unresolved_for is not None:
        return _timed(incident, row.severity, row.unresolved_for)
    breach = impact.data_breach_suspected if truth.data_breach is None else truth.data_breach
    personal = impact.user_data_affected if truth.user_data is None else truth.user_data
    threshold, lost = record.rules.revenue_threshold, incident.revenue_impact
    costly = threshold is not None and lost is not None and lost > threshold
    holds = (row.data_breach and breach) or (row.user_data and personal) or (row.revenue and costly)
    return incident.triaged_at if holds else None


def _timed(incident: Incident, severity: Severity, unresolved_for: timedelta) -> datetime | None:
    if incident.severity is not severity or incident.severity_at is None:
        return None
    return max(incident.opened_at + unresolved_for, incident.severity_at)


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
