"""Sentry: issue alerts, metric alerts, issues and errors of its integrations, and the older webhook."""

import re
from collections.abc import Iterable

from tools.alerts.body import Body, Text
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_ACTIONS = words(
    firing="triggered created unresolved critical warning",
    resolved="resolved",
    comment="assigned updated deleted",
    silenced="ignored archived",
)
#: The project's name in the address of an event: `…/projects/shop/payment/events/…`.
_PROJECT = re.compile(r"/projects/[^/]+/([^/]+)/")
_KINDS = ("event", "metric_alert", "issue", "error")


def _read(body: Body) -> Iterable[Item]:
    kind = next((kind for kind in _KINDS if body.has(f"data.{kind}")), None)
    action = body.text("action")
    if kind is None:
        resource = body.header("sentry-hook-resource").value or "hook"
        yield NoticeDraft(Meaning.COMMENT, f"Sentry's {resource}: {action.value}")
    elif kind == "metric_alert":
        yield _metric(body, action)
    else:
        yield _issue(body, body.at(f"data.{kind}"), action, in_issue=kind == "issue")


def _metric(body: Body, action: Text) -> AlertDraft:
    alert = body.at("data.metric_alert")
    return AlertDraft(
        title=alert.text("alert_rule.name", "title") or body.text("data.description_title"),
        state=action,
        words=_ACTIONS,
        service=alert.text("projects.0"),
        severity=action if action.value in {"critical", "warning"} else Text("", "action"),
        description=body.text("data.description_text"),
        started=alert.raw("date_started", "date_detected"),
        ended=alert.raw("date_closed") or body.raw("data.timestamp"),
        key=alert.text("id", "identifier"),
        labels=alert.picked("alert_rule.environment", "organization_id", "alert_rule.query"),
        links=body.links("data.web_url"),
    )


def _issue(body: Body, event: Body, action: Text, *, in_issue: bool) -> AlertDraft:
    return AlertDraft(
        title=event.text("title", "metadata.title", "message"),
        state=action or FIRES,
        words=_ACTIONS,
        service=_service(event),
        severity=event.text("level"),
        description=event.text("culprit"),
        started=event.raw("firstSeen") if in_issue else event.raw("datetime", "timestamp"),
        ended=event.raw("lastSeen", "datetime", "timestamp"),
        key=event.text("id") if in_issue else event.text("issue_id", "group_id", "groupID"),
        labels={
            **event.labels("tags"),
            **event.picked("environment", "release", "platform", "project.slug"),
            **{name: text for name, text in body.picked("data.triggered_rule").items() if text},
        },
        links=event.links("web_url", "permalink", "issue_url"),
    )


def _service(event: Body) -> Text:
    tags = event.labels("tags")
    if "service" in tags:
        return Text(tags["service"], event.path("tags"))
    named = event.text("project.slug", "project_slug", "project_name", "project.name")
    if named:
        return named
    url = event.text("url", "issue_url")
    project = _PROJECT.search(url.value)
    return url._replace(value=project[1]) if project is not None else Text("", event.path("tags"))


def _read_older(body: Body) -> Iterable[Item]:
    event = body.at("event")
    tags = event.labels("tags")
    yield AlertDraft(
        title=event.text("title") or body.text("message"),
        state=FIRES,
        service=Text(tags.get("service", ""), "event.tags")
        or body.text("project_slug", "project", "project_name"),
        severity=body.text("level") or event.text("level"),
        description=body.text("message", "culprit"),
        started=event.raw("datetime", "timestamp", "received"),
        key=body.text("id"),
        labels={**tags, **event.picked("environment", "release", "platform")},
        links=body.links("url"),
    )


def _is_hook(body: Body) -> bool:
    is_known = (
        body.has("installation") or body.header("sentry-hook-resource") or body.has("data.triggered_rule")
    )
    return body.names("action", "data") and bool(is_known or body.has("data.metric_alert"))


def _is_older(body: Body) -> bool:
    is_named = body.names("project") or body.names("project_name") or body.names("project_slug")
    return is_named and body.names("culprit", "level") and isinstance(body.get("event"), dict)


FORMS = (
    Form(name="sentry", product="Sentry integrations", recognises=_is_hook, read=_read),
    Form(
        name="sentry-classic",
        product="Sentry, older webhook",
        recognises=_is_older,
        read=_read_older,
        aliases=("sentry",),
    ),
)
