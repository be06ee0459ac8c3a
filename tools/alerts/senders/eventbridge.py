"""Amazon EventBridge: alarms and health events are alerts, deployments are changes, the rest is opened."""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import Body, Text, joined
from tools.alerts.form import FIRES, AlertDraft, ChangeDraft, Envelope, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_STATES = words(firing="alarm", resolved="ok", no_data="insufficient_data")
_SERVICE = ("Service", "ServiceName", "FunctionName", "Application")


def _read(body: Body) -> Iterable[Item]:
    kind = body.text("detail-type")
    detail = body.at("detail")
    if kind.value == "CloudWatch Alarm State Change":
        yield _alarm(body, detail)
    elif kind.value == "AWS Health Event":
        yield _health(body, detail)
    elif "Deployment" in kind.value and "State" in kind.value:
        yield _deployment(body, detail)
    else:
        yield Envelope(detail, NoticeDraft(Meaning.COMMENT, f"{kind.value} of EventBridge"), body.raw("time"))


def _alarm(body: Body, detail: Body) -> AlertDraft:
    labels = body.picked("account", "region")
    for metric in detail.each("configuration.metrics"):
        labels |= metric.labels("metricStat.metric.dimensions")
        labels |= metric.picked("metricStat.metric.namespace", "metricStat.metric.name")
    named = (Text(labels[name], "detail.configuration.metrics") for name in _SERVICE if name in labels)
    return AlertDraft(
        title=detail.text("alarmName"),
        state=detail.text("state.value"),
        words=_STATES,
        service=next(named, detail.text("service")),
        description=detail.text("configuration.description", "state.reason"),
        started=detail.raw("state.timestamp") or body.raw("time"),
        ended=detail.raw("state.timestamp") or body.raw("time"),
        key=body.text("resources.0"),
        labels=labels,
        annotations=detail.picked("state.reason"),
    )


def _health(body: Body, detail: Body) -> AlertDraft:
    return AlertDraft(
        title=joined(detail.text("service"), detail.text("eventTypeCode"), by=" "),
        state=detail.text("statusCode") or FIRES,
        words=words(comment="upcoming"),
        description=detail.text("eventDescription.0.latestDescription"),
        started=detail.raw("startTime") or body.raw("time"),
        ended=detail.raw("endTime") or body.raw("time"),
        key=detail.text("eventArn"),
        labels={**body.picked("account", "region"), **detail.picked("eventTypeCategory", "service")},
    )


def _deployment(body: Body, detail: Body) -> ChangeDraft | NoticeDraft:
    """Of ECS, whose resource is the service, and of CodeDeploy, which names an application."""
    state = detail.text("eventName", "state")
    if not state.value.upper().endswith(("COMPLETED", "SUCCESS", "FAILED", "FAILURE")):
        return NoticeDraft(Meaning.COMMENT, f"{body.text('detail-type').value}: {state.value}")
    resource = body.text("resources.0")
    service = detail.text("application") or resource._replace(value=resource.value.rpartition("/")[2])
    return ChangeDraft(
        service=service,
        kind=ChangeKind.DEPLOY,
        id=detail.text("deploymentId"),
        time=detail.raw("updatedAt") or body.raw("time"),
        summary=detail.text("reason") or joined(body.text("detail-type"), state),
        healthy=state.value.upper().endswith(("COMPLETED", "SUCCESS")),
        hints=(resource, detail.text("deploymentGroup")),
    )


FORMS = (
    Form(
        name="eventbridge",
        product="Amazon EventBridge",
        recognises=lambda body: body.names("detail-type", "detail"),
        read=_read,
    ),
)
