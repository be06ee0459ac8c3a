"""Better Stack: webhooks about its incidents."""

from collections.abc import Iterable

from tools.alerts.body import Body, joined
from tools.alerts.form import AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_STATES = words(firing="started", resolved="resolved", acknowledged="acknowledged")


def _read(body: Body) -> Iterable[Item]:
    incident = body.at("data.attributes")
    kind, state = body.text("data.type"), body.text("event")
    if kind.value != "incident":
        yield NoticeDraft(Meaning.COMMENT, f"Better Stack: {kind.value} {state.value}")
        return
    yield AlertDraft(
        title=joined(incident.text("name", "url"), incident.text("cause")),
        state=state or incident.text("status"),
        words=_STATES,
        service=incident.text("metadata.service", "name"),
        description=incident.text("cause"),
        started=incident.raw("started_at"),
        ended=incident.raw("resolved_at"),
        key=body.text("data.id"),
        labels={**incident.labels("metadata"), **incident.picked("url", "team_name", "http_method")},
        links=incident.links("origin_url", "url", "screenshot_url"),
    )


def _recognises(body: Body) -> bool:
    return body.has("data.attributes") and body.text("data.type").value in {
        "incident",
        "monitor",
        "on_call_calendar",
    }


FORMS = (
    Form(
        name="betterstack",
        product="Better Stack",
        recognises=_recognises,
        read=_read,
        aliases=("better-uptime",),
    ),
)
