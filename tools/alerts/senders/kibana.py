"""Kibana's webhook connector: the body is one's own, of the variables of a rule's action."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text, joined
from tools.alerts.form import FIRES, AlertDraft, Form, Item

#: What Elasticsearch's rules call an alert that is of the whole rule and of no group.
_NO_GROUP = frozenset({"query matched", "*", "all documents"})


def _read(body: Body) -> Iterable[Item]:
    group = body.text("alert.actionGroup", "alert.actionGroupName", "actionGroup", "alertActionGroup")
    is_over = group.value.lower().replace("_", "") in {"recovered", "resolved"}
    rule = body.text("rule.name", "alertName", "ruleName", "rule_name")
    found = body.text("alert.id", "alertId", "alertInstanceId")
    yield AlertDraft(
        title=(rule if is_over else body.text("context.title")) or rule or body.text("rule.id"),
        state=group._replace(value="recovered") if is_over else FIRES,
        service=body.text("context.service", "context.serviceName", "context.group")
        or (Text("", "alert.id") if found.value in _NO_GROUP else found),
        severity=body.text("context.severity", "rule.params.severity", "severity"),
        description=body.text("context.reason", "context.message", "message"),
        started=body.raw("date", "context.timestamp"),
        ended=body.raw("date", "context.timestamp"),
        key=joined(body.text("rule.id", "alertId"), found, by="/")
        if body.has("rule.id")
        else Text("", "rule.id"),
        labels={**body.labels("context", "rule.tags"), "space": body.text("rule.spaceId").value},
        links=body.links("context.alertDetailsUrl", "context.viewInAppUrl", "rule.url", "kibanaBaseUrl"),
    )


FORMS = (
    Form(
        name="kibana",
        product="Elastic, Kibana",
        recognises=lambda body: (
            body.has("rule.name") and (body.has("alert.actionGroup") or body.has("alert.id"))
        ),
        read=_read,
        aliases=("elastic", "elasticsearch", "opensearch"),
    ),
)
