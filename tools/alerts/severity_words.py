"""The word in which a sender says how severe it is: what it means here, and what people must know of it."""

from typing import NamedTuple

from incidents.alert import Alert
from incidents.runbook import Runbook
from incidents.severity import Severity


class SeverityReading(NamedTuple):
    """What a word means here, None if that is not known; `remark` is for the timeline."""

    severity: Severity | None
    remark: str | None = None


def read_severity(word: str | None, runbook: Runbook) -> SeverityReading:
    """A sender's word by the runbook's one table, `alert_severities`.

    A bare number is read as that level, and said so: some senders count the other way round. What is not in
    the table is said, too: triage then decides by the facts.
    """
    sent = (word or "").strip()
    if not sent:
        return SeverityReading(None)
    severity = runbook.severity_of_alert(sent)
    if severity is None:
        what = f"the severity {sent!r} is not known to the runbook's `alert_severities`"
        return SeverityReading(None, f"{what}; the facts decide")
    if sent.isdecimal():
        return SeverityReading(severity, f"the severity {sent} is a bare number; it is read as {severity}")
    if len(sent.split()) > 1:
        return SeverityReading(severity, f"the severity {sent!r} is read as {severity}")
    return SeverityReading(severity)


def remarks_on(alert: Alert, runbook: Runbook) -> tuple[str, ...]:
    """What people must know of how an alert was read: its service, its times, then its severity."""
    remark = read_severity(alert.severity, runbook).remark
    matched = (alert.matched_by.sentence,) if alert.matched_by is not None else ()
    return (*matched, *alert.remarks, *((remark,) if remark is not None else ()))
