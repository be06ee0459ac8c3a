"""OpenTelemetry: log records of OTLP over HTTP in JSON that are events of warning severity or worse."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text, joined
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning

#: The lowest severity number of each word.
_LEVELS = ((21, "fatal"), (17, "error"), (13, "warning"))


def _read(body: Body) -> Iterable[Item]:
    for resource in body.each("resourceLogs"):
        for scope in resource.each("scopeLogs"):
            for record in scope.each("logRecords"):
                yield _record(resource, record)


def _record(resource: Body, record: Body) -> AlertDraft | NoticeDraft:
    labels = {**resource.labels("resource.attributes"), **record.labels("attributes")}
    number = record.get("severityNumber")
    level = next((word for least, word in _LEVELS if isinstance(number, int) and number >= least), "")
    name = record.text("eventName") or Text(labels.get("event.name", ""), record.path("attributes"))
    message = record.text("body.stringValue")
    if not (name and level):
        return NoticeDraft(
            Meaning.COMMENT, f"a log record below a warning, or no event: {(name or message).value}"
        )
    service = Text(labels.get("service.name", ""), resource.path("resource.attributes"))
    return AlertDraft(
        title=joined(name, message),
        state=Text(labels["alert.state"], record.path("attributes")) if "alert.state" in labels else FIRES,
        service=service,
        severity=Text(level, record.path("severityNumber")),
        started=record.raw("timeUnixNano", "observedTimeUnixNano"),
        ended=record.raw("timeUnixNano", "observedTimeUnixNano"),
        key=joined(Text(labels.get("service.namespace", ""), ""), service, name, by="/"),
        labels=labels,
    )


FORMS = (
    Form(
        name="opentelemetry",
        product="OpenTelemetry events (OTLP/JSON)",
        recognises=lambda body: body.names("resourceLogs"),
        read=_read,
        aliases=("otlp",),
    ),
)
