"""PagerDuty: Webhooks, which tell of its incidents, and Events v2, as it takes events itself."""

from collections.abc import Iterable

from tools.alerts.body import Body
from tools.alerts.form import AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

#: What happened to an incident, by the second half of `event_type`.
_EVENTS = words(
    firing="triggered reopened unacknowledged",
    resolved="resolved",
    acknowledged="acknowledged",
    comment="""annotated assigned delegated escalated reassigned priority_updated service_updated
        status_update_published responder.added responder.replied conference_bridge.updated
        custom_field_values.updated incident_type.changed role.assigned
        workflow.started workflow.completed""",
)
#: The same in Webhooks v1 and v2.
_OLDER_EVENTS = words(
    firing="trigger unacknowledge",
    resolved="resolve",
    acknowledged="acknowledge",
    comment="annotate assign delegate escalate custom",
)
_ACTIONS = words(firing="trigger", resolved="resolve", acknowledged="acknowledge")


def _webhook(body: Body) -> Iterable[Item]:
    event, data = body.at("event"), body.at("event.data")
    kind = event.text("event_type")
    if kind.value.startswith("pagey"):
        yield NoticeDraft(Meaning.TEST, "PagerDuty's test of this webhook")
        return
    if kind and not kind.value.startswith("incident."):
        yield NoticeDraft(Meaning.COMMENT, f"PagerDuty's {kind.value}")
        return
    title = data.text("title", "summary")
    if kind and not title:  # of a note, a responder, a workflow: the incident is only referred to
        yield NoticeDraft(Meaning.COMMENT, f"PagerDuty's {kind.value}: {data.text('incident.summary').value}")
        return
    word = kind.value.removeprefix("incident.")
    yield AlertDraft(
        title=title,
        state=kind._replace(value=word) if kind else data.text("status"),
        words=_EVENTS,
        service=data.text("service.summary", "service.name"),
        severity=data.text("priority.summary", "priority.name"),
        started=data.raw("created_at"),
        ended=event.raw("occurred_at"),
        key=data.text("id", "incident_key"),
        by=event.text("agent.summary", "agent.name", "agent.email"),
        page=data.text("incident_key"),
        labels=data.picked("incident_key", "urgency"),
        links=data.links("html_url", "self"),
    )


def _older(body: Body) -> Iterable[Item]:
    """Webhooks v1 and v2: a list of messages, each with its incident in `data` or beside its name."""
    for message in body.objects("messages"):
        kind = message.text("event", "type")
        incident = message.at("incident") if message.has("incident") else message.at("data.incident")
        title = incident.text("title", "trigger_summary_data.subject", "trigger_summary_data.description")
        if not title and not incident.text("incident_key", "id"):
            yield NoticeDraft(Meaning.COMMENT, f"PagerDuty's {kind.value}")
            continue
        yield AlertDraft(
            title=title or incident.text("incident_key", "id"),
            state=kind._replace(value=kind.value.removeprefix("incident.")),
            words=_OLDER_EVENTS,
            service=incident.text("service.summary", "service.name"),
            severity=incident.text("priority.summary", "priority.name"),
            started=incident.raw("created_at", "created_on"),
            ended=incident.raw("last_status_change_at", "last_status_change_on") or message.raw("created_on"),
            key=incident.text("id", "incident_key"),
            by=message.text("log_entries.0.agent.summary", "log_entries.0.agent.name"),
            page=incident.text("incident_key"),
            labels=incident.picked("incident_key", "urgency"),
            links=incident.links("html_url"),
        )


def _is_older(body: Body) -> bool:
    named = body.text("messages.0.event", "messages.0.type").value
    return named.startswith("incident.") and (
        body.has("messages.0.incident") or body.has("messages.0.data.incident")
    )


def _event(body: Body) -> Iterable[Item]:
    if body.names("payload") and not body.names("event_action"):
        # A change event of the same API has no action.
        yield NoticeDraft(Meaning.COMMENT, f"a change event: {body.text('payload.summary').value}")
        return
    event = body.at("payload")
    action = body.text("event_action")
    yield AlertDraft(
        title=event.text("summary") or body.text("dedup_key"),
        state=action,
        words=_ACTIONS,
        service=event.text("component", "custom_details.service", "group"),
        severity=event.text("severity"),
        description=event.text("custom_details.description", "custom_details.message", "custom_details"),
        started=event.raw("timestamp"),
        ended=event.raw("timestamp"),
        key=body.text("dedup_key"),
        group=event.text("group"),
        labels={
            **event.labels("custom_details"),
            **event.picked("source", "component", "class", "group"),
        },
        links={
            **{(link.text("text").value or "link"): link.text("href") for link in body.each("links")},
            "client_url": body.text("client_url"),
        },
    )


FORMS = (
    Form(
        name="pagerduty",
        product="PagerDuty Webhooks v3",
        recognises=lambda body: body.has("event.event_type") and body.has("event.data"),
        read=_webhook,
    ),
    Form(
        name="pagerduty-v2",
        product="PagerDuty Webhooks v1 and v2",
        recognises=_is_older,
        read=_older,
        aliases=("pagerduty",),
    ),
    Form(
        name="pagerduty-events",
        product="PagerDuty Events v2, as a drop-in",
        recognises=lambda body: body.names("event_action") or body.names("routing_key"),
        read=_event,
        aliases=("enqueue", "pagerduty"),
    ),
)
