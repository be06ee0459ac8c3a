"""Argo CD notifications: health is an alert, a sync is a change. The body is one's own template."""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import NOTHING, Body, Text, joined
from tools.alerts.form import AlertDraft, ChangeDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_HEALTH = words(
    firing="degraded missing", resolved="healthy", comment="progressing suspended", no_data="unknown"
)
_ENDED = {"succeeded": True, "failed": False, "error": False}


def _read(body: Body) -> Iterable[Item]:
    app = body.text(
        "app.metadata.name", "application.metadata.name", "app", "application", "app_name", "name"
    )
    project = body.text("app.spec.project", "application.spec.project", "project")
    phase = body.text(
        "app.status.operationState.phase", "application.status.operationState.phase", "operation", "phase"
    )
    health = body.text("app.status.health.status", "application.status.health.status", "health")
    if not health and phase.value.lower() in _HEALTH:
        health, phase = phase, NOTHING
    read = [*_change(body, app, phase, health), *_alert(body, app, project, health)]
    yield from read or (NoticeDraft(Meaning.COMMENT, f"Argo CD: {app.value}: {phase.value or 'no state'}"),)


def _change(body: Body, app: Text, phase: Text, health: Text) -> Iterable[Item]:
    if phase.value.lower() not in _ENDED:
        return
    revision = body.text("app.status.sync.revision", "application.status.sync.revision", "revision", "commit")
    is_healthy = {"healthy": True, "degraded": False}.get(health.value.lower())
    yield ChangeDraft(
        service=app,
        kind=ChangeKind.DEPLOY,
        id=joined(app, revision, by="@") if revision else NOTHING,
        time=body.raw(
            "app.status.operationState.finishedAt", "finished_at", "finishedAt", "time", "timestamp"
        ),
        version_to=revision,
        author=body.text("app.status.operationState.operation.initiatedBy.username", "author", "user"),
        summary=body.text("message") or joined(app, phase),
        environment=body.text(
            "app.metadata.labels.environment", "app.metadata.labels.env", "environment", "env"
        ),
        commit=revision,
        healthy=_ENDED[phase.value.lower()] and is_healthy is not False
        if health
        else _ENDED[phase.value.lower()],
    )


def _alert(body: Body, app: Text, project: Text, health: Text) -> Iterable[Item]:
    if not health:
        return
    yield AlertDraft(
        title=body.text("message", "app.status.health.message") or joined(app, health),
        state=health,
        words=_HEALTH,
        service=app,
        started=body.raw("app.status.health.lastTransitionTime", "time", "timestamp"),
        ended=body.raw("app.status.health.lastTransitionTime", "time", "timestamp"),
        key=joined(project, app, by="/"),
        labels=body.picked(
            "project", "sync", "revision", "namespace", "cluster", "app.spec.destination.namespace"
        ),
        links=body.links("context.argocdUrl", "url"),
    )


def _recognises(body: Body) -> bool:
    if body.has("app.metadata") or body.has("application.metadata") or body.has("context.argocdUrl"):
        return True
    has_state = body.names("phase") or body.names("health") or body.names("sync")
    return (body.names("app") or body.names("application")) and has_state and not body.names("title")


FORMS = (Form(name="argocd", product="Argo CD", recognises=_recognises, read=_read, aliases=("argo-cd",)),)
