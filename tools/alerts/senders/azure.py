"""Azure Monitor: the common alert schema, and the older one of a status and a context."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text, scalar
from tools.alerts.form import AlertDraft, Form, Item

COMMON = "data.essentials"


def _read(body: Body) -> Iterable[Item]:
    alert = body.at(COMMON)
    target = alert.text("alertTargetIDs.0")
    resource = target._replace(value=target.value.rstrip("/").rpartition("/")[2])
    yield AlertDraft(
        title=alert.text("alertRule"),
        state=alert.text("monitorCondition"),
        service=body.text("data.customProperties.service") or alert.text("configurationItems.0") or resource,
        severity=alert.text("severity"),
        description=alert.text("description"),
        started=alert.raw("firedDateTime"),
        ended=alert.raw("resolvedDateTime"),
        key=alert.text("alertId", "originAlertId"),
        labels={
            **body.labels("data.customProperties", "data.alertContext.condition.allOf.0.dimensions"),
            **{f"resource {name}": value for name, value in _parts(target.value).items()},
            **alert.picked("signalType", "monitoringService", "targetResourceType"),
        },
        links=body.links("data.alertContext.condition.allOf.0.linkToSearchResultsUI")
        | alert.links("investigationLink"),
    )


def _parts(resource: str) -> dict[str, str]:
    """Subscription, group and name out of a resource's path: names and values in turn."""
    steps = [step for step in resource.split("/") if step]
    pairs = dict(zip(steps[::2], steps[1::2], strict=False))
    return {name: value for name, value in pairs.items() if name.lower() != "providers"}


def _read_older(body: Body) -> Iterable[Item]:
    alert = body.at("data") if body.has("data.context") else body
    yield AlertDraft(
        title=alert.text("context.name"),
        state=alert.text("status"),
        service=alert.text("context.resourceName"),
        severity=_level(alert),
        description=alert.text("context.description"),
        started=alert.raw("context.timestamp"),
        ended=alert.raw("context.timestamp"),
        key=alert.text("context.id"),
        labels=alert.picked("context.resourceGroupName", "context.resourceType", "context.resourceRegion"),
        links=alert.links("context.portalLink"),
    )


def _level(alert: Body) -> Text:
    """A bare number counts from 0 for the worst: it is written as the common schema does."""
    level = scalar(alert.get("context.severity"))
    return Text(f"Sev{level}" if level.isdecimal() else level, alert.path("context.severity"))


FORMS = (
    Form(
        name="azure",
        product="Azure Monitor, common alert schema",
        recognises=lambda body: body.has(COMMON),
        read=_read,
        aliases=("azure-monitor",),
    ),
    Form(
        name="azure-classic",
        product="Azure Monitor, older schemas",
        recognises=lambda body: (
            (body.has("data.context") and not body.has("data.context.activityLog"))
            or (body.names("status") and body.has("context.resourceId"))
        ),
        read=_read_older,
        aliases=("azure", "azure-monitor"),
    ),
)
