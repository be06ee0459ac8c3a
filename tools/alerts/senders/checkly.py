"""Checkly."""

from collections.abc import Iterable

from tools.alerts.body import NO_TIME, NOTHING, Body
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import Meaning, meaning_of, words

_STATES = words(
    firing="alert_failure alert_degraded alert_ssl",
    resolved="alert_recovery alert_degraded_recovery",
    comment="no_alert",
)


_REMAINS = ("ALERT_FAILURE_REMAIN", "ALERT_DEGRADED_REMAIN")


def _read(body: Body) -> Iterable[Item]:
    kind = body.text("alert_type")
    is_over = meaning_of(kind.value, _STATES) is Meaning.RESOLVED
    yield AlertDraft(
        title=body.text("check_name", "event"),
        state=kind._replace(value=kind.value.removesuffix("_REMAIN")),
        words=_STATES,
        service=body.text("group_name"),
        severity=NOTHING if is_over or "DEGRADED" not in kind.value else kind._replace(value="warning"),
        description=body.text("check_error_message", "event"),
        started=NO_TIME if is_over else body.raw("started_at"),
        ended=body.raw("started_at"),
        key=body.text("check_id"),
        labels={
            **body.labels("tags"),
            **body.picked("check_type", "run_location", "region", "ssl_check_domain"),
        },
        links=body.links("link"),
        repeat=kind.value in _REMAINS,
    )


FORMS = (
    Form(
        name="checkly",
        product="Checkly",
        recognises=lambda body: body.names("alert_type", "check_id"),
        read=_read,
    ),
)
