"""A week of a shop's history: recorded game days, moved to hours of their own, in a Prometheus and in files.

Each day's recording plays on for a minute after its end as it was recorded while nobody did anything. Some
hours later the same fault may come again. People's changes stand in the log of releases.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
import yaml

from demo.monitoring.past import open_metrics, running_past
from incidents.changes import Change
from incidents.findings import Window
from incidents.value import iso
from tools.clock import VirtualClock
from tools.recorded import Case, open_case, read_truth, recorded_world
from tools.recorded.document import Truth

#: How long an alert fires, and how the site of a game day looks at its world.
FIRES = timedelta(seconds=60)
WINDOWS = {
    "lookback": "30s", "quiet": "30s", "recent": "12s", "lead": "20s",
    "arrival": {"metrics": "0s", "logs": "0s", "traces": "0s"},
}  # fmt: skip


class Day(NamedTuple):
    """One fault: which recording, how much later than it was lived, how long after its alert people acted."""

    case: Path
    shift: timedelta
    repaired: timedelta | None = None


class Lived(NamedTuple):
    """What is known of a day: its first alert, and the truth of its recording."""

    name: str
    at: datetime
    truth: Truth


@dataclass(frozen=True)
class Week:
    """A site with history: its `nexus.yaml`, and what happened."""

    site: Path
    lived: tuple[Lived, ...]
    prometheus: str


def days(cases: Sequence[Path], until: datetime, apart: timedelta, count: int) -> Iterator[Day]:
    """So many days, the recordings one after the other, the last one ending an hour before a moment."""
    for number in range(count):
        case = cases[number % len(cases)]
        begins = until - timedelta(hours=1) - apart * (count - 1 - number)
        yield Day(case, begins - open_case(case).alerts[0].at, timedelta(seconds=40) if number % 2 else None)


@contextmanager
def running_week(folder: Path, lived: Sequence[Day]) -> Iterator[Week]:
    """The week, while its Prometheus runs."""
    samples: dict[str, list[str]] = {}
    seen = []
    for day in lived:
        case = open_case(day.case)
        seen.append(Lived(case.id, case.alerts[0].at + day.shift, read_truth(day.case)))
        asyncio.run(_write(folder, day, case, samples))
    lines = [line for name in sorted(samples) for line in samples[name]]
    metrics = sorted(set(samples) - {"ALERTS"})
    # What is filled in afterwards has no marks where a series ends: it lasts as long as this after its last.
    with running_past(folder / "prometheus", lines, "--query.lookback-delta=5s") as url:
        _write_site(folder / "nexus.yaml", url, metrics, open_case(lived[0].case), folder)
        yield Week(folder / "nexus.yaml", tuple(seen), url)


async def _write(folder: Path, day: Day, case: Case, samples: dict[str, list[str]]) -> None:
    end = max(case.window.end, case.alerts[0].at) + FIRES
    world = recorded_world(case, VirtualClock(end), folder / "deeds" / case.id / "world.jsonl")
    whole = Window(start=(case.quiet or case.window).start, end=end)
    for line in open_metrics(_moved(await world.metrics.metrics(whole), day.shift)):
        samples.setdefault(line.partition("{")[0], []).append(line)
    samples.setdefault("ALERTS", []).extend(_fires(case, day.shift))
    _append(folder / "logs.jsonl", _rows(_moved(await world.logs.logs(whole), day.shift)))
    _append(folder / "spans.jsonl", _rows(_moved(await world.traces.spans(whole), day.shift)))
    changes = await world.changes.changes(Window(start=case.window.start - timedelta(days=60), end=end))
    told = [_of_day(one, day.shift) for one in changes]
    if day.repaired is not None and (repair := _repair(case, day)) is not None:
        told.append(repair)
    _append(folder / "releases.log", [one.model_dump_json() for one in told])


def _of_day(change: Change, shift: timedelta) -> Change:
    """A change of that day: of the same recording there may be several."""
    moved = change.time + shift
    return change.model_copy(update={"time": moved, "id": f"{change.id}-{moved:%d%H}"})


def _repair(case: Case, day: Day) -> Change | None:
    """What people did: the rollback that was right, if one was."""
    truth = read_truth(day.case)
    for one in truth.actions.right if truth.actions is not None else ():
        if one.kind == "rollback":
            at = case.alerts[0].at + day.shift + (day.repaired or timedelta())
            return Change.model_validate(
                {"time": at, "id": f"people-{at:%d%H}", "service": one.service, "kind": "deploy",
                 "version_to": str(one.to), "author": "ana", "summary": f"{one.service} back to {one.to}"}
            )  # fmt: skip
    return None


def _fires(case: Case, shift: timedelta) -> Iterator[str]:
    body = json.loads(case.alerts[0].body)
    labels = {**body["alerts"][0]["labels"], "alertstate": "firing"}
    told = ",".join(f"{name}={json.dumps(value)}" for name, value in sorted(labels.items()))
    begins = case.alerts[0].at + shift
    for second in range(int(FIRES.total_seconds())):
        yield f"ALERTS{{{told}}} 1 {(begins + timedelta(seconds=second)).timestamp():.3f}"


def _moved(frame: pl.DataFrame, shift: timedelta) -> pl.DataFrame:
    return frame.with_columns(pl.col("time") + shift)


def _rows(frame: pl.DataFrame) -> list[str]:
    return [
        json.dumps({**row, "time": iso(row["time"].astimezone(UTC))}) for row in frame.iter_rows(named=True)
    ]


def _append(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def _write_site(path: Path, prometheus: str, metrics: Sequence[str], case: Case, folder: Path) -> None:
    content = {
        "format": 1,
        "services": [
            one.model_dump(mode="json", exclude_defaults=True) | {"depends_on": list(one.depends_on)}
            for one in case.catalogue.services
        ],
        "thresholds": {"currency": "EUR"},
        "windows": WINDOWS,
        "backends": {
            "metrics": {
                "kind": "prometheus", "url": prometheus, "step": "1s", "rate_window": "15s",
                "series": [one for name in metrics for one in _series(name)],
            },
            "logs": [{"kind": "files", "paths": [str(folder / "logs.jsonl")]}],
            "traces": {"kind": "files", "paths": [str(folder / "spans.jsonl")]},
            "changes": [{"kind": "releases", "log": str(folder / "releases.log")}],
        },
    }  # fmt: skip
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def _series(metric: str) -> Iterator[dict[str, str]]:
    """The series of services, and those of their calls."""
    one = {"metric": metric, "unit": _unit(metric)}
    yield one | {"query": f'{metric}{{peer=""}}'}
    yield one | {"query": f'{metric}{{peer!=""}}', "peer": "peer"}


def _unit(metric: str) -> str:
    if metric.startswith("latency"):
        return "seconds"
    if metric in {"error_ratio", "cpu", "workers_busy", "file_descriptors"}:
        return "ratio"
    return {"request_rate": "per_second", "memory": "bytes"}.get(metric, "count")
