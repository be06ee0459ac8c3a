"""Dash0: issues of check rules."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text
from tools.alerts.form import AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_STATES = words(firing="ongoing degraded critical failed", resolved="resolved closed")


def _read(body: Body) -> Iterable[Item]:
    issue = body.at("data.issue")
    labels = issue.labels("labels")
    named = next((labels[name] for name in ("service.name", "dash0.resource.name") if name in labels), "")
    kind = body.text("type")
    if kind.value in {"test", "alert.test"}:
        yield NoticeDraft(Meaning.TEST, "Dash0's test of this webhook")
        return
    yield AlertDraft(
        title=issue.text("checkrules.0.name", "summary"),
        state=kind._replace(value="resolved") if kind.value.endswith("resolved") else issue.text("status"),
        words=_STATES,
        service=Text(named, issue.path("labels")),
        severity=issue.text("severity"),
        description=issue.text("summary", "description"),
        started=issue.raw("start"),
        ended=issue.raw("end"),
        key=issue.text("issueIdentifier", "id"),
        labels=labels,
        annotations=issue.labels("annotations"),
        links=issue.links("url", "checkrules.0.url"),
    )


FORMS = (
    Form(
        name="dash0",
        product="Dash0",
        recognises=lambda body: body.has("data.issue.checkrules") or body.has("data.issue.issueIdentifier"),
        read=_read,
    ),
)
