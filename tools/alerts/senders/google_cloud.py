"""Google Cloud Monitoring: its webhook and what it publishes to Pub/Sub."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import replace

from tools.alerts.body import NO_TIME, Body, Raw
from tools.alerts.form import AlertDraft, Envelope, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning

#: Labels of a monitored resource that name what runs on it, the most particular first.
_NAMES = ("service_name", "container_name", "function_name", "job_name", "module_id", "backend_service_name")


def _read(body: Body) -> Iterable[Item]:
    alert = body.at("incident")
    if body.text("version").value == "test":
        yield NoticeDraft(Meaning.TEST, f"Google Cloud's test of this channel: {alert.text('summary').value}")
        return
    policy = alert.text("policy_name", "condition_name", "condition.displayName")
    names = [f"resource.labels.{name}" for name in _NAMES]
    yield AlertDraft(
        title=policy._replace(value=policy.value.rpartition("/")[2]),
        state=alert.text("state"),
        service=alert.text(
            "metadata.user_labels.service", "policy_user_labels.service", *names, "resource_name"
        ),
        severity=alert.text("severity", "policy_user_labels.severity", "metadata.system_labels.severity"),
        description=alert.text("summary", "documentation.content"),
        started=_time(alert, "started_at"),
        ended=_time(alert, "ended_at"),
        key=alert.text("incident_id"),
        labels={
            **alert.labels("resource.labels", "metric.labels", "metadata.user_labels", "policy_user_labels"),
            **alert.picked("scoping_project_id", "condition_name", "resource_type_display_name"),
        },
        links=alert.links("url"),
    )


def _time(alert: Body, name: str) -> Raw:
    """A time; 0 is none."""
    return alert.raw(name) if alert.get(name) else NO_TIME


def _published(body: Body) -> Iterable[Item]:
    data = body.text("message.data")
    otherwise = NoticeDraft(Meaning.COMMENT, f"a message of {body.text('subscription').value}")
    try:
        inner = base64.b64decode(data.value, validate=True).decode()
    except (binascii.Error, ValueError):
        inner = data.value
    inside = replace(body, value=inner, where=body.path("message.data"))
    yield Envelope(inside, otherwise, body.raw("message.publishTime", "message.publish_time"))


def _is_incident(body: Body) -> bool:
    if body.has("targets"):  # New Relic names its policies and conditions alike
        return False
    return any(body.has(f"incident.{name}") for name in ("incident_id", "policy_name", "condition_name"))


FORMS = (
    Form(
        name="google-cloud",
        product="Google Cloud Monitoring",
        recognises=_is_incident,
        read=_read,
        aliases=("gcp", "gcpmonitoring", "stackdriver"),
    ),
    Form(
        name="pubsub",
        product="Google Cloud Pub/Sub push",
        recognises=lambda body: body.has("message.data") and body.names("subscription"),
        read=_published,
        envelope=True,
    ),
)
