"""Alert bodies as they come from outside, read into alerts. Everything in them is untrusted.

A further sender is one file in `senders/`, with its bodies beside it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email import message_from_bytes, policy
from itertools import islice
from urllib.parse import parse_qsl

from pydantic import ValidationError

from incidents.alert import Alert
from incidents.catalogue import Catalogue
from incidents.errors import AlertError
from tools.alerts.body import Body
from tools.alerts.cleaning import clean
from tools.alerts.drafts import LONGEST_TEXT, LONGEST_TITLE
from tools.alerts.form import Form
from tools.alerts.reader import Reader
from tools.alerts.reading import Reading
from tools.alerts.registry import all_forms

__all__ = [
    "LARGEST", "LONGEST_TEXT", "LONGEST_TITLE", "forms", "parse_alerts", "payload_of", "read_delivery",
    "telling_headers",
]  # fmt: skip

#: A webhook of hundreds of alerts is below this; more is a mistake or an attack.
LARGEST = 1_000_000
#: Real bodies nest less than ten deep.
DEEPEST = 20
MOST_FIELDS = 1000
#: Headers that say what a body is: of CloudEvents in binary mode, and the names of events.
_TELLING = re.compile(r"ce-[a-z0-9]+|x-github-event|x-gitlab-event|sentry-hook-resource")
MOST_HEADERS = 30
#: How the fields of an HTML form begin; no JSON does.
_FIELDS = re.compile(r"[\w.%+\[\]-]+=")
#: And how they begin in several parts.
_PARTS = re.compile(r"--([^\r\n]{1,70})\r?\ncontent-disposition: *form-data", re.IGNORECASE)


def parse_alerts(
    body: bytes,
    received_at: datetime,
    source: str | None = None,
    catalogue: Catalogue | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[Alert, ...]:
    """The alerts of a body of any known form, in its order; none if it is a notice or a change.

    Args: as of `read_delivery`.

    Raises:
        AlertError: it cannot be read; the message names the field.
    """
    return read_delivery(body, received_at, source, catalogue, headers).alerts


def read_delivery(
    body: bytes,
    received_at: datetime,
    source: str | None = None,
    catalogue: Catalogue | None = None,
    headers: Mapping[str, str] | None = None,
    custom: Sequence[Form] = (),
    *,
    explain: bool = False,
) -> Reading:
    """What a body of any known form says: alerts, changes, notices.

    Args:
        body: JSON or fields of a form, at most one megabyte.
        received_at: when it arrived; stands in for times that the body leaves out.
        source: the form's name, if the sender said it; else the form is recognised by the body.
        catalogue: the services that labels may name.
        headers: of the request, in any case; some forms are told by them.
        custom: forms of the site's own, asked before the built-in ones.
        explain: also tell for each value where it stood.

    Raises:
        AlertError: it cannot be read; the message names the field.
    """
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    content = Body(payload_of(body), lower, received_at=received_at)
    names = catalogue.name_set if catalogue is not None else ()
    try:
        return Reader(received_at, names, custom, explain).read(content, source)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise AlertError(f"{field}: {clean(str(first['input']), 60)!r}: {first['msg']}") from error


def telling_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that some form reads, and none that shows who a sender is: kept to read a body again."""
    lower = ((name.lower(), value) for name, value in headers.items())
    told = ((name, value) for name, value in lower if _TELLING.fullmatch(name))
    return {name: value[:LONGEST_TITLE] for name, value in islice(told, MOST_HEADERS)}


def forms() -> tuple[str, ...]:
    """The names of the forms that can be read."""
    return tuple(form.name for form in all_forms())


def payload_of(body: bytes) -> object:
    """What a body holds: a JSON object or list, or the fields of an HTML form as an object.

    Raises:
        AlertError: it is too large, too deep, or neither.
    """
    if len(body) > LARGEST:
        size, limit = len(body) / 1_000_000, LARGEST / 1_000_000
        raise AlertError(f"the alert body has {size:.1f} MB, the limit is {limit:g} MB; nothing was read")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AlertError(f"the alert body is no UTF-8 text: {error.reason} at byte {error.start}") from error
    payload = _sent(text)
    if not isinstance(payload, (dict, list)):
        raise AlertError(f"the alert body must be a JSON object, it is a {type(payload).__name__}")
    if _depth(payload) > DEEPEST:
        raise AlertError(f"the alert body nests deeper than {DEEPEST} levels")
    return payload


def _sent(text: str) -> object:
    if (parts := _PARTS.match(text)) is not None:
        return _of_fields(_in_parts(text, parts[1]))
    return _json(text) if _FIELDS.match(text) is None else _fields(text)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise AlertError(f"the alert body nests deeper than {DEEPEST} levels") from error
    except ValueError as error:
        raise AlertError(f"the alert body is no JSON: {error}") from error


def _fields(text: str) -> object:
    """The fields of an HTML form."""
    try:
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise AlertError(f"the fields of the alert body cannot be read: {error}") from error
    return _of_fields(fields)


def _in_parts(text: str, boundary: str) -> dict[str, str]:
    """The same as `multipart/form-data`."""
    head = f'Content-Type: multipart/form-data; boundary="{boundary}"\r\n\r\n'
    parts = message_from_bytes((head + text).encode(), policy=policy.HTTP).iter_parts()
    named = ((part.get_param("name", "", "content-disposition"), part.get_content()) for part in parts)
    return {name: value for name, value in named if isinstance(name, str) and isinstance(value, str)}


def _of_fields(fields: Mapping[str, str]) -> object:
    """What they hold; some senders put their JSON into one, most call it `payload`."""
    if "payload" in fields:
        return _json(fields["payload"])
    values = {name: _unpacked(value) for name, value in fields.items()}
    first = next(iter(values.values()), None)
    return first if len(values) == 1 and isinstance(first, dict) else values


def _unpacked(value: str) -> object:
    """What a field holds: an object, if it is one."""
    if not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


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
