"""AppDynamics: an HTTP request template with the names of its variables, flat, nested or a list of events."""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import NOTHING, Body, Raw, Text, joined
from tools.alerts.form import AlertDraft, ChangeDraft, Form, Item
from tools.alerts.meaning import meaning_of_words

#: Names that tell where it is, as plain words.
_PLACES = ("applicationname", "tiername", "nodename", "affectedentityname", "policyname")
#: Events by which AppDynamics tells that the system was changed.
_CHANGES = {
    "APPLICATION_DEPLOYMENT": ChangeKind.DEPLOY,
    "APPLICATION_CONFIG_CHANGE": ChangeKind.CONFIG,
    "APP_SERVER_RESTART": ChangeKind.INFRA,
}
_TYPES = ("eventtype", "eventtypekey", "latesteventeventtype", "notificationtype")


def _events(body: Body) -> list[Body]:
    """The events of a body: a list, one in an object, or the body itself."""
    events = [one for one in body.each("events") if isinstance(one.value, dict)]
    return events or ([body.at("event")] if isinstance(body.get("event"), dict) else [body])


def _read(body: Body) -> Iterable[Item]:
    for event in _events(body):
        kind = event.spelled(*_TYPES)
        changed = _CHANGES.get(kind.value.upper())
        yield _change(event, kind, changed) if changed is not None else _alert(event, kind, body)


def _alert(event: Body, kind: Text, body: Body) -> AlertDraft:
    state = kind or event.spelled("displayname", "eventname")
    meaning = meaning_of_words(_phase(state.value) if kind else state.value)
    is_over = "CLOSE" in state.value or "CANCEL" in state.value
    summary = event.spelled("summarymessage", "summary", "eventmessage", "message")
    time = event.spelled("eventtime", "guidtime", "time", "timestamp")
    return AlertDraft(
        title=event.spelled("healthrulename") or event.text("healthRule.name") or _words(event, body),
        state=state if meaning is None else state._replace(value=meaning.value),
        service=_service(event),
        severity=NOTHING if is_over else event.spelled("severity", "latesteventseverity"),
        description=summary,
        started=_raw(event.spelled("starttime") or time),
        ended=_raw(event.spelled("endtime") or time),
        key=event.spelled("incidentid", "violationid") or event.text("incident.id"),
        labels=_places(event),
        links={"deep_link": event.spelled("deeplink", "eventdeeplink", "eventlink", "incidentlink")},
    )


def _words(event: Body, body: Body) -> Text:
    """What an event without a health rule is called; a policy only says whom it is told."""
    summary = event.spelled("summarymessage", "summary", "displayname", "eventname", "eventmessage")
    return summary or body.spelled("policyname")


def _service(event: Body) -> Text:
    named = event.spelled("tiername") or event.text("tier.name")
    entity = event.spelled("affectedentityname", "tier") or event.text("affectedEntities.0.name")
    application = event.spelled("applicationname", "appname", "application") or event.text("application.name")
    return named or entity or application


def _places(event: Body) -> dict[str, str]:
    found = {name: event.spelled(name) or event.text(f"{name.removesuffix('name')}.name") for name in _PLACES}
    return {name: text.value for name, text in found.items() if text}


def _change(event: Body, kind: Text, changed: ChangeKind) -> ChangeDraft:
    return ChangeDraft(
        service=_service(event),
        kind=changed,
        id=joined(kind, event.spelled("eventid", "id", "guid", "eventguid"), by="/"),
        time=_raw(event.spelled("eventtime", "time", "timestamp")),
        version_to=event.spelled("version", "releaseversion"),
        summary=event.spelled("summarymessage", "summary", "eventmessage"),
    )


def _raw(text: Text) -> Raw:
    return Raw(text.value or None, text.path)


def _phase(event: str) -> str:
    """`POLICY_CLOSE_CRITICAL` closes, `POLICY_OPEN_CRITICAL` opens, `POLICY_CONTINUES_CRITICAL` goes on."""
    parts = event.upper().split("_")
    known = ("CLOSE", "CANCELED", "CANCELLED", "OPEN", "CONTINUES", "UPGRADED", "DOWNGRADED")
    phase = next((part for part in known if part in parts), event)
    return {"CONTINUES": "ongoing", "UPGRADED": "ongoing", "DOWNGRADED": "ongoing"}.get(phase, phase)


def _recognises(body: Body) -> bool:
    event = _events(body)[0]
    kind = event.spelled(*_TYPES).value.upper()
    has_link = "#location=APP_" in event.spelled("deeplink", "eventdeeplink").value
    return kind.startswith("POLICY_") or kind in _CHANGES or bool(event.spelled("healthrulename")) or has_link


FORMS = (Form(name="appdynamics", product="AppDynamics", recognises=_recognises, read=_read),)
