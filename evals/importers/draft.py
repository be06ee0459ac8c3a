"""What an importer makes of one incident of a data set, and the few things that all of them need."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from incidents.errors import CaseError
from incidents.value import iso
from tools.recorded.document import AlertEntry, Document, ServiceEntry
from tools.recorded.write import Pages


@dataclass(frozen=True)
class Draft:
    """One case that is ready to be written.

    Attributes:
        left_out: what the source holds and the case does not, in words.
    """

    document: Document
    pages: Pages
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Plan:
    """One incident of a data set that was found; nothing of its telemetry is read before `make`."""

    name: str
    make: Callable[[], Draft]


@dataclass(frozen=True)
class Found:
    """A data set: the incidents in it, and the quiet times that they share, by name."""

    plans: Sequence[Plan]
    baselines: Mapping[str, Callable[[], Pages]] = field(default_factory=dict)


def alert(at: datetime, title: str, service: str | None, began: datetime, **labels: str) -> AlertEntry:
    """The alert that a data set implies without holding one, in the home's own form.

    Without a service it is an Alertmanager alert, which need not name one.
    """
    if service is None:
        one = {
            "status": "firing",
            "startsAt": iso(began),
            "labels": {"alertname": "Degradation", **labels},
            "annotations": {"summary": title},
        }
        return AlertEntry(at=at, source="alertmanager", payload={"alerts": [one]})
    payload = {"title": title, "service": service, "started_at": iso(began), "labels": labels}
    return AlertEntry(at=at, source="nexus", payload=payload)


def services(
    names: Iterable[str], calls: Iterable[tuple[str, str]], entry: str | None
) -> tuple[ServiceEntry, ...]:
    """The catalogue: what was seen, who calls whom, and the one service that users touch."""
    known = sorted(set(names))
    callees: dict[str, set[str]] = {name: set() for name in known}
    for caller, callee in calls:
        if caller in callees and callee in callees and caller != callee:
            callees[caller].add(callee)
    return tuple(
        ServiceEntry(name=name, depends_on=tuple(sorted(callees[name])), user_facing=name == entry)
        for name in known
    )


def calls(traces: pl.DataFrame) -> set[tuple[str, str]]:
    """Who calls whom, out of spans and their parents."""
    spans = traces.select("trace_id", "span_id", "service").unique()
    joined = traces.join(
        spans, left_on=["trace_id", "parent_id"], right_on=["trace_id", "span_id"], suffix="_of_parent"
    )
    pairs = joined.select("service_of_parent", "service").unique()
    return {(caller, callee) for caller, callee in pairs.iter_rows() if caller != callee}


def entry_of(traces: pl.DataFrame | None) -> str | None:
    """The service where most traces begin, or None."""
    if traces is None:
        return None
    roots = traces.filter(pl.col("parent_id") == "")["service"].value_counts().sort(["count", "service"])
    return str(roots["service"][-1]) if roots.height else None


def scan(path: Path, needed: Sequence[str]) -> pl.LazyFrame:
    """A CSV file whose columns are all texts; large ones are read as a stream when they are collected.

    Raises:
        CaseError: it is not there, cannot be read, or lacks a column.
    """
    if not path.is_file():
        raise CaseError(f"{place(path)} is missing")
    try:
        frame = pl.scan_csv(path, infer_schema=False).with_columns(pl.all().fill_null(""))
        found = frame.collect_schema().names()
    except (OSError, PolarsError) as error:
        raise CaseError(f"{place(path)} cannot be read: {_first_line(error)}") from error
    if lost := [name for name in needed if name not in found]:
        raise CaseError(f"{place(path)}: column {lost[0]!r} is missing; it has {', '.join(found[:8])}")
    return frame


def read(frame: pl.LazyFrame, path: Path) -> pl.DataFrame:
    """Collect what `scan` began.

    Raises:
        CaseError: the file breaks in the middle.
    """
    try:
        return frame.collect(engine="streaming")
    except (OSError, PolarsError) as error:
        raise CaseError(f"{place(path)} cannot be read: {_first_line(error)}") from error


def number(column: str, kind: pl.DataType) -> pl.Expr:
    """A text column as numbers; a text that is none becomes null."""
    return pl.col(column).str.strip_chars().cast(kind, strict=False)


def finite(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The rows with a time and a finite value, and how many others there were."""
    kept = frame.filter(pl.col("time").is_not_null() & pl.col("value").is_not_null()).filter(
        pl.col("value").is_finite()
    )
    return kept, frame.height - kept.height


def from_epoch(column: str, unit: str) -> pl.Expr:
    """A column of integers since 1970 as moments; unit `s`, `ms`, `us` or `ns`."""
    per = {"s": 1_000_000, "ms": 1_000, "us": 1}
    us = pl.col(column) // 1_000 if unit == "ns" else pl.col(column) * per[unit]
    return us.cast(pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a moment."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def read_json(path: Path) -> dict[str, object]:
    """A JSON object.

    Raises:
        CaseError: it is not there or is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CaseError(f"{place(path)} cannot be read: {_first_line(error)}") from error
    if not isinstance(found, dict):
        raise CaseError(f"{place(path)} is no JSON object")
    return found


def place(path: Path) -> str:
    """A file as messages call it: with the folders that tell it from its like."""
    return "/".join(path.parts[-4:])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
