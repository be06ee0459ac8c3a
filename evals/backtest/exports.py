"""Past alerts out of a file: an export of PagerDuty, Opsgenie, incident.io or Jira, or any by a mapping."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import jmespath
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from evals.backtest.export_rows import rows_of
from evals.backtest.export_times import time_of
from incidents.document import parse_document, read_yaml
from incidents.errors import SettingsError, UnknownName, UsageError
from incidents.value import Value, iso
from tools.alerts.mapping import Path as Expression
from tools.recorded import CaseAlert
from tools.wording import plain

#: The form of the payloads that are made here: the home's own (docs/alerts.md).
FORM = "nexus"


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("zone", "write it as Europe/Berlin or UTC")
    return name


class ExportMapping(Value):
    """Where one kind of export says what is needed: `rows` in the document, the others in one row."""

    rows: Expression = "@"
    id: Expression
    title: Expression
    started: Expression
    service: Expression | None = None
    ended: Expression | None = None
    lasted: Expression | None = Field(
        default=None, description="thousandths of a second from its start to its end, where no end stands"
    )
    severity: Expression | None = None
    time: str | None = Field(
        default=None,
        description="how its times are written, as strptime has it: %d/%m/%Y %H:%M; null: as usual",
    )
    zone: Annotated[str, AfterValidator(_known_zone)] | None = Field(
        default=None, description="that of times that name none; --zone says otherwise"
    )


class ExportMappings(Value):
    """Several, by their names."""

    format: int = 1
    mappings: Mapping[str, ExportMapping] = Field(min_length=1)


@cache
def shipped_mappings() -> Mapping[str, ExportMapping]:
    """The mappings that ship, by the product's name."""
    text = resources.files("evals.backtest").joinpath("exports.yaml").read_text(encoding="utf-8")
    return _parsed(text, "exports.yaml")


def mapping_of(name: str) -> ExportMapping:
    """A mapping that ships by its name, or the only one of a file of one's own.

    Raises:
        UsageError: the file cannot be read, or holds none or several.
        UnknownName: there is neither.
    """
    if name in shipped_mappings():
        return shipped_mappings()[name]
    path = Path(name)
    if not path.is_file():
        raise UnknownName("mapping of an export", name, list(shipped_mappings()))
    try:
        own = _parsed(path.read_text(encoding="utf-8"), name)
    except (OSError, UnicodeDecodeError, SettingsError) as error:
        raise UsageError(f"the mapping cannot be used: {error}") from None
    if len(own) > 1:
        raise UsageError(f"{name} holds {len(own)} mappings ({', '.join(own)}); a file holds one")
    return next(iter(own.values()))


def read_export(
    path: Path, mapping: ExportMapping, zone: tzinfo | None, until: datetime
) -> tuple[CaseAlert, ...]:
    """The alerts of a file as deliveries in the home's own form: one when each began, one when it ended.

    Args:
        path: JSON, or CSV with a first line of names.
        mapping: where it says what.
        zone: of times that name none; None: the mapping's.
        until: nothing later is in the past.

    Raises:
        UsageError: it cannot be read; the message names the row and the field.
    """
    zone = zone or (ZoneInfo(mapping.zone) if mapping.zone is not None else None)
    found: list[CaseAlert] = []
    for number, row in enumerate(rows_of(path, mapping.rows), start=1):
        where = f"{path.name}, row {number}"
        found += _told(row, mapping, zone, until, where)
    return tuple(sorted(found, key=lambda one: one.at))


def _told(
    row: object, mapping: ExportMapping, zone: tzinfo | None, until: datetime, where: str
) -> Iterator[CaseAlert]:
    title = _text(row, mapping.title)
    if not title:
        raise UsageError(f"{where}: no title at {mapping.title!r}; {_holds(row)}")

    def read(field: str, expression: str) -> datetime | None:
        return time_of(jmespath.search(expression, row), mapping.time, zone, until, f"{where}, {field}")

    started = read("started", mapping.started)
    ended = read("ended", mapping.ended) if mapping.ended else None
    if started is None:
        raise UsageError(
            f"{where}: no time at {mapping.started!r}; nobody knows when {plain(title, 60)!r} began; "
            f"{_holds(row)}"
        )
    if ended is None and mapping.lasted is not None:
        ended = _after(started, jmespath.search(mapping.lasted, row), f"{where}, lasted")
    if ended is not None and ended < started:
        raise UsageError(f"{where}: it ended at {iso(ended)}, before it began at {iso(started)}")
    content = {
        "title": title,
        "service": _text(row, mapping.service) or None,
        "severity": _text(row, mapping.severity) or None,
        "started_at": iso(started),
        "fingerprint": f"export:{_text(row, mapping.id) or f'{title} {iso(started)}'}",
    }
    yield _delivery({**content, "status": "firing"}, started)
    if ended is not None and ended <= until:
        yield _delivery({**content, "status": "resolved", "ended_at": iso(ended)}, ended)


def _delivery(content: Mapping[str, object], at: datetime) -> CaseAlert:
    return CaseAlert(at=at, source=FORM, body=json.dumps(content).encode())


def _after(started: datetime, lasted: object, where: str) -> datetime | None:
    """The end of what lasted so many thousandths of a second; 0 and nothing are no end."""
    if not lasted:
        return None
    try:
        return started + timedelta(milliseconds=float(str(lasted)))
    except (ValueError, OverflowError):
        raise UsageError(f"{where}: {plain(str(lasted), 60)!r} is no number of milliseconds") from None


def _holds(row: object) -> str:
    """What a row has instead, for whoever has to write a mapping."""
    names = ", ".join(str(one) for one in row) if isinstance(row, dict) else type(row).__name__
    return f"it holds {plain(names, 300)}; a mapping of your own can name another place"


def _text(row: object, expression: str | None) -> str:
    found = jmespath.search(expression, row) if expression else None
    return str(found).strip() if isinstance(found, (str, int, float)) else ""


def _parsed(text: str, source: str) -> Mapping[str, ExportMapping]:
    content = read_yaml(text, source=source, error=SettingsError)
    return parse_document(content, ExportMappings, source=source, error=SettingsError).mappings
