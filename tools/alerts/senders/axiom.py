"""Axiom's monitors."""

import re
from collections.abc import Iterable

from tools.alerts.body import NO_TIME, Body
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import Meaning, meaning_of

_PREFIX = re.compile(r"^(?:Triggered|Resolved|Opened|Closed):\s*", re.IGNORECASE)


def _read(body: Body) -> Iterable[Item]:
    event, state = body.at("event"), body.text("action")
    title = event.text("title", "body")
    yield AlertDraft(
        title=title._replace(value=_PREFIX.sub("", title.value)),
        state=state,
        service=event.text("matchedEvent.service", "groupValues.service"),
        description=event.text("description", "body"),
        started=NO_TIME if meaning_of(state.value) is Meaning.RESOLVED else event.raw("timestamp"),
        ended=event.raw("timestamp"),
        key=event.text("monitorID"),
        labels=event.labels("matchedEvent", "groupValues"),
    )


FORMS = (
    Form(name="axiom", product="Axiom", recognises=lambda body: body.has("event.monitorID"), read=_read),
)
