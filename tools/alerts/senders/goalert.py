"""GoAlert: the webhook of a contact method or an escalation step."""

import re
from collections.abc import Iterable

from tools.alerts.body import NOTHING, Body
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning

#: `Acknowledged by Ann via SMS`: the log's own words.
_TAKEN = re.compile(r"Ack\w*(?:\s+by\s+(?P<by>.+?))?(?:\s+(?:via|\().*)?\.?", re.IGNORECASE)
_TESTS = frozenset({"Test", "Verification"})
_KINDS = _TESTS | {"Alert", "AlertBundle", "AlertStatus", "AlertStatusBundle", "ScheduleOnCallUsers"}


def _kind(body: Body) -> str:
    return body.text("Type", "AlertType").value


def _recognises(body: Body) -> bool:
    """By its kind and what stands beside it; the name may be the company's own, or missing."""
    return _kind(body) in _KINDS and any(map(body.names, ("AppName", "AlertID", "Code", "ServiceID")))


def _read(body: Body) -> Iterable[Item]:
    kind, entry = _kind(body), body.text("LogEntry")
    if kind in _TESTS:
        yield NoticeDraft(Meaning.TEST, f"GoAlert's {kind.lower()} of this webhook")
    elif kind == "AlertBundle":
        count, service = body.text("Count").value, body.text("ServiceName").value
        yield NoticeDraft(Meaning.COMMENT, f"GoAlert has {count or 'several'} alerts of {service}: see there")
    elif kind == "Alert" or (kind == "AlertStatus" and entry.value.startswith("Closed")):
        yield _alert(body)
    else:
        said = _TAKEN.fullmatch(entry.value.strip())
        meaning = Meaning.ACKNOWLEDGED if said is not None else Meaning.COMMENT
        text = f"GoAlert's {kind} {body.text('AlertID').value}: {entry.value}"
        by = entry._replace(value=said["by"] or "") if said is not None else NOTHING
        yield NoticeDraft(meaning, text, key=body.text("AlertID"), by=by)


def _alert(body: Body) -> AlertDraft:
    entry = body.text("LogEntry")
    return AlertDraft(
        title=body.text("Summary") or entry,
        state=entry._replace(value="closed") if entry else FIRES,
        service=body.text("ServiceName"),
        description=body.text("Details"),
        key=body.text("AlertID"),
        labels=body.labels("Meta"),
    )


FORMS = (
    Form(
        name="goalert",
        product="GoAlert",
        recognises=_recognises,
        read=_read,
    ),
)
