"""Log lines that are JSON objects: which key is what, also where the settings do not name it."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from pydantic_core import from_json

from tools.live.files import remembered
from tools.live.logs.levels import object_level
from tools.live.logs.lines import Keys, LogLine, dig, without_colours
from tools.live.logs.times import Calendar, stated
from tools.live.telemetry_rows import LEVELS, LONGEST, cut

#: An id that is longer is none.
_ID = 64
#: Characters of a name.
_SHORT = 200
#: What loggers call it, the surest first, without case; looked for where the configured key is not there.
_ALIASES: dict[str, tuple[str, ...]] = {
    "time": (
        "time", "timestamp", "@timestamp", "ts", "@t", "t", "asctime", "datetime",
        "record.time.timestamp", "eventtime", "timeunixnano", "observedtimeunixnano", "timestamp_ns",
        "timemillis", "instant", "__realtime_timestamp", "starttime", "start_time", "startutc",
        "time_iso8601", "time_local", "date", "event_time", "log_time", "created", "created_at", "createdat",
        "dt", "time.iso", "@time", "timecreated.systemtime", "eventreceivedtime",
    ),
    "message": (
        "message", "msg", "@m", "@mt", "short_message", "record.message", "renderedmessage",
        "messagetemplate", "fields.message", "log", "event", "textpayload", "jsonpayload.message",
        "jsonpayload.msg", "body.stringvalue", "body.string_value", "body", "text", "log.message",
        "log_message", "event.original", "error.message", "eventname", "m",
    ),
    "level": (
        "level_name", "levelname", "level", "severity", "log.level", "@l", "lvl", "loglevel", "log_level",
        "severitytext", "severity_text", "severitynumber", "severity_number", "priority", "record.level.name",
        "s", "leveldisplayname", "l", "status",
    ),
    "service": (
        "service.name", "service", "servicename", "service_name", "app", "application", "syslog_identifier",
    ),
    "instance": (
        "instance", "host.name", "hostname", "pod", "kubernetes.pod_name", "kubernetes.pod.name", "_hostname",
        "host",
    ),
    "trace_id": ("trace_id", "traceid", "trace.id", "dd.trace_id", "@tr", "otel.trace_id", "mdc.traceid"),
    "span_id": ("span_id", "spanid", "span.id", "dd.span_id", "@sp", "otel.span_id", "mdc.spanid"),
}  # fmt: skip
#: A key that names a level, with whatever stands in front of it: `error_severity`, `app.logLevel`.
_LEVEL = re.compile(r"(?:severity|level)(?:_?(?:text|name))?$")
_MESSAGE = re.compile(r"(?:^|[._])(?:message|msg)$")
#: Keys of seconds have their fraction beside them.
_SECONDS = re.compile(r"seconds$", re.IGNORECASE)
_DEEP = 3
#: What Azure's Application Insights numbers, and where.
_NUMBERED = "severityLevel"
_APPLICATION_INSIGHTS: dict[object, str] = {0: "debug", 1: "info", 2: "warn", 3: "error", 4: "fatal"}
#: Keys found by the keys of an object: a file has a few kinds of objects, and many of each.
_MOST_SHAPES = 500
_shapes: dict[tuple[Keys, tuple[str, ...]], Keys] = {}
_PLAIN = Calendar()
_MESSAGE_AT, _LEVEL_AT = Keys._fields.index("message"), Keys._fields.index("level")
_HOLE = re.compile(r"\{[@$]?(\w+)(?:,[-\d]+)?(?::[^{}]*)?\}")
#: What a batch holds its events in: OTLP, CloudTrail, a subscription of CloudWatch.
_BATCHES = ("resourceLogs", "Records", "logEvents")


@remembered
def json_lines(text: bytes, keys: Keys, service: str, zone: tzinfo) -> tuple[LogLine, ...]:
    """The events of a JSON object, usually one, or of a list of them; none if it is none or has no time.

    Args:
        text: a line of a file.
        keys: what the object calls its parts.
        service: whose file it is, if that is known.
        zone: of times that name none.
    """
    calendar = _PLAIN if zone is UTC else Calendar(zone)
    found = parsed_object(text.decode("utf-8", errors="replace"))
    if found is not None and (line := event_line(found, keys, service, calendar)) is not None:
        return (line,)
    several = _events(found) if found is not None else _list(_parsed(text)) if text[:1] == b"[" else ()
    lines = (event_line(one, keys, service, calendar) for one in several)
    return tuple(line for line in lines if line is not None)


def parsed_object(text: str) -> dict[str, Any] | None:
    """A text as a JSON object, or None if it is none."""
    try:
        found = from_json(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _parsed(text: bytes) -> object:
    try:
        return from_json(text)
    except ValueError:
        return None


def object_line(found: Mapping[str, Any], keys: Keys) -> LogLine | None:
    """An object as a line by these keys, or None if it has no time or no message by them."""
    return event_line(found, keys) if dig(found, keys.message) is not None else None


def event_line(
    found: Mapping[str, Any],
    keys: Keys,
    service: str = "",
    calendar: Calendar = _PLAIN,
    at: datetime | None = None,
) -> LogLine | None:
    """An object as a line, also by other keys than these; None if it has no time and none is given.

    Args:
        found: the object.
        keys: what it calls its parts; other usual ones are looked for where these are not there.
        service: whose line it is, if that is known.
        calendar: the zone of a time that names none.
        at: its time, if that is known.
    """
    known = keys
    said = [found[key] if key in found else dig(found, key) for key in keys]
    time = at or stated(said[0], calendar)
    if time is None or said[_MESSAGE_AT] is None or said[_LEVEL_AT] is None:
        known = _known(found, keys)
        said = [dig(found, key) for key in known]
        time = at or _stated(found, known.time, calendar)
        if time is None or any(name in found for name in _BATCHES):
            return None
    _, whose, instance, level, message, trace, span = said
    return LogLine(
        time,
        service or _text(whose),
        _text(instance),
        _level(level, found, known),
        _message(message, found, known),
        _id(trace),
        _id(span),
    )


def _stated(found: Mapping[str, Any], key: str, calendar: Calendar) -> datetime | None:
    said = dig(found, key)
    if _SECONDS.search(key) and (nanos := dig(found, _SECONDS.sub("Nanos", key))) is not None:
        said = {"seconds": said, "nanos": nanos}
    return stated(said, calendar)


def _known(found: Mapping[str, Any], keys: Keys) -> Keys:
    """What the object calls its parts; objects with the same keys are many."""
    shape = (keys, tuple(found))
    known = _shapes.get(shape)
    if known is None or _lacks(found, known):
        known = _keys(found, keys)
        if len(_shapes) < _MOST_SHAPES:
            _shapes[shape] = known
    return known


def _lacks(found: Mapping[str, Any], known: Keys) -> bool:
    """Whether an object has not what others of its keys have; what is within it may have other keys."""
    if dig(found, known.time) is None:
        return True
    missing = dig(found, known.message) is None or dig(found, known.level) is None
    return missing and any(isinstance(value, dict) for value in found.values())


def _keys(found: Mapping[str, Any], keys: Keys) -> Keys:
    flat = dict(_flat(found, "", _DEEP))
    return Keys(*(_key(flat, found, name, said) for name, said in keys._asdict().items()))


def _key(flat: Mapping[str, str], found: Mapping[str, Any], name: str, said: str) -> str:
    """The configured key if the object has it, else the first that means the same."""
    if dig(found, said) is not None:
        return said
    for alias in _ALIASES[name]:
        key = flat.get(alias)
        if key is None:
            continue
        value = dig(found, key)
        if _is_usable(name, value, found):
            return key
    if name == "time":
        timed = (key for alias, key in flat.items() if "time" in alias and _is_time(dig(found, key)))
        return next(timed, said)
    # The level of this one may be none (DEFAULT), its message empty: those of others with its keys are not.
    if name == "level":
        named = [key for alias, key in flat.items() if _LEVEL.search(alias) and _is_level(found, key)]
        return next((key for key in named if _is_usable(name, dig(found, key), found)), (*named, said)[0])
    if name == "message":
        named = [key for alias, key in flat.items() if _MESSAGE.search(alias)]
        return next((key for key in named if isinstance(dig(found, key), str)), said)
    return said


def _is_level(found: Mapping[str, Any], key: str) -> bool:
    """Whether a key holds a word, or a number of those that mean a level wherever they stand."""
    return isinstance(dig(found, key), str) or key.endswith(_NUMBERED)


def _is_usable(name: str, value: object, found: Mapping[str, Any]) -> bool:
    if name == "time":
        return _is_time(value)
    if name == "level":
        return object_level(value, found) != ""
    return value not in (None, "") and not isinstance(value, dict | list)


def _is_time(value: object) -> bool:
    at = stated(value, _PLAIN)
    return at is not None and at.year > 1990


def _flat(found: Mapping[str, Any], before: str, deep: int) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        key = f"{before}{name}"
        yield key.lower(), key
        if isinstance(value, dict) and deep > 1:
            yield from _flat(value, f"{key}.", deep - 1)


def _level(said: object, found: Mapping[str, Any], keys: Keys) -> str:
    if isinstance(said, str) and said in LEVELS:  # the usual case, millions of times
        return LEVELS[said]
    if said is None and "@t" in found:  # CLEF leaves the level out where it is Information
        return "info"
    if keys.level.endswith(_NUMBERED) and said in _APPLICATION_INSIGHTS:
        return _APPLICATION_INSIGHTS[said]
    if keys.level == "status" and not (isinstance(said, str) and said.isalpha()):
        return ""  # the answer of a server
    return object_level(said, found)


def _message(said: object, found: Mapping[str, Any], keys: Keys) -> str:
    if said and isinstance(said, str) and "{" not in said and "\x1b" not in said and "\n" not in said:
        return said if len(said) <= LONGEST else cut(said)
    return cut(without_colours(_worded(said, found, keys)))


def _worded(said: object, found: Mapping[str, Any], keys: Keys) -> str:
    """A message in words; an object without one, such as a line of an access log, says its fields."""
    if said in (None, ""):
        left = {keys.time, keys.level}
        return " ".join(
            f"{name}={value}" for name, value in found.items() if name not in left and value not in (None, "")
        )
    if not isinstance(said, str):
        return json.dumps(said, ensure_ascii=False)
    if keys.message in ("@mt", "MessageTemplate"):
        holes = found.get("Properties", found)
        return _HOLE.sub(lambda hole: str(one) if (one := dig(holes, hole[1])) is not None else hole[0], said)
    return said.rstrip("\r\n")


def _events(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The events of a batch in one object."""
    for name in ("Records", "logEvents"):
        yield from (one for one in _list(found.get(name)))
    for resource in _list(found.get("resourceLogs")):
        about = _list(dig(resource, "resource.attributes"))
        attributes = {one.get("key"): dig(one, "value.stringValue") for one in about}
        beside = {"service.name": attributes.get("service.name"), "instance": attributes.get("host.name")}
        for scope in _list(resource.get("scopeLogs")):
            for record in _list(scope.get("logRecords")):
                yield {**beside, **record, "severityNumber": record.get("severityNumber")}


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    if isinstance(value, str) and len(value) <= _SHORT:
        return value
    if value is None:
        return ""
    return cut(value if isinstance(value, str) else str(value), _SHORT)


def _id(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _ID else ""
