"""Uptime Kuma."""

from collections.abc import Iterable

from tools.alerts.body import NO_TIME, Body, in_utc, joined
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, meaning_of, words

_STATES = words(firing="0", resolved="1", pending="2", silenced="3")


def _read(body: Body) -> Iterable[Item]:
    beat, message = body.at("heartbeat"), body.text("msg")
    if beat.value is None:
        is_test = "testing" in message.value.lower()
        if is_test or not message:
            yield NoticeDraft(Meaning.TEST if is_test else Meaning.COMMENT, f"Uptime Kuma: {message.value}")
        else:  # a certificate that runs out has no heartbeat
            yield AlertDraft(title=message, state=FIRES, service=body.text("monitor.name"))
        return
    state = beat.text("status")
    is_over = meaning_of(state.value, _STATES) is Meaning.RESOLVED
    moment = in_utc(beat.raw("time"))
    yield AlertDraft(
        title=message or joined(body.text("monitor.name"), beat.text("msg")),
        state=state,
        words=_STATES,
        service=body.text("monitor.name"),
        description=beat.text("msg"),
        started=NO_TIME if is_over else moment,
        ended=moment,
        key=body.text("monitor.id", "heartbeat.monitorID"),
        labels={
            **body.labels("monitor.tags"),
            **body.picked("monitor.hostname", "monitor.url", "monitor.type"),
        },
        links=body.links("monitor.url"),
    )


FORMS = (
    Form(
        name="uptime-kuma",
        product="Uptime Kuma",
        recognises=lambda body: body.names("heartbeat", "monitor"),
        read=_read,
        aliases=("kuma",),
    ),
)
