"""LibreNMS: the API transport with the alert as JSON."""

from collections.abc import Iterable

from tools.alerts.body import NO_TIME, Body, Text, joined
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import Meaning, meaning_of, words

#: States of an alert: 3 to 5 say that it got worse, better or otherwise, and goes on.
_STATES = words(firing="1 3 4 5", resolved="0", acknowledged="2")


def _read(body: Body) -> Iterable[Item]:
    state = body.text("state")
    is_over = meaning_of(state.value, _STATES) is Meaning.RESOLVED
    severity = body.text("severity")
    yield AlertDraft(
        title=joined(body.text("display", "hostname", "sysName"), body.text("name", "title")),
        state=state or severity,
        words=_STATES,
        severity=Text("", "severity") if is_over else severity,
        description=body.text("msg", "title"),
        started=NO_TIME if is_over else body.raw("timestamp"),
        ended=body.raw("timestamp"),
        key=joined(body.text("device_id", "hostname"), body.text("rule_id", "name"), by="/"),
        labels=body.picked("hostname", "sysName", "ip", "os", "type", "location", "hardware", "name"),
    )


FORMS = (
    Form(
        name="librenms",
        product="LibreNMS",
        recognises=lambda body: body.names("device_id", "rule_id") or body.names("sysDescr", "alert_id"),
        read=_read,
    ),
)
