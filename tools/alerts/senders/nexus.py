"""Nexus's own simple forms: what a script or a cron job sends, an alert or a change that it made."""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from incidents.errors import AlertError
from tools.alerts.body import Body, Text, joined
from tools.alerts.cleaning import clean
from tools.alerts.form import FIRES, AlertDraft, ChangeDraft, Form, Item
from tools.alerts.objects import Objects
from tools.alerts.senders.generic import told_beside


def _recognises(body: Body) -> bool:
    is_alone = isinstance(body.value, dict) and len(body.value) == 1
    is_flat = not any(isinstance(body.get(name), dict) for name in ("service", "status", "severity"))
    is_part = is_alone and (body.names("title") or body.names("service"))
    return (body.names("title", "service") and is_flat) or is_part or _is_change(body)


def _is_change(body: Body) -> bool:
    change = body.get("change")
    return isinstance(change, dict) and ("service" in change or body.value == {"change": change})


def _read(body: Body) -> Iterable[Item]:
    yield _change(body.at("change")) if _is_change(body) else _alert(body)


def _change(change: Body) -> ChangeDraft:
    """What was changed, in the words of a recording's `changes.jsonl`."""
    kind, healthy = change.text("kind"), change.get("healthy")
    if kind and kind.value not in set(ChangeKind):
        known = ", ".join(ChangeKind)
        raise AlertError(f"{kind.path}: must be one of {known}; it is {clean(kind.value, 40)!r}")
    if not isinstance(healthy, bool | None):
        raise AlertError(f"{change.path('healthy')}: must be true or false")
    version, commit = change.text("version_to", "version"), change.text("commit")
    return ChangeDraft(
        service=change.text("service"),
        kind=ChangeKind(kind.value) if kind else ChangeKind.DEPLOY,
        id=change.text("id"),
        time=change.raw("time"),
        version_from=change.text("version_from"),
        version_to=version,
        author=change.text("author"),
        summary=change.text("summary") or joined(change.text("service"), version or commit, by=" "),
        commit=commit,
        healthy=healthy,
        environment=change.text("environment"),
    )


def _alert(body: Body) -> AlertDraft:
    title, service = body.text("title"), body.text("service")
    for field in (title, service):
        if not field:
            raise AlertError(f"{field.path}: is missing or no text; a simple alert needs title and service")
    if body.get("labels") is not None and not isinstance(body.get("labels"), dict):
        raise AlertError(f"{body.path('labels')}: must be an object")
    return AlertDraft(
        title=title,
        state=body.text("status") if body.get("status") is not None else _told_elsewhere(body),
        service=service,
        severity=body.text("severity"),
        description=body.text("description"),
        started=body.raw("started_at", "starts_at", "startsAt"),
        ended=body.raw("ended_at", "ends_at", "endsAt"),
        key=body.text("fingerprint"),
        group=body.text("group"),
        labels=body.labels("labels"),
        annotations=body.labels("annotations"),
        links={name: body.text(f"links.{name}") for name in body.labels("links")},
        exact_times=True,
    )


def _told_elsewhere(body: Body) -> Text:
    """How it stands by the event that carried it, or by another field of the body."""
    return told_beside(body) or Objects(body, 1).state("") or FIRES


NEXUS = Form(
    name="nexus",
    product="Your own script",
    recognises=_recognises,
    read=_read,
    aliases=("simple",),
)
