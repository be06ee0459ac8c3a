"""Zabbix: a webhook of a media type whose body carries the usual macros under any spelling of their names."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tools.alerts.body import NO_TIME, Body, Raw, Text, joined, pairs, plain_word
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import words

_STATES = words(firing="problem 1", resolved="ok resolved 0", acknowledged="acknowledged", comment="update")
DEEPEST = 3
#: `{EVENT.NSEVERITY}`.
_LEVELS: Mapping[str, str] = {
    "0": "not classified", "1": "info", "2": "warning", "3": "average", "4": "high", "5": "disaster",
}  # fmt: skip


def _flat(body: Body) -> Body:
    """Macros may be sorted into objects: `{event: {id, value}, host: {name}}` is `event.id` and so on."""
    values: dict[str, object] = {}
    level = list(body.value.items()) if isinstance(body.value, dict) else []
    for _ in range(DEEPEST):
        values |= dict(level)
        objects = ((name, inner) for name, inner in level if isinstance(inner, dict))
        level = [(f"{name}.{key}", one) for name, inner in objects for key, one in inner.items()]
    return replace(body, value=values)


def _read(body: Body) -> Iterable[Item]:
    body = _flat(body)
    update = body.spelled("eventupdatestatus")
    value = body.spelled(
        "eventvalue", "triggervalue", "eventstatus", "triggerstatus", "status", "recoverystatus"
    )
    level = body.spelled("eventnseverity", "triggernseverity", "nseverity")
    word = body.spelled("eventseverity", "triggerseverity", "severity")
    tags = _tags(body)
    yield AlertDraft(
        title=body.spelled(
            "eventname", "triggername", "alertsubject", "subject", "name", "problem", "trigger"
        ),
        state=update._replace(value="update") if update.value == "1" and value.value != "0" else value,
        words=_STATES,
        service=Text(tags.get("service", ""), "event_tags"),
        severity=level._replace(value=_LEVELS[level.value]) if level.value in _LEVELS else word,
        description=body.spelled("alertmessage", "eventopdata", "triggerdescription", "message"),
        started=_time(body, "event", "timestamp"),
        ended=_time(body, "eventrecovery", "recoverytimestamp"),
        key=body.spelled("eventid", "problemid"),
        labels={**_places(body), **tags},
        links={"event": body.spelled("eventurl", "triggerurl", "zabbixurl")},
    )


def _tags(body: Body) -> dict[str, str]:
    """`{EVENT.TAGS}` is `a:b, c:d`; `{EVENT.TAGSJSON}` is a list of objects, as text."""
    tags = body.spelled("eventtagsjson", "eventtags", "tags")
    try:
        return dict(pairs(json.loads(tags.value)))
    except (ValueError, RecursionError):
        flat = body.value if isinstance(body.value, dict) else {}
        lists = [
            one for name, one in flat.items() if plain_word(name) in {"eventtags", "eventtagsjson", "tags"}
        ]
        return dict(pairs(tags.value)) | dict(pair for one in lists for pair in pairs(one))


def _places(body: Body) -> dict[str, str]:
    names = {
        "host": ("hostname", "host", "hosthost"),
        "ip": ("hostip", "ip"),
        "item": ("itemname", "itemkey"),
    }
    found = {name: body.spelled(*keys).value for name, keys in names.items()}
    return {name: value for name, value in found.items() if value}


def _time(body: Body, prefix: str, stamp: str) -> Raw:
    if seconds := body.spelled(stamp, f"{prefix}timestamp"):
        return Raw(seconds.value, seconds.path)
    date, clock = body.spelled(f"{prefix}date"), body.spelled(f"{prefix}time")
    if not (date and clock):
        return NO_TIME
    moment = joined(date._replace(value=date.value.replace(".", "-")), clock, by=" ")
    return Raw(moment.value, moment.path)


def _recognises(body: Body) -> bool:
    body = _flat(body) if body.has("event") and body.has("trigger") else body
    has_event = body.spelled("eventid", "eventvalue", "eventnseverity")
    has_trigger = body.spelled("triggerid", "triggername", "triggerstatus", "eventnseverity", "eventvalue")
    return bool(has_event and has_trigger) and not body.names("event_definition_id")


FORMS = (Form(name="zabbix", product="Zabbix", recognises=_recognises, read=_read),)
