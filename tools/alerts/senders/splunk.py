"""Splunk: the webhook of a saved search, Observability Cloud (SignalFx) and On-Call (VictorOps)."""

from collections.abc import Iterable

from tools.alerts.body import Body, Raw, Text, joined
from tools.alerts.form import FIRES, AlertDraft, Form, Item
from tools.alerts.meaning import words


def _search(body: Body) -> Iterable[Item]:
    result = body.at("result")
    yield AlertDraft(
        title=body.text("search_name"),
        state=result.text("alert_state") or FIRES,
        service=result.spelled("service", "servicename", "application"),
        severity=result.spelled("severity", "urgency", "loglevel"),
        description=result.spelled("message", "description", "raw"),
        started=result.raw("_time"),
        key=joined(body.text("search_name"), result.spelled("service"), result.spelled("host"), by="/"),
        labels={**result.labels(""), **body.picked("app", "owner")},
        links=body.links("results_link"),
    )


_CONDITIONS = words(firing="anomalous", resolved="ok manually_resolved stopped", pending="too_old")


_SERVICE = ("service", "sf_service", "service.name", "app")


def _inputs(body: Body) -> Iterable[str]:
    """Where the dimensions of each signal stand that a detector reads."""
    inputs = body.get("inputs")
    names = inputs if isinstance(inputs, dict) else ()
    return (f"inputs.{name}.key" for name in names if "." not in name)


def _signal(body: Body) -> Iterable[Item]:
    labels = body.labels("dimensions", *_inputs(body))
    service = next((Text(labels[name], "dimensions") for name in _SERVICE if labels.get(name)), None)
    yield AlertDraft(
        title=body.text("messageTitle", "inputs.messageTitle", "rule", "inputs.rule", "detector"),
        state=body.text("status", "statusExtended"),
        words=_CONDITIONS,
        service=service or Text("", "dimensions.service"),
        severity=body.text("severity"),
        description=body.text("messageBody", "description", "inputs.description"),
        started=body.raw("timestampISO8601", "timestamp"),
        ended=body.raw("timestampISO8601", "timestamp"),
        key=body.text("incidentId"),
        labels={
            **labels,
            **body.picked("detector", "rule", "originatingMetric", "eventType"),
        },
        links=body.links("detectorUrl", "runbookUrl", "imageUrl"),
    )


_MESSAGES = words(
    firing="critical warning unacked",
    resolved="recovery resolved ok",
    acknowledged="acknowledgement acked",
    comment="info",
)

_NAMES = ("entitydisplayname", "stateentitydisplayname", "alertentitydisplayname")
_PLACES = ("hostname", "host", "monitoringtool", "routingkey", "service", "team")
_KEYS = ("entityid", "stateentityid", "alertentityid")


def _on_call(body: Body) -> Iterable[Item]:
    state = body.spelled("messagetype", "statecurrentalertphase", "alertmessagetype", "currentalertphase")
    is_severity = state.value.lower() in {"critical", "warning"}
    yield AlertDraft(
        title=body.spelled(*_NAMES, *_KEYS),
        state=state,
        words=_MESSAGES,
        service=body.spelled("service", "servicename", "alertservice"),
        severity=state if is_severity else Text("", "severity"),
        description=body.spelled("statemessage", "alertstatemessage", "statestatemessage"),
        started=_since(body),
        ended=_since(body),
        key=body.spelled(*_KEYS),
        labels={name: text.value for name in _PLACES if (text := body.spelled(name))},
        links={"alert_url": body.spelled("alerturl", "stateincidentlink")},
    )


def _since(body: Body) -> Raw:
    return body.raw("state_start_time", "timestamp", "ALERT.state_start_time", "ALERT.timestamp")


FORMS = (
    Form(
        name="splunk",
        product="Splunk saved searches",
        recognises=lambda body: (
            body.names("search_name") and (body.names("results_link") or body.names("result"))
        ),
        read=_search,
    ),
    Form(
        name="splunk-observability",
        product="Splunk Observability Cloud",
        recognises=lambda body: (
            body.names("incidentId") and (body.names("detectorUrl") or body.names("detector"))
        ),
        read=_signal,
        aliases=("signalfx",),
    ),
    Form(
        name="splunk-oncall",
        product="Splunk On-Call (VictorOps)",
        recognises=lambda body: (
            bool(body.spelled("messagetype") and body.spelled("entityid", "statemessage"))
            or bool(body.spelled("statecurrentalertphase"))
        ),
        read=_on_call,
        aliases=("victorops",),
    ),
)
