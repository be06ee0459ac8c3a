"""Amazon EventBridge: alarms, health, findings and failures of ECS are alerts, deployments are changes.

What else it carries is opened and read by its own form.
"""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import Body, Text, joined
from tools.alerts.form import FIRES, AlertDraft, ChangeDraft, Envelope, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_STATES = words(firing="alarm", resolved="ok", no_data="insufficient_data")
_PIPELINE = "CodePipeline Pipeline Execution State Change"
_WELL = ("COMPLETED", "SUCCESS", "SUCCEEDED")
#: Codes of ECS for a task that nobody stopped.
_FAILED = frozenset({"EssentialContainerExited", "TaskFailedToStart"})
#: What ECS says of a service, by the type or the name of its event.
_ACTIONS = {"WARN": "firing", "ERROR": "firing", "SERVICE_STEADY_STATE": "resolved"}
_LEVELS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0, "low"))
_SERVICE = ("Service", "ServiceName", "FunctionName", "Application")


def _read(body: Body) -> Iterable[Item]:
    kind = body.text("detail-type")
    detail = body.at("detail")
    if kind.value == "CloudWatch Alarm State Change":
        yield _alarm(body, detail)
    elif kind.value == "AWS Health Event":
        yield _health(body, detail)
    elif kind.value == "GuardDuty Finding":
        yield _finding(body, detail)
    elif kind.value == "ECS Task State Change" and _has_failed(detail):
        yield _task(body, detail)
    elif kind.value == "ECS Service Action" and _said_of_service(detail):
        yield _service_action(body, detail)
    elif ("Deployment" in kind.value and "State" in kind.value) or kind.value == _PIPELINE:
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
        labels={
            **body.picked("account", "region"),
            **detail.picked("eventTypeCategory"),
            "aws service": detail.text("service").value,
            "resource": detail.text("affectedEntities.0.entityValue").value,
            **_tags(detail, "affectedEntities"),
        },
    )


def _tags(detail: Body, path: str) -> dict[str, str]:
    """The tags of all resources, as their owner has set them: they may name the service."""
    tags: dict[str, str] = {}
    for one in detail.each(path):
        tags = one.labels("tags", "Tags") | tags
    return tags


def _finding(body: Body, detail: Body) -> AlertDraft:
    """Of GuardDuty, whose `service` is its own account of the finding and whose severity counts up to 10."""
    level, archived = detail.text("severity"), detail.text("service.archived")
    return AlertDraft(
        title=detail.text("title", "type"),
        state=archived._replace(value="archived") if archived.value == "true" else FIRES,
        severity=level._replace(value=_level(level.value)),
        description=detail.text("description"),
        started=detail.raw("service.eventFirstSeen", "createdAt") or body.raw("time"),
        key=detail.text("arn", "id"),
        labels={
            **body.picked("account", "region"),
            **detail.picked("type", "resource.resourceType"),
            **_tags(detail.at("resource"), "instanceDetails"),
            **_tags(detail.at("resource"), "eksClusterDetails"),
        },
    )


def _level(severity: str) -> str:
    """As GuardDuty names its ranges."""
    try:
        value = float(severity)
    except ValueError:
        return severity
    return next(name for least, name in _LEVELS if value >= least or least == 0)


def _has_failed(detail: Body) -> bool:
    """Whether a task stopped by itself: not by a deployment, by scaling or by a person."""
    if detail.text("lastStatus").value != "STOPPED":
        return False
    return detail.text("stopCode").value in _FAILED


def _task(body: Body, detail: Body) -> AlertDraft:
    group = detail.text("group")
    cluster, said = detail.text("clusterArn"), detail.text("stoppedReason", "stopCode")
    reasons = [one.text("reason", "exitCode") for one in detail.each("containers")]
    return AlertDraft(
        title=joined(group._replace(value=group.value.partition(":")[2]), said),
        state=FIRES,
        service=group._replace(value=group.value.removeprefix("service:")),
        description=next((reason for reason in reasons if reason), said),
        started=detail.raw("stoppedAt") or body.raw("time"),
        key=joined(cluster, group, detail.text("stopCode"), by="/"),
        labels={**body.picked("account", "region"), "cluster": cluster.value, **detail.picked("launchType")},
    )


def _said_of_service(detail: Body) -> str:
    return _ACTIONS.get(detail.text("eventName").value) or _ACTIONS.get(detail.text("eventType").value, "")


def _service_action(body: Body, detail: Body) -> AlertDraft:
    """What ECS cannot do for a service, until it says that the service is steady."""
    resource = body.text("resources.0")
    service = resource._replace(value=resource.value.rpartition("/")[2])
    return AlertDraft(
        title=joined(service, detail.text("eventName")),
        state=detail.text("eventName")._replace(value=_said_of_service(detail)),
        service=service,
        severity=detail.text("eventType"),
        description=detail.text("reason"),
        started=detail.raw("createdAt") or body.raw("time"),
        ended=detail.raw("createdAt") or body.raw("time"),
        key=resource,
        labels={**body.picked("account", "region"), "cluster": detail.text("clusterArn").value},
    )


def _deployment(body: Body, detail: Body) -> ChangeDraft | NoticeDraft:
    """Of ECS, whose resource is the service, of CodeDeploy and CodePipeline, which name what they deploy."""
    state = detail.text("eventName", "state")
    if not state.value.upper().endswith((*_WELL, "FAILED", "FAILURE")):
        return NoticeDraft(Meaning.COMMENT, f"{body.text('detail-type').value}: {state.value}")
    resource = body.text("resources.0")
    of_resource = resource._replace(value=resource.value.rpartition("/")[2])
    return ChangeDraft(
        service=detail.text("application", "pipeline") or of_resource,
        kind=ChangeKind.DEPLOY,
        id=detail.text("deploymentId", "execution-id"),
        time=detail.raw("updatedAt") or body.raw("time"),
        summary=detail.text("reason") or joined(body.text("detail-type"), state),
        healthy=state.value.upper().endswith(_WELL),
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
