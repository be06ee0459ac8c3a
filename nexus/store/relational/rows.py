"""How values become rows."""

import zlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from nexus.store.records import Summary

if TYPE_CHECKING:
    from incidents.incident import Incident

_ZLIB = "zlib"
#: Shorter ones are kept as they are: to pack one takes a tenth of what an alert costs, and saves half a page.
_WORTH_PACKING = 2_000


def as_json(value: BaseModel) -> str:
    """A value as the home writes it: whatever door its texts came through, no secret is kept."""
    from tools.redaction.tree import clean_json  # noqa: PLC0415 - who only reads masks nothing

    return clean_json(value)


@lru_cache(maxsize=256)  # of what an incident says little is another with each of its steps
def redacted_text(text: str) -> str:
    """A text as the home writes it, which a database can hold."""
    from tools.redaction.redact import redact_secrets  # noqa: PLC0415  # as above

    return redact_secrets(text).replace("\x00", " ")


def packed(body: bytes, *, personal: bool = False) -> tuple[bytes, str | None]:
    """The bytes of an evidence or a delivery as they are kept, without secrets, and their encoding's name.

    `personal`: what tells of people goes as well.
    """
    from tools.redaction.tree import redact_body  # noqa: PLC0415  # as above

    body = redact_body(body, personal=personal)
    if len(body) < _WORTH_PACKING:
        return body, None
    small = zlib.compress(body)
    return (small, _ZLIB) if len(small) < len(body) else (body, None)


def unpacked(body: bytes, encoding: str | None) -> bytes:
    """The bytes of an evidence as they came."""
    return zlib.decompress(body) if encoding == _ZLIB else bytes(body)


@lru_cache(maxsize=1024)  # a delivery's moment stands in most of its rows
def sortable(moment: datetime) -> str:
    """Of one width, so that the order of the text is the order of the time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def body_of(incident: "Incident") -> str:
    """An incident as it is kept, of which the graph has dumped nearly all already."""
    from tools.redaction.parts import dumped  # noqa: PLC0415  # as above

    return to_json(dumped(incident).json).decode()


def columns(incident: "Incident", clock: datetime, body: str) -> dict[str, object]:
    """The columns of an incident; those of the summary are computed by SQLite itself."""
    from tools.redaction.redact import redact_secrets  # noqa: PLC0415  # as above

    summary = Summary.of(incident, clock)
    title = redact_secrets(summary.title)
    return {
        "id": incident.id,
        "status": incident.status,
        "severity": incident.severity,
        "closed": incident.closed,
        "clock": sortable(clock),
        "engine": incident.engine,
        "summary": as_json(summary),
        "body": body,
        "title": title,
        "folded_title": title.casefold(),
        "services": list(summary.services),
        "held_by": summary.held_by,
        "waiting": summary.waiting,
        "unsettled": summary.unsettled,
    }


def broken_form(error: ValidationError) -> str:
    """Which fields of a row break the form of its value, without what they hold."""
    found = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in found[:3])
