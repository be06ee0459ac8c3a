"""AppDynamics: an HTTP request template with the names of its variables."""

from collections.abc import Iterable

from tools.alerts.body import NOTHING, Body
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.senders.generic import meaning_of_words

#: Names that tell where it is, as plain words.
_PLACES = ("applicationname", "tiername", "nodename", "affectedentityname", "policyname")


def _read(body: Body) -> Iterable[Item]:
    event = body.spelled("eventtype", "latesteventeventtype", "notificationtype")
    meaning = meaning_of_words(_phase(event.value))
    yield AlertDraft(
        title=body.spelled(
            "healthrulename", "policyname", "displayname", "eventname", "summarymessage", "summary"
        ),
        state=event if meaning is None else event._replace(value=meaning.value),
        service=body.spelled("tiername", "affectedentityname", "applicationname", "appname", "application"),
        severity=NOTHING if "CLOSE" in event.value else body.spelled("severity", "latesteventseverity"),
        description=body.spelled("summarymessage", "summary", "message"),
        started=body.raw("starttime", "eventTime", "event_time", "guid_time"),
        ended=body.raw("endtime", "eventTime", "event_time"),
        key=body.spelled("incidentid", "violationid"),
        labels={name: text.value for name in _PLACES if (text := body.spelled(name))},
        links={"deep_link": body.spelled("deeplink", "eventlink", "incidentlink", "controllerurl")},
    )


def _phase(event: str) -> str:
    """`POLICY_CLOSE_CRITICAL` closes, `POLICY_OPEN_CRITICAL` opens, `POLICY_CONTINUES_CRITICAL` goes on."""
    parts = event.upper().split("_")
    known = ("CLOSE", "CANCELED", "CANCELLED", "OPEN", "CONTINUES", "UPGRADED", "DOWNGRADED")
    phase = next((part for part in known if part in parts), event)
    return {"CONTINUES": "ongoing", "UPGRADED": "ongoing", "DOWNGRADED": "ongoing"}.get(phase, phase)


FORMS = (
    Form(
        name="appdynamics",
        product="AppDynamics",
        recognises=lambda body: (
            body.spelled("eventtype", "latesteventeventtype").value.startswith("POLICY_")
            or bool(body.spelled("healthrulename"))
        ),
        read=_read,
    ),
)
