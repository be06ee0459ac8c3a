"""Past alerts out of a file: an export of PagerDuty, Opsgenie, incident.io or Jira, or any by a mapping."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import Any

import jmespath
from pydantic import Field

from incidents.document import parse_document, read_yaml
from incidents.errors import SettingsError, UnknownName, UsageError
from incidents.value import Value, iso
from tools.alerts.mapping import Path as Expression
from tools.alerts.time_forms import moment, since_epoch
from tools.recorded import CaseAlert
from tools.wording import plain

#: The form of the payloads that are made here: the home's own (docs/alerts.md).
FORM = "nexus"
#: How Jira writes a time in CSV, where nobody has chosen another form.
_JIRA = "%d/%b/%y %I:%M %p"


class ExportMapping(Value):
    """Where one kind of export says what is needed: `rows` in the document, the others in one row."""

    rows: Expression = "@"
    id: Expression
    title: Expression
    started: Expression
    service: Expression | None = None
    ended: Expression | None = None
    severity: Expression | None = None


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
        zone: of times that name none.
        until: nothing later is in the past.

    Raises:
        UsageError: it cannot be read; the message names the row and the field.
    """
    found: list[CaseAlert] = []
    for number, row in enumerate(_rows(path, mapping.rows), start=1):
        where = f"{path.name}, row {number}"
        found += _told(row, mapping, zone, until, where)
    return tuple(sorted(found, key=lambda one: one.at))


def _told(
    row: object, mapping: ExportMapping, zone: tzinfo | None, until: datetime, where: str
) -> Iterator[CaseAlert]:
    title = _text(row, mapping.title)
    if not title:
        raise UsageError(
            f"{where}: no title at {mapping.title!r}; a mapping of your own can name another place"
        )
    started = _time(row, mapping.started, zone, until, f"{where}, started")
    ended = _time(row, mapping.ended, zone, until, f"{where}, ended") if mapping.ended else None
    if started is None:
        raise UsageError(
            f"{where}: no time at {mapping.started!r}; nobody knows when {plain(title, 60)!r} began"
        )
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


def _rows(path: Path, expression: str) -> Sequence[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    if text.lstrip()[:1] not in {"[", "{"}:
        return list(csv.DictReader(StringIO(text)))
    try:
        found = jmespath.search(expression, json.loads(text))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, list):
        raise UsageError(
            f"{path}: {expression!r} is no list of rows; name where they are in a mapping (`rows`)"
        )
    return found


def _text(row: object, expression: str | None) -> str:
    found = jmespath.search(expression, row) if expression else None
    return str(found).strip() if isinstance(found, (str, int, float)) else ""


def _time(row: object, expression: str, zone: tzinfo | None, until: datetime, where: str) -> datetime | None:
    found = jmespath.search(expression, row)
    if found is None or found == "":
        return None
    try:
        at = since_epoch(Decimal(str(found))) if _is_count(found) else _written(str(found), until)
    except (ValueError, ArithmeticError):
        raise UsageError(f"{where}: {plain(str(found), 60)!r} is no time") from None
    if at.tzinfo is None and zone is None:
        raise UsageError(
            f"{where}: {plain(str(found), 60)!r} has no zone, and an hour off is another incident; say which "
            f"with --zone, such as Europe/Berlin or UTC"
        )
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _is_count(found: object) -> bool:
    return not isinstance(found, bool) and str(found).replace(".", "", 1).isdecimal()


def _written(text: str, until: datetime) -> datetime:
    try:
        return datetime.strptime(text, _JIRA)  # noqa: DTZ007 - its zone is the caller's to say
    except ValueError:
        return moment(text, until)


def _parsed(text: str, source: str) -> Mapping[str, ExportMapping]:
    content = read_yaml(text, source=source, error=SettingsError)
    return parse_document(content, ExportMappings, source=source, error=SettingsError).mappings
