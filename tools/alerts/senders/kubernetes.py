"""Kubernetes: warnings of its events; they have no ends."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text, joined
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.identity import workload_of
from tools.alerts.meaning import Meaning


def _read(body: Body) -> Iterable[Item]:
    event = _event(body)
    about = event.at("involvedObject" if event.has("involvedObject") else "regarding")
    kind, name, reason = about.text("kind"), about.text("name"), event.text("reason")
    if event.text("type").value != "Warning":
        yield NoticeDraft(Meaning.COMMENT, f"{kind.value} {name.value}: {reason.value}")
        return
    workload = name._replace(value=workload_of(name.value)) if kind.value in {"Pod", "ReplicaSet"} else name
    yield AlertDraft(
        title=joined(joined(kind, name, by=" "), reason),
        state=FIRES,
        service=Text("", name.path) if kind.value in {"Node", "Namespace"} else workload,
        severity=Text("warning", event.path("type")),
        description=event.text("message", "note"),
        started=event.raw(
            "eventTime", "firstTimestamp", "deprecatedFirstTimestamp", "metadata.creationTimestamp"
        ),
        key=joined(about.text("namespace"), kind, workload, reason, by="/"),
        labels={
            **about.picked("namespace"),
            kind.value.lower() or "object": name.value,
            **event.picked("reason", "source.component", "source.host", "reportingComponent"),
        },
    )


def _event(body: Body) -> Body:
    """The event, also inside of what a watch tells."""
    return body.at("object") if body.has("object.reason") else body


def _recognises(body: Body) -> bool:
    event = _event(body)
    is_about = event.has("involvedObject.kind") or event.has("regarding.kind")
    return is_about and event.has("type") and not event.has("severity")


FORMS = (
    Form(
        name="kubernetes",
        product="Kubernetes events",
        recognises=_recognises,
        read=_read,
        aliases=("k8s",),
    ),
)
