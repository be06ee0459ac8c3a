"""Argo CD notifications: health is an alert, a sync is a change. The body is one's own template."""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from incidents.errors import AlertError
from tools.alerts.body import NOTHING, Body, Text, joined, plain_word
from tools.alerts.form import AlertDraft, ChangeDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_HEALTH = words(
    firing="degraded missing", resolved="healthy", comment="progressing suspended", no_data="unknown"
)
_ENDED = {"succeeded": True, "failed": False, "error": False}
_PHASES = {*_ENDED, "running", "terminating"}
#: What a trigger of the catalogue says where its template says no more.
_TRIGGERS = {
    "onsyncfailed": "Failed", "onsyncsucceeded": "Succeeded", "ondeployed": "Succeeded",
    "onsyncrunning": "Running", "onhealthdegraded": "Degraded",
}  # fmt: skip
_GONE = ("applicationdeleted", "ondeleted", "deleted")
_APP = ("app", "appname", "application", "applicationname")
_PHASE = ("phase", "operationphase", "operationstate", "operation", "syncphase", "operationstatus")
_HEALTHS = ("health", "healthstatus", "apphealth")
_SYNC = ("sync", "syncstatus")


class _Told:
    """What a template of one's own says, under any usual name; or the whole application."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.app = self._nested("metadata.name") or body.spelled(*_APP, "name")
        self.project = self._nested("spec.project") or body.spelled("project")
        self.phase = self._nested("status.operationState.phase") or body.spelled(*_PHASE)
        self.health = self._nested("status.health.status") or body.spelled(*_HEALTHS)
        self.revision = self._nested("status.sync.revision") or body.spelled(
            "revision", "syncrevision", "commit", "commitsha"
        )
        self.trigger = body.spelled("trigger", "event")
        said = self.trigger._replace(value=_TRIGGERS.get(plain_word(self.trigger.value), ""))
        for word in (body.spelled("status", "state"), said, self.phase):
            self._fill(word)

    def _nested(self, path: str) -> Text:
        return self.body.text(f"app.{path}", f"application.{path}")

    def _fill(self, word: Text) -> None:
        """A word under a name that both may have: of health or of an operation."""
        value = word.value.lower()
        if value in _HEALTH and (not self.health or self.phase == word):
            self.health, self.phase = word, NOTHING if self.phase == word else self.phase
        elif value in _PHASES and not self.phase:
            self.phase = word


def _read(body: Body) -> Iterable[Item]:
    told = _Told(body)
    if not told.app:
        raise AlertError(f"{told.app.path}: is missing; it says which application it is")
    state = told.phase.value or told.trigger.value or "no state"
    read = [*_change(told), *_alert(told)]
    yield from read or (NoticeDraft(Meaning.COMMENT, f"Argo CD: {told.app.value}: {state}"),)


def _change(told: _Told) -> Iterable[Item]:
    body, is_gone = told.body, plain_word(told.trigger.value) in _GONE
    if told.phase.value.lower() not in _ENDED and not is_gone:
        return
    is_healthy = {"healthy": True, "degraded": False}.get(told.health.value.lower())
    ended_well = _ENDED.get(told.phase.value.lower())
    yield ChangeDraft(
        service=told.app,
        kind=ChangeKind.INFRA if is_gone else ChangeKind.DEPLOY,
        id=joined(told.app, told.revision, by="@") if told.revision and not is_gone else NOTHING,
        time=body.raw(
            "app.status.operationState.finishedAt", "finished_at", "finishedAt", "time", "timestamp"
        ),
        version_to=told.revision,
        author=body.text("app.status.operationState.operation.initiatedBy.username", "author", "user"),
        summary=body.text("message") or joined(told.app, told.trigger if is_gone else told.phase),
        environment=body.text(
            "app.metadata.labels.environment", "app.metadata.labels.env", "environment", "env"
        ),
        commit=told.revision,
        healthy=ended_well and is_healthy is not False if told.health else ended_well,
    )


def _alert(told: _Told) -> Iterable[Item]:
    if not told.health:
        return
    body = told.body
    yield AlertDraft(
        title=body.text("message", "app.status.health.message") or joined(told.app, told.health),
        state=told.health,
        words=_HEALTH,
        service=told.app,
        started=body.raw("app.status.health.lastTransitionTime", "time", "timestamp"),
        ended=body.raw("app.status.health.lastTransitionTime", "time", "timestamp"),
        key=joined(told.project, told.app, by="/"),
        labels=body.picked(
            "project", "sync", "revision", "namespace", "cluster", "app.spec.destination.namespace"
        ),
        links=body.links("context.argocdUrl", "url"),
    )


def _recognises(body: Body) -> bool:
    if body.has("app.metadata") or body.has("application.metadata") or body.has("context.argocdUrl"):
        return True
    if not body.spelled(*_APP) or body.names("title"):
        return False
    has_state = body.spelled(*_PHASE, *_HEALTHS, *_SYNC)
    trigger = plain_word(body.spelled("trigger", "event").value)
    is_synced = body.spelled("status", "state").value.lower() in _PHASES and body.spelled(
        "repository", "repo", "repourl", "revision", "targetrevision"
    )
    return bool(has_state or is_synced) or trigger in _TRIGGERS or trigger == _GONE[0]


FORMS = (Form(name="argocd", product="Argo CD", recognises=_recognises, read=_read, aliases=("argo-cd",)),)
