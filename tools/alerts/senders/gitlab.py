"""GitLab: deployments are changes, its alerts alerts; pipelines and the rest are recorded."""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import Body, Text, joined
from tools.alerts.form import AlertDraft, ChangeDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_ENDED = {"success": True, "failed": False}
_STATES = words(firing="triggered", resolved="resolved", acknowledged="acknowledged", silenced="ignored")


def _read(body: Body) -> Iterable[Item]:
    kind = body.text("object_kind")
    if kind.value == "deployment":
        yield _deployment(body)
    elif kind.value == "pipeline":
        yield _pipeline(body)
    elif kind.value == "alert":
        yield _alert(body)
    else:
        yield NoticeDraft(Meaning.COMMENT, f"a GitLab {kind.value}")


def _deployment(body: Body) -> ChangeDraft | NoticeDraft:
    state = body.text("status")
    if state.value not in _ENDED:
        return NoticeDraft(Meaning.COMMENT, f"a GitLab deployment is {state.value}")
    return ChangeDraft(
        service=body.text("project.name", "project.path_with_namespace"),
        kind=ChangeKind.DEPLOY,
        id=body.text("deployment_id"),
        time=body.raw("status_changed_at"),
        version_to=body.text("short_sha", "ref"),
        author=body.text("user.username", "user.name"),
        summary=joined(body.text("environment"), body.text("commit_title"), state),
        commit=_commit(body),
        healthy=_ENDED[state.value],
        environment=body.text("environment"),
        hints=(body.text("environment"), body.text("ref")),
    )


def _commit(body: Body) -> Text:
    url = body.text("commit_url")
    return url._replace(value=url.value.rpartition("/")[2]) or body.text("short_sha")


def _pipeline(body: Body) -> ChangeDraft | NoticeDraft:
    """A change if one of its jobs deployed."""
    run = body.at("object_attributes")
    state = run.text("status")
    deployed = next(
        (job for job in body.each("builds") if job.text("environment.action").value == "start"), None
    )
    if deployed is None or state.value not in _ENDED:
        name = run.text("name").value or body.text("project.name").value
        return NoticeDraft(Meaning.COMMENT, f"a build event, no alert: {name}: {state.value}")
    return ChangeDraft(
        service=body.text("project.name"),
        kind=ChangeKind.DEPLOY,
        id=run.text("id"),
        time=deployed.raw("finished_at") or run.raw("finished_at"),
        version_to=run.text("sha"),
        author=body.text("user.username"),
        summary=joined(deployed.text("name"), deployed.text("environment.name"), deployed.text("status")),
        commit=run.text("sha"),
        healthy=_ENDED.get(deployed.text("status").value),
        environment=deployed.text("environment.name"),
        hints=(deployed.text("name"), deployed.text("environment.name")),
    )


def _alert(body: Body) -> AlertDraft:
    alert = body.at("object_attributes")
    return AlertDraft(
        title=alert.text("title"),
        state=alert.text("status"),
        words=_STATES,
        service=alert.text("service") or body.text("project.name"),
        severity=alert.text("severity"),
        description=alert.text("description"),
        started=alert.raw("started_at"),
        ended=alert.raw("ended_at"),
        key=joined(body.text("project.path_with_namespace", "project.id"), alert.text("iid", "id"), by="#"),
        labels=alert.picked("monitoring_tool", "events", "environment"),
        links=alert.links("url"),
    )


def _recognises(body: Body) -> bool:
    return body.names("object_kind") and (body.has("project") or bool(body.header("x-gitlab-event")))


FORMS = (Form(name="gitlab", product="GitLab", recognises=_recognises, read=_read),)
