"""Zabbix: a webhook of a media type whose body carries the usual macros under any spelling of their names."""

import json
from collections.abc import Iterable, Mapping

from tools.alerts.body import NO_TIME, Body, Raw, Text, joined, pairs
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import words

_STATES = words(firing="problem 1", resolved="ok resolved 0", acknowledged="acknowledged", comment="update")
#: `{EVENT.NSEVERITY}`.
_LEVELS: Mapping[str, str] = {
    "0": "not classified", "1": "info", "2": "warning", "3": "average", "4": "high", "5": "disaster",
}  # fmt: skip


def _read(body: Body) -> Iterable[Item]:
    update = body.spelled("eventupdatestatus")
    value = body.spelled(
        "eventvalue", "triggervalue", "eventstatus", "triggerstatus", "status", "recoverystatus"
    )
    level = body.spelled("eventnseverity", "triggernseverity", "nseverity")
    word = body.spelled("eventseverity", "triggerseverity", "severity")
    tags = _tags(body)
    yield AlertDraft(
        title=body.spelled(
            "eventname", "triggername", "trigger", "alertsubject", "subject", "name", "problem"
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
        return dict(pairs(tags.value)) | body.labels("tags", "event_tags", "event_tagsjson")


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
    has_event = body.spelled("eventid", "eventvalue", "eventnseverity")
    has_trigger = body.spelled("triggerid", "triggername", "triggerstatus", "eventnseverity", "eventvalue")
    return bool(has_event and has_trigger) and not body.names("event_definition_id")


FORMS = (Form(name="zabbix", product="Zabbix", recognises=_recognises, read=_read),)
