"""Honeycomb: triggers and burn alerts of a webhook recipient."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text
from tools.alerts.form import AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning


def _read(body: Body) -> Iterable[Item]:
    if body.get("isTest") is True or body.get("is_test") is True:
        yield NoticeDraft(Meaning.TEST, "Honeycomb's test of this webhook")
        return
    labels: dict[str, str] = {}
    for group in body.each("result_groups"):
        labels = {**group.labels("Group", "group"), **labels}
    service = next(
        (labels[name] for name in ("service.name", "service_name", "service") if name in labels), ""
    )
    yield AlertDraft(
        title=body.text("name", "trigger_name", "slo.name"),
        state=body.text("status"),
        service=Text(service, "result_groups") if service else body.text("dataset", "dataset_name"),
        severity=body.text("severity", "alert_severity"),
        description=body.text("summary", "description", "trigger_description"),
        started=body.raw("timestamp"),
        ended=body.raw("timestamp"),
        key=body.text("id", "trigger_id"),
        labels=labels,
        links=body.links("trigger_url", "result_url", "slo_url"),
    )


FORMS = (
    Form(
        name="honeycomb",
        product="Honeycomb",
        recognises=lambda body: (
            body.names("trigger_url") or body.names("result_groups") or body.has("slo_url")
        ),
        read=_read,
    ),
)
