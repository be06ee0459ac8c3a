"""incident.io: webhooks about its incidents and alerts."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text
from tools.alerts.form import AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

#: Categories of an incident's status, and states of an alert.
_STATES = words(
    firing="triage active live firing",
    resolved="learning post_incident closed declined merged canceled resolved",
    silenced="paused",
)
_EVENTS = (
    "incident_created",
    "incident_updated",
    "incident_status_updated",
    "alert_created",
    "alert_updated",
)


def _read(body: Body) -> Iterable[Item]:
    kind = body.text("event_type")
    # The name of the event has a dot in it: it is no path.
    payload = Body(body.value.get(kind.value) if isinstance(body.value, dict) else None, where=kind.value)
    alert = payload.at("incident") if payload.has("incident") else payload
    if not any(event in kind.value for event in _EVENTS) or not alert.text("name", "title"):
        yield NoticeDraft(Meaning.COMMENT, f"incident.io: {kind.value}")
        return
    is_test = alert.text("mode").value in {"test", "tutorial"}
    yield AlertDraft(
        title=alert.text("name", "title"),
        state=alert.text("mode") if is_test else alert.text("incident_status.category", "status"),
        words={**_STATES, **words(test="test tutorial")},
        service=_service(alert),
        severity=alert.text("severity.name", "priority.name"),
        description=alert.text("summary", "description"),
        started=alert.raw("created_at"),
        ended=alert.raw("resolved_at", "updated_at"),
        key=alert.text("deduplication_key", "id"),
        labels=alert.picked("reference", "incident_type.name", "visibility"),
        links=alert.links("permalink", "source_url"),
    )


def _service(alert: Body) -> Text:
    """The value of the custom field that is called so."""
    for entry in alert.each("custom_field_entries"):
        if "service" in entry.text("custom_field.name").value.lower():
            return entry.text(
                "values.0.value_catalog_entry.name", "values.0.value_option.value", "values.0.value_text"
            )
    return alert.text("service", "attributes.service")


FORMS = (
    Form(
        name="incident-io",
        product="incident.io",
        recognises=lambda body: (
            body.text("event_type").value.startswith(("public_", "private_"))
            and body.names(body.text("event_type").value)
        ),
        read=_read,
        aliases=("incidentio",),
    ),
)
