"""New Relic: workflows, and the older webhook of an alert channel."""

from collections.abc import Iterable

from tools.alerts.body import Body
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import words

_STATES = words(
    firing="activated created", resolved="closed deactivated", acknowledged="acknowledged", test="test"
)


def _read(body: Body) -> Iterable[Item]:
    yield AlertDraft(
        title=body.text("title", "annotations.title.0", "alertConditionNames.0"),
        state=body.text("state", "status"),
        words=_STATES,
        service=body.text("labels.service", "impactedEntities.0", "entitiesData.names.0"),
        severity=body.text("priority"),
        description=body.text("annotations.description.0", "description"),
        started=body.raw("createdAt", "activatedAt"),
        ended=body.raw("closedAt", "updatedAt"),
        key=body.text("id", "issueId"),
        labels={
            **body.labels("labels"),
            **body.picked("workflowName"),
            "policy": body.text("alertPolicyNames.0").value,
            "condition": body.text("alertConditionNames.0").value,
        },
        links=body.links("issueUrl", "violationChartUrl"),
    )


def _read_older(body: Body) -> Iterable[Item]:
    yield AlertDraft(
        title=body.text("condition_name", "policy_name"),
        state=body.text("current_state", "event_type"),
        words=_STATES,
        service=body.text("targets.0.labels.service", "targets.0.name"),
        severity=body.text("severity"),
        description=body.text("details"),
        started=body.raw("violation_start", "timestamp"),
        ended=body.raw("timestamp"),
        key=body.text("incident_id"),
        labels={
            **body.labels("targets.0.labels"),
            **body.picked("policy_name", "account_name", "targets.0.product"),
        },
        links=body.links("incident_url", "runbook_url", "violation_chart_url"),
    )


def _is_issue(body: Body) -> bool:
    return body.names("issueUrl") or body.names("issueId", "state") or body.names("alertPolicyNames", "state")


FORMS = (
    Form(name="newrelic", product="New Relic workflows", recognises=_is_issue, read=_read),
    Form(
        name="newrelic-classic",
        product="New Relic alert channels",
        recognises=lambda body: body.names("condition_name", "policy_name") and not body.names("incident"),
        read=_read_older,
        aliases=("newrelic",),
    ),
)
