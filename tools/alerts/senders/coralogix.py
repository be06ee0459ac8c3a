"""Coralogix: the generic webhook, whose list of fields is one's own."""

from collections.abc import Iterable

from tools.alerts.body import NO_TIME, Body, Text
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import Meaning, meaning_of


def _read(body: Body) -> Iterable[Item]:
    fields = body.labels("fields")
    services = (
        body.text("service"),
        *(Text(fields.get(name, ""), "fields") for name in ("subsystem", "application")),
    )
    keys = ("alertUniqueIdentifier", "alert_unique_identifier")
    severity = next(
        (Text(fields[name], "fields") for name in ("priority", "severity") if name in fields), None
    )
    state = body.text("alert_action")
    time = next(
        (Text(fields[name], "fields") for name in ("timestampMs", "timestampISO") if name in fields), None
    )
    is_over = meaning_of(state.value) is Meaning.RESOLVED
    yield AlertDraft(
        title=body.text("name"),
        state=state,
        service=next((one for one in services if one), services[0]),
        severity=severity or body.text("severity"),
        description=body.text("description"),
        started=NO_TIME if time is None or is_over else body.raw("timestamp")._replace(value=time.value),
        ended=NO_TIME if time is None else body.raw("timestamp")._replace(value=time.value),
        key=next((Text(fields[name], "fields") for name in keys if name in fields), body.text("alert_id")),
        labels=fields,
        links=body.links("alert_url", "log_url"),
    )


FORMS = (
    Form(
        name="coralogix",
        product="Coralogix",
        recognises=lambda body: body.names("alert_action", "alert_id"),
        read=_read,
    ),
)
