"""New Relic: workflows, and the older webhook of an alert channel."""

from collections.abc import Iterable

from tools.alerts.body import Body
from tools.alerts.form import FIRES, AlertDraft, Form, Item
from tools.alerts.meaning import meaning_of, words

_STATES = words(
    firing="activated created", resolved="closed deactivated", acknowledged="acknowledged", test="test"
)


def _read(body: Body) -> Iterable[Item]:
    yield AlertDraft(
        title=body.text("title", "issueTitle", "annotations.title.0", "alertConditionNames.0"),
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


def _read_legacy(body: Body) -> Iterable[Item]:
    """Of the alerts before policies: `short_description` ends with the state, `alert_url` is the alert's."""
    alert = body.at("alert") if body.has("alert") else body
    said = alert.text("short_description")
    last = said._replace(value=said.value.rpartition(" ")[2])
    yield AlertDraft(
        title=alert.text("message", "long_description", "short_description"),
        state=last if meaning_of(last.value) is not None else FIRES,
        service=alert.text("application_name", "server_name"),
        severity=alert.text("severity"),
        description=alert.text("long_description"),
        started=alert.raw("created_at"),
        ended=alert.raw("created_at"),
        key=alert.text("alert_url"),
        labels=alert.picked("account_name", "application_name", "server_name", "alert_policy_name"),
        links=alert.links("alert_url"),
    )


def _is_legacy(body: Body) -> bool:
    return body.names("alert_url", "short_description") or (
        body.has("alert.alert_url") and body.has("alert.short_description")
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
    Form(
        name="newrelic-legacy",
        product="New Relic alerts before policies",
        recognises=_is_legacy,
        read=_read_legacy,
        aliases=("newrelic",),
    ),
)
