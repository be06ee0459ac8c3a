"""Datadog's webhook: its default payload, or one's own made of its variables."""

import re
from collections.abc import Iterable

from tools.alerts.body import NO_TIME, NOTHING, Body, Text, joined, scalar
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, meaning_of, words

_TRANSITIONS = words(
    firing="triggered re-triggered warn re-warn no_data re-no_data renotify",
    resolved="recovered",
    test="test",
    silenced="muted unmuted",
)
#: `[P2] [Triggered on {service:payment}] Error rate`: the state stands in a bracket of the title.
_BRACKET = re.compile(r"\[\s*([A-Za-z][A-Za-z -]*?)(?:\s+on\s+\{?([^\]}]*)\}?)?\s*\]\s*")
_PRIORITY = re.compile(r"\[\s*(P[1-5])\s*\]\s*")
#: `**service:payment**` in the text of an event.
_BOLD = re.compile(r"\*\*([\w.-]+:[^*\s]+)\*\*")
_MARKS = re.compile(r"^%%%\s*|\s*%%%$")


def _recognises(body: Body) -> bool:
    if body.names("alert_transition"):
        return True
    is_event = body.names("event_type", "title") or body.names("event_type", "body")
    return is_event and (body.names("last_updated") or body.names("org") or body.names("body"))


def _read(body: Body) -> Iterable[Item]:
    title = body.text("alert_title", "title", "event_title")
    bracket, priority = _BRACKET.search(title.value), _PRIORITY.search(title.value)
    name = title._replace(value=_BRACKET.sub("", _PRIORITY.sub("", title.value)).strip() or title.value)
    if name.value.startswith("[TEST]") or body.text("event_type").value == "test":
        yield NoticeDraft(Meaning.TEST, "Datadog's test of this webhook")
        return
    text = body.text("body", "event_msg", "message", "text_only_msg")
    scope = bracket[2] if bracket is not None and bracket[2] else scalar(body.get("alert_scope"))
    labels = _labels(body, scope, text.value)
    state = body.text("alert_transition", "transition") or _in_bracket(title, bracket) or FIRES
    is_over = meaning_of(state.value, _TRANSITIONS) is Meaning.RESOLVED
    yield AlertDraft(
        title=name,
        state=state,
        words=_TRANSITIONS,
        service=Text(labels.get("service", ""), "tags"),
        severity=body.text("alert_priority", "priority", "severity")
        or (title._replace(value=priority[1]) if priority is not None else NOTHING),
        description=text._replace(value=_MARKS.sub("", text.value)),
        started=body.raw("alert_start", "start")
        or (NO_TIME if is_over else body.raw("date", "last_updated")),
        ended=body.raw("date", "last_updated"),
        key=_key(body, scope),
        group=body.text("alert_cycle_key"),
        labels=labels,
        links=body.links("link", "url", "snapshot"),
        repeat=state.value.lower() in {"re-triggered", "re-warn", "re-no data", "renotify"},
    )


def _in_bracket(title: Text, bracket: re.Match[str] | None) -> Text:
    known = bracket is not None and meaning_of(bracket[1], _TRANSITIONS) is not None
    return title._replace(value=bracket[1]) if bracket is not None and known else NOTHING


def _labels(body: Body, scope: str, text: str) -> dict[str, str]:
    labels = body.labels("tags")
    for tags in (scope, ",".join(_BOLD.findall(text))):
        labels |= Body({"tags": tags}).labels("tags")
    return labels | body.picked("hostname", "host")


def _key(body: Body, scope: str) -> Text:
    """The monitor and what of it; `id` is the event's, another one at the end."""
    if key := body.text("aggreg_key", "aggregation_key"):
        return key
    monitor = body.text("monitor_id", "alert_id")
    scopes = body.text("scopes", "alert_scope") or Text(scope, "title")
    return joined(monitor, scopes, by=":") if monitor else NOTHING


FORMS = (Form(name="datadog", product="Datadog", recognises=_recognises, read=_read),)
