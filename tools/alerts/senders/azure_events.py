"""Azure Event Grid, an envelope; the health of resources and of Azure's own services; its activity log."""

from collections.abc import Iterable
from dataclasses import replace

from incidents.changes import ChangeKind
from tools.alerts.body import NOTHING, Body, Text, joined
from tools.alerts.form import AlertDraft, ChangeDraft, Envelope, Form, Item, NoticeDraft, Subscription
from tools.alerts.meaning import Meaning, words

_HEALTH = words(firing="unavailable degraded active", resolved="available resolved", no_data="unknown")
_STAGES = words(firing="active inprogress", resolved="resolved complete rca", comment="planned updated")
ACTIVITY = "data.context.activityLog"


def _is_event(body: Body) -> bool:
    return body.names("eventType", "eventTime", "subject", "data")


def _events(body: Body) -> Iterable[Item]:
    for event in body.objects():
        kind, link = event.text("eventType"), event.text("data.validationUrl")
        if link:
            yield Subscription(event.text("topic", "subject"), link)
            continue
        otherwise = NoticeDraft(Meaning.COMMENT, f"{kind.value} of {event.text('subject').value}")
        told = {"ce-type": kind.value, "ce-time": event.text("eventTime").value}
        data = replace(event.at("data"), headers={**event.headers, **told})
        yield Envelope(data, otherwise, event.raw("eventTime"))


def _availability(body: Body) -> Iterable[Item]:
    """Whether a resource can be reached, as Resource Notifications tell it."""
    health = body.at("resourceInfo.properties")
    resource = health.text("targetResourceId")
    name, state = last_step(resource), health.text("availabilityState")
    yield AlertDraft(
        title=joined(name, state, by=" is "),
        state=state,
        words=_HEALTH,
        service=name,
        started=health.raw("occurredTime"),
        ended=health.raw("occurredTime"),
        key=resource,
        labels=health.picked("targetResourceType", "targetResourceId", "previousAvailabilityState"),
    )


def _activity(body: Body) -> Iterable[Item]:
    """An alert of the activity log: health is an alert, what somebody did to a resource is a change."""
    log = body.at(ACTIVITY)
    source, name = log.text("eventSource"), last_step(log.text("resourceId"))
    if source.value in {"ServiceHealth", "ResourceHealth"}:
        yield _health(log, name)
    elif source.value in {"Administrative", "Autoscale"} and name:
        yield _operation(log, name)
    else:
        said = joined(log.text("operationName"), log.text("status"), log.text("description"))
        yield NoticeDraft(Meaning.COMMENT, f"an event of Azure's activity log: {said.value}")


def _health(log: Body, name: Text) -> AlertDraft:
    own = log.text("properties.currentHealthStatus")
    at = log.raw("eventTimestamp")
    return AlertDraft(
        title=joined(name, log.text("properties.title", "description", "operationName")),
        state=own or log.text("properties.stage", "status"),
        words=_HEALTH if own else _STAGES,
        service=name or NOTHING,
        severity=log.text("level"),
        description=log.text("properties.details", "properties.communication", "description"),
        started=log.raw("properties.impactStartTime") or at,
        ended=log.raw("properties.impactMitigationTime") or at,
        key=log.text("properties.trackingId", "resourceId"),
        labels={
            **log.picked("resourceId", "resourceGroupName", "properties.region", "properties.cause"),
            "azure service": log.text("properties.service").value,
        },
    )


def _operation(log: Body, name: Text) -> ChangeDraft | NoticeDraft:
    operation, status = log.text("operationName"), log.text("status")
    said = joined(operation, status)
    if status.value not in {"Succeeded", "Failed"}:
        return NoticeDraft(Meaning.COMMENT, f"{name.value}: {said.value}")
    is_scaling = log.text("eventSource").value == "Autoscale"
    return ChangeDraft(
        service=name,
        kind=ChangeKind.SCALE if is_scaling else ChangeKind.INFRA,
        id=log.text("eventDataId", "operationId"),
        time=log.raw("eventTimestamp"),
        author=log.text("caller"),
        summary=said,
        healthy=False if status.value == "Failed" else None,
        hints=(log.text("resourceId"),),
    )


def last_step(resource: Text) -> Text:
    """The name at the end of a resource's path."""
    return resource._replace(value=resource.value.rstrip("/").rpartition("/")[2])


FORMS = (
    Form(
        name="azure-event-grid",
        product="Azure Event Grid",
        recognises=lambda body: _is_event(body.at("0") if isinstance(body.value, list) else body),
        read=_events,
        aliases=("event-grid", "eventgrid"),
        envelope=True,
    ),
    Form(
        name="azure-resource-health",
        product="Azure Resource Notifications, health",
        recognises=lambda body: body.has("resourceInfo.properties.availabilityState"),
        read=_availability,
    ),
    Form(
        name="azure-activity-log",
        product="Azure activity log alerts",
        recognises=lambda body: body.has(ACTIVITY),
        read=_activity,
        aliases=("azure", "azure-monitor"),
    ),
)
