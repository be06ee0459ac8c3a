"""Graylog: the HTTP notification of an event definition, and the older callback of a stream."""

from collections.abc import Iterable, Mapping

from tools.alerts.body import Body, joined
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning

#: Priorities of an event, the highest the worst.
_PRIORITIES: Mapping[str, str] = {"1": "low", "2": "medium", "3": "high", "4": "critical"}


def _read(body: Body) -> Iterable[Item]:
    event = body.at("event")
    title = body.text("event_definition_title", "event.message")
    if event.text("message").value.startswith("Notification test message"):
        yield NoticeDraft(Meaning.TEST, "Graylog's test of this notification")
        return
    priority = event.text("priority")
    labels = event.labels("fields", "group_by_fields")
    yield AlertDraft(
        title=title,
        state=FIRES,
        service=event.text("fields.service", "group_by_fields.service", "fields.application"),
        severity=priority._replace(value=_PRIORITIES.get(priority.value, priority.value)),
        description=event.text("message"),
        started=event.raw("timestamp"),
        key=joined(body.text("event_definition_id"), event.text("key"), by="/"),
        labels=labels | event.picked("source", "key"),
        links=event.links("replay_info.url") | body.links("http_external_uri"),
    )


def _read_older(body: Body) -> Iterable[Item]:
    if body.text("check_result.triggered_condition.type").value == "dummy":
        yield NoticeDraft(Meaning.TEST, "Graylog's test of this callback")
        return
    yield AlertDraft(
        title=joined(body.text("stream.title"), body.text("check_result.triggered_condition.title")),
        state=FIRES,
        description=body.text("check_result.result_description"),
        started=body.raw("check_result.triggered_at"),
        key=joined(body.text("stream.id"), body.text("check_result.triggered_condition.id"), by="/"),
        labels=body.labels("check_result.matching_messages.0.fields"),
    )


FORMS = (
    Form(
        name="graylog",
        product="Graylog",
        recognises=lambda body: body.names("event_definition_id"),
        read=_read,
    ),
    Form(
        name="graylog-stream",
        product="Graylog 2 streams",
        recognises=lambda body: (
            body.has("check_result.triggered_condition") or body.has("stream.alert_conditions")
        ),
        read=_read_older,
        aliases=("graylog",),
    ),
)
