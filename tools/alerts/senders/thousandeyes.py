"""ThousandEyes: notifications of alert rules."""

from collections.abc import Iterable

from tools.alerts.body import Body
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import words

_STATES = words(firing="alert_notification_trigger", resolved="alert_notification_clear", test="webhook_test")


def _read(body: Body) -> Iterable[Item]:
    alert = body.at("alert")
    yield AlertDraft(
        title=alert.text("ruleName", "rule.name", "testName"),
        state=body.text("eventType"),
        words=_STATES,
        service=alert.text("testName", "test.name"),
        severity=alert.text("severity"),
        description=alert.text("ruleExpression", "rule.expression"),
        started=alert.raw("dateStartZoned", "dateStart", "startDate"),
        ended=alert.raw("dateEndZoned", "dateEnd", "endDate"),
        key=alert.text("alertId", "id"),
        labels=alert.picked(
            "agentName", "hostname", "ipAddress", "type", "testName", "testTargetsDescription"
        ),
        links=alert.links("permalink", "apiLinks.0.href"),
    )


FORMS = (
    Form(
        name="thousandeyes",
        product="ThousandEyes",
        recognises=lambda body: body.names("eventId", "eventType") and body.has("alert"),
        read=_read,
    ),
)
