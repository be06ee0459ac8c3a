"""Pingdom's state change webhook."""

from collections.abc import Iterable

from tools.alerts.body import NO_TIME, Body, in_utc, joined
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import Meaning, meaning_of


def _read(body: Body) -> Iterable[Item]:
    state = body.text("current_state")
    is_over = meaning_of(state.value) is Meaning.RESOLVED
    moment = body.raw("state_changed_timestamp") or in_utc(body.raw("state_changed_utc_time"))
    yield AlertDraft(
        title=joined(body.text("check_name"), body.text("description")),
        state=state,
        service=body.text("check_name"),
        severity=body.text("importance_level"),
        description=body.text("long_description"),
        started=NO_TIME if is_over else moment,
        ended=moment,
        key=body.text("check_id"),
        labels={
            **body.labels("tags"),
            **body.picked("check_params.hostname", "check_type", "first_probe.location"),
        },
        links=body.links("check_params.full_url"),
    )


FORMS = (
    Form(
        name="pingdom",
        product="Pingdom",
        recognises=lambda body: body.names("check_id", "current_state"),
        read=_read,
    ),
)
