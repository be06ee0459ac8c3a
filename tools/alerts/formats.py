"""Alert bodies as they come from outside, read into alerts. Everything in them is untrusted.

A further vendor is one function and one row of `_FORMS`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from incidents.alert import Alert, AlertStatus, Label
from incidents.catalogue import Catalogue
from incidents.errors import AlertError
from tools.alerts.times import SentTime, read_time
from tools.redaction.redact import redact
from tools.wording import CONTROL

#: A webhook of hundreds of alerts is below this; more is a mistake or an attack.
LARGEST = 1_000_000
#: Real bodies nest five deep.
DEEPEST = 20
#: More alerts than this in one body are cut, for a person reads them.
MOST_ALERTS = 200
MOST_LABELS = 60
LONGEST_TITLE = 300
LONGEST_TEXT = 2000
LONGEST_NAME = 200

#: Labels that may name the service, the most particular first.
_SERVICE_LABELS = (
    "service", "service_name", "app", "application", "app_kubernetes_io_name", "component", "deployment",
    "workload", "container", "job",
)  # fmt: skip

#: The halves of characters that JSON names by two escapes.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

Json = Mapping[str, object]


@dataclass(frozen=True)
class _Told:
    """What one form says of one alert, not yet cleaned or resolved."""

    title: str
    starts_at: object
    path: str
    status: str = "firing"
    service: str | None = None
    severity: str | None = None
    description: str = ""
    labels: Mapping[str, str] | None = None
    fingerprint: str | None = None
    ends_at: object = None


@dataclass(frozen=True)
class _Form:
    """One sender's form: how it is recognised and how it is read."""

    name: str
    recognised: Callable[[Json], bool]
    read: Callable[[Json], Iterable[_Told]]


def parse_alerts(
    body: bytes, received_at: datetime, source: str | None = None, catalogue: Catalogue | None = None
) -> tuple[Alert, ...]:
    """Read an alert body of any known form.

    Args:
        body: JSON, at most one megabyte.
        received_at: when it arrived; stands in for a start that the form may leave out.
        source: the form's name, if the sender said it; else the form is recognised by its fields.
        catalogue: the services that labels may name.

    Returns:
        At least one alert, in the body's order.

    Raises:
        AlertError: it cannot be read; the message names the field.
    """
    payload = _decoded(body)
    form = _form_of(payload, source)
    names = catalogue.names if catalogue is not None else ()
    told = list(form.read(payload))[:MOST_ALERTS]
    return tuple(_alert(one, form.name, received_at, names) for one in told)


def forms() -> tuple[str, ...]:
    """The names of the forms that can be read."""
    return tuple(form.name for form in _FORMS)


def _decoded(body: bytes) -> Json:
    if len(body) > LARGEST:
        size, limit = len(body) / 1_000_000, LARGEST / 1_000_000
        raise AlertError(f"the alert body has {size:.1f} MB, the limit is {limit:g} MB; nothing was read")
    try:
        payload = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise AlertError(f"the alert body is no UTF-8 text: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise AlertError(f"the alert body nests deeper than {DEEPEST} levels") from error
    except ValueError as error:
        raise AlertError(f"the alert body is no JSON: {error}") from error
    if not isinstance(payload, dict):
        raise AlertError(f"the alert body must be a JSON object, it is a {type(payload).__name__}")
    if _depth(payload) > DEEPEST:
        raise AlertError(f"the alert body nests deeper than {DEEPEST} levels")
    return _with_whole_characters(payload) if _SURROGATE.search(body) else payload


def _with_whole_characters(payload: Json) -> Json:
    """A body with U+FFFD for each half of a surrogate pair, as a sender leaves that cuts UTF-16 in two.

    JSON may name such a half, but no text can hold it: nothing could be stored or answered.
    """
    text = json.dumps(payload, ensure_ascii=False)
    whole: Json = json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    return whole


def _depth(value: object) -> int:
    """How deep a value nests; walked in a loop, so that depth cannot exhaust the stack."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if deepest > DEEPEST:
            break
    return deepest


def _form_of(payload: Json, source: str | None) -> _Form:
    if source is not None:
        for form in _FORMS:
            if form.name == source:
                return form
        raise AlertError(f"there is no alert form {source!r}; known: {', '.join(forms())}")
    for form in _FORMS:
        if form.recognised(payload):
            return form
    has = ", ".join(sorted(_clean(str(key), 40) for key in payload)[:10]) or "nothing"
    raise AlertError(
        "the alert body has no known form: an Alertmanager webhook has the field 'alerts', "
        f"a simple alert has 'title' and 'service'; this one has {has}"
    )


def _alertmanager(payload: Json) -> Iterable[_Told]:
    alerts = payload.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        raise AlertError("alerts: must be a list with at least one alert")
    common = _texts(payload.get("commonLabels"), "commonLabels")
    for index, raw in enumerate(alerts):
        path = f"alerts[{index}]"
        if not isinstance(raw, dict):
            raise AlertError(f"{path}: must be an object")
        labels = {**common, **_texts(raw.get("labels"), f"{path}.labels")}
        notes = _texts(raw.get("annotations"), f"{path}.annotations")
        name = labels.get("alertname")
        summary = notes.get("summary") or notes.get("title")
        if not (name or summary):
            raise AlertError(f"{path}.labels.alertname: is missing, and there is no summary either")
        status = _status(raw.get("status", payload.get("status", "firing")), raw.get("endsAt"), path)
        yield _Told(
            title=": ".join(part for part in (name, summary) if part),
            starts_at=_needed(raw, "startsAt", path),
            path=f"{path}.startsAt",
            status=status,
            ends_at=raw.get("endsAt") if status == "resolved" and not _never(raw.get("endsAt")) else None,
            severity=labels.get("severity"),
            description=notes.get("description") or notes.get("message") or "",
            labels=labels,
            fingerprint=_text(raw.get("fingerprint")),
        )


def _status(status: object, ends_at: object, path: str) -> str:
    """What the sender says; an end in the year 1 is Alertmanager's way to say that there is none yet."""
    if status not in {"firing", "resolved"}:
        raise AlertError(f"{path}.status: must be 'firing' or 'resolved', it is {_clean(str(status), 40)!r}")
    return "firing" if status == "firing" and _never(ends_at) else str(status)


def _never(ends_at: object) -> bool:
    return not isinstance(ends_at, str) or ends_at.startswith("0001-")


def _simple(payload: Json) -> Iterable[_Told]:
    title, service = _text(payload.get("title")), _text(payload.get("service"))
    if not title:
        raise AlertError("title: is missing or no text; a simple alert needs title and service")
    if not service:
        raise AlertError("service: is missing or no text; a simple alert needs title and service")
    status = payload.get("status", "firing")
    if status not in {"firing", "resolved"}:
        raise AlertError(f"status: must be 'firing' or 'resolved', it is {_clean(str(status), 40)!r}")
    yield _Told(
        title=title,
        starts_at=payload.get("started_at"),
        path="started_at",
        status=str(status),
        service=service,
        severity=_text(payload.get("severity")),
        description=_text(payload.get("description")) or "",
        labels=_texts(payload.get("labels"), "labels"),
        fingerprint=_text(payload.get("fingerprint")),
    )


#: The forms, the most particular first. To add a vendor, write one function and add one row.
_FORMS: tuple[_Form, ...] = (
    _Form("alertmanager", lambda payload: "alerts" in payload, _alertmanager),
    _Form("nexus", lambda payload: "title" in payload or "service" in payload, _simple),
)


def _alert(told: _Told, source: str, received_at: datetime, names: Sequence[str]) -> Alert:
    labels = {_clean(k, LONGEST_NAME): _clean(v, LONGEST_TEXT) for k, v in (told.labels or {}).items()}
    service = _resolved(told.service, labels, names)
    title = _clean(told.title, LONGEST_TITLE)
    start, end = _times(told, received_at)
    identity = (
        told.fingerprint
        or hashlib.sha256(f"{title}\n{service}\n{sorted(labels.items())}".encode()).hexdigest()
    )
    try:
        return Alert.model_validate(
            {
                "source": source,
                "title": title,
                "service": service,
                "status": AlertStatus(told.status),
                "starts_at": start.at,
                "start_sent": start.sent,
                "received_at": received_at,
                "ends_at": end.at if end is not None else None,
                "fingerprint": _clean(identity, LONGEST_NAME)[:64],
                "severity": _clean(told.severity, LONGEST_NAME) if told.severity else None,
                "description": _clean(told.description, LONGEST_TEXT),
                "labels": tuple(Label(name=k, value=v) for k, v in list(labels.items())[:MOST_LABELS]),
                "remarks": tuple(_clean(t.remark, LONGEST_TITLE) for t in (start, end) if t and t.remark),
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise AlertError(f"{field}: {_clean(str(first['input']), 60)!r}: {first['msg']}") from error


def _times(told: _Told, received_at: datetime) -> tuple[SentTime, SentTime | None]:
    """Since when the condition holds, and since when it is over; a start is never after its end."""
    start = read_time(told.starts_at, received_at, told.path)
    if told.ends_at is None:
        return start, None
    end = read_time(told.ends_at, received_at, told.path.replace("start", "end"))
    return start._replace(at=min(start.at, end.at)), end


def _resolved(service: str | None, labels: Mapping[str, str], names: Sequence[str]) -> str | None:
    """The first label that names a service of the catalogue; else what the sender said."""
    said = [service] if service else []
    said += [labels[name] for name in _SERVICE_LABELS if labels.get(name)]
    cleaned = [_clean(name, LONGEST_NAME) for name in said]
    return next((name for name in cleaned if name in names), next(iter(cleaned), None))


def _needed(raw: Json, field: str, path: str) -> object:
    if raw.get(field) is None:
        raise AlertError(f"{path}.{field}: is missing")
    return raw[field]


def _texts(value: object, path: str) -> dict[str, str]:
    """A flat object of texts; numbers and truth values are written out, deeper values are left out."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise AlertError(f"{path}: must be an object")
    return {str(k): str(v) for k, v in value.items() if isinstance(v, (str, int, float, bool))}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _clean(text: str, longest: int) -> str:
    """Without secrets, control and invisible characters, and no longer than that."""
    cleaned = redact(CONTROL.sub("", text.replace("\r\n", "\n").replace("\t", " ")).strip())
    return cleaned if len(cleaned) <= longest else f"{cleaned[: longest - 1]}…"
