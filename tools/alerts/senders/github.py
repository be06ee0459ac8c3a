"""GitHub: deployments and runs of workflows that deploy are changes; other events are recorded."""

import re
from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import Body, Text, joined
from tools.alerts.form import ChangeDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning

#: Names of workflows that change what runs.
_DEPLOYS = re.compile(r"deploy|release|rollout|rollback|publish|promote|ship", re.IGNORECASE)
_ENDED = {"success": True, "failure": False, "error": False, "timed_out": False}


def _read(body: Body) -> Iterable[Item]:
    if body.has("deployment_status.state"):
        yield _deployment(body)
    elif body.has("workflow_run"):
        yield _run(body)
    elif body.names("zen", "hook_id"):
        yield NoticeDraft(Meaning.TEST, "GitHub's ping of this webhook")
    elif body.has("release.tag_name") and body.get("action") == "published":
        yield ChangeDraft(
            service=body.text("repository.name"),
            kind=ChangeKind.DEPLOY,
            id=joined(body.text("repository.full_name"), body.text("release.tag_name"), by="@"),
            time=body.raw("release.published_at"),
            version_to=body.text("release.tag_name"),
            author=body.text("release.author.login"),
            summary=body.text("release.name", "release.tag_name"),
        )
    else:
        event = body.header("x-github-event").value or "event"
        yield NoticeDraft(Meaning.COMMENT, f"a GitHub {event} {body.text('action').value}".strip())


def _deployment(body: Body) -> ChangeDraft | NoticeDraft:
    state = body.text("deployment_status.state")
    if state.value not in _ENDED:
        return NoticeDraft(Meaning.COMMENT, f"a GitHub deployment is {state.value}")
    deployment = body.at("deployment")
    return ChangeDraft(
        service=deployment.text("payload.service") or body.text("repository.name"),
        kind=ChangeKind.DEPLOY,
        id=deployment.text("id"),
        time=body.raw("deployment_status.created_at", "deployment.updated_at"),
        version_to=_version(deployment),
        author=deployment.text("creator.login"),
        summary=joined(deployment.text("task"), deployment.text("environment"), state),
        commit=deployment.text("sha"),
        healthy=_ENDED[state.value],
        environment=deployment.text("environment"),
        hints=(deployment.text("environment"), deployment.text("description"), body.text("workflow.name")),
    )


def _version(deployment: Body) -> Text:
    """What its payload says, else its ref if that is no branch, which any commit may be, else its commit."""
    ref, commit = deployment.text("ref"), deployment.text("sha")
    is_version = re.search(r"\d", ref.value) is not None and "/" not in ref.value
    return deployment.text("payload.version") or (ref if is_version or not commit else commit)


def _run(body: Body) -> ChangeDraft | NoticeDraft:
    run = body.at("workflow_run")
    name, end = run.text("name"), run.text("conclusion")
    deploys = _DEPLOYS.search(f"{name.value} {run.text('path').value}") is not None
    if end.value not in _ENDED or not deploys:
        return NoticeDraft(
            Meaning.COMMENT, f"a build event, no alert: {name.value}: {end.value or 'not ended'}"
        )
    return ChangeDraft(
        service=body.text("repository.name"),
        kind=ChangeKind.DEPLOY,
        id=run.text("id"),
        time=run.raw("updated_at"),
        version_to=run.text("head_sha"),
        author=run.text("actor.login", "triggering_actor.login") or body.text("sender.login"),
        summary=joined(name, end),
        commit=run.text("head_sha"),
        healthy=_ENDED[end.value],
        hints=(name, run.text("path"), run.text("display_title")),
    )


def _recognises(body: Body) -> bool:
    if body.header("x-github-event"):
        return True
    known = ("workflow_run", "deployment_status", "deployment", "check_run", "check_suite", "release", "hook")
    return body.has("repository") and any(body.has(name) for name in known)


FORMS = (
    Form(name="github", product="GitHub", recognises=_recognises, read=_read, aliases=("gitea", "forgejo")),
)
