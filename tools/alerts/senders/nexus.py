"""Nexus's own simple form: what a script or a cron job sends."""

from collections.abc import Iterable

from incidents.errors import AlertError
from tools.alerts.body import Body
from tools.alerts.form import FIRES, AlertDraft, Form


def _recognises(body: Body) -> bool:
    is_alone = isinstance(body.value, dict) and len(body.value) == 1
    return body.names("title", "service") or (is_alone and (body.names("title") or body.names("service")))


def _read(body: Body) -> Iterable[AlertDraft]:
    title, service = body.text("title"), body.text("service")
    for field in (title, service):
        if not field:
            raise AlertError(f"{field.path}: is missing or no text; a simple alert needs title and service")
    if body.get("labels") is not None and not isinstance(body.get("labels"), dict):
        raise AlertError(f"{body.path('labels')}: must be an object")
    yield AlertDraft(
        title=title,
        state=body.text("status") if body.get("status") is not None else FIRES,
        service=service,
        severity=body.text("severity"),
        description=body.text("description"),
        started=body.raw("started_at"),
        ended=body.raw("ended_at"),
        key=body.text("fingerprint"),
        group=body.text("group"),
        labels=body.labels("labels"),
        annotations=body.labels("annotations"),
        links={name: body.text(f"links.{name}") for name in body.labels("links")},
        exact_times=True,
    )


NEXUS = Form(
    name="nexus",
    product="Your own script",
    recognises=_recognises,
    read=_read,
    aliases=("simple",),
)
