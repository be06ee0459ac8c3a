"""Nezha (Yu et al., ESEC/FSE 2023; github.com/IntelligentDDS/Nezha).

`rca_data/<date>/<date>-fault_list.json` says what was injected into which pod and when: `inject_time` in UTC.
Its `inject_timestamp` is eight hours off on one day, so nothing rests on it. Beside it lie
`metric/<pod>_metric.csv` (one row a minute, the whole day), `metric/front_service.csv`, for one of the two
systems `metric/{source_50,destination_50,dependency}.csv`, `log/HH_MM_log.csv` and `trace/HH_MM_trace.csv`
of the minutes after an injection. `construct_data/<date>/` is a quiet minute of the same.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from evals.importers.draft import (
    Draft,
    Found,
    Plan,
    alert,
    calls,
    entry_of,
    place,
    read_json,
    services,
)
from evals.importers.nezha_files import dependencies, logs, metrics, service_of, traces
from incidents.errors import CaseError
from incidents.findings import Category, Window
from tools.recorded.document import BaselineEntry, CauseTruth, Document, Source, Span, Truth
from tools.recorded.write import Pages

_ORIGIN = "Nezha (Yu et al., ESEC/FSE 2023), IntelligentDDS/Nezha"
#: What is recorded around an injection; it lasts three minutes.
_BEFORE, _AFTER = timedelta(minutes=15), timedelta(minutes=5)
#: The authors diagnose the minute that begins two minutes after the injection.
_DELAY = timedelta(minutes=2)
#: Injected into the code; everything else comes from outside of it.
_IN_CODE = frozenset({"return", "exception"})
_QUIET = timedelta(hours=1)
#: How long the system needs to settle after an injection.
_SETTLED = timedelta(minutes=10)


def find(source: Path) -> Found:
    """Every injection of every day below a folder."""
    plans, baselines = [], {}
    for file in sorted(source.rglob("*-fault_list.json")):
        day = file.parent
        faults = _faults(file)
        onsets = [onset for onset, _, _ in faults]
        baselines[day.name] = partial(_baseline, day, onsets)
        for onset, pod, fault in faults:
            name = f"nezha-{onset:%Y%m%d-%H%M}"
            plans.append(Plan(name, partial(_draft, name, day, onset, pod, fault)))
    return Found(plans, baselines)


def _faults(path: Path) -> list[tuple[datetime, str, str]]:
    found = []
    for hour, entries in read_json(path).items():
        for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
            try:
                at = datetime.strptime(entry["inject_time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
                found.append((at, entry["inject_pod"], entry["inject_type"]))
            except (KeyError, TypeError, ValueError) as error:
                told = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise CaseError(f"{place(path)}: entry {number} of hour {hour}: {told}") from error
    return found


def _draft(name: str, day: Path, onset: datetime, pod: str, fault: str) -> Draft:
    window = Window(start=onset - _BEFORE, end=onset + _AFTER)
    samples = metrics(day / "metric", window)
    if samples.is_empty():
        raise CaseError(f"{place(day / 'metric')} has no samples from around {onset:%H:%M}")
    lines, spans = logs(day / "log", window), traces(day / "trace", window)
    quiet = traces(_construct(day) / "trace", None)
    seen = [frame for frame in (spans, quiet) if frame is not None]
    blamed = service_of(pod)
    pods = samples.filter(pl.col("instance") != "")["service"].unique().to_list()
    names = {blamed, *pods, *(name for frame in seen for name in frame["service"].unique())}
    edges = dependencies(day / "metric") | {pair for frame in seen for pair in calls(frame)}
    entry = entry_of(pl.concat(seen)) if seen else None
    title = "A user-facing degradation is reported"
    at = onset + _DELAY
    document = Document(
        format=1,
        id=name,
        title=title,
        source=Source(kind="imported", origin=f"{_ORIGIN}; rca_data/{day.name}", licence="MIT"),
        system=f"Nezha {day.name}",
        window=Span(start=window.start, end=window.end),
        baseline=BaselineEntry(folder=f"../_baseline/{day.name}"),
        alerts=(alert(at, title, entry, at),),
        services=services(names, edges, entry),
        notes=("no alert ships with the data; the authors diagnose the minute 2 minutes after the start",),
        truth=Truth(
            cause=CauseTruth(
                service=blamed,
                category=Category.CODE if fault in _IN_CODE else Category.INFRASTRUCTURE,
                onset=onset,
                note=fault,
            )
        ),
    )
    left_out = [
        f"no {name} of these minutes" for name, frame in (("logs", lines), ("traces", spans)) if frame is None
    ]
    return Draft(document, Pages(metrics=samples, logs=lines, traces=spans), left_out)


def _construct(day: Path) -> Path:
    return day.parent.parent / "construct_data" / day.name


def _baseline(day: Path, onsets: list[datetime]) -> Pages:
    """The quiet minute's logs and traces, and an hour of metrics without an injection."""
    quiet = _construct(day)
    folder = quiet / "metric" if (quiet / "metric").is_dir() else day / "metric"
    samples = metrics(folder, None)
    if samples.is_empty():
        raise CaseError(f"{place(folder)} has no samples")
    window = quiet_hour(onsets, samples["time"].min(), samples["time"].max())  # type: ignore[arg-type]
    inside = (pl.col("time") >= window.start) & (pl.col("time") < window.end)
    chosen = samples.filter(inside)
    return Pages(
        metrics=chosen if chosen.height else samples,
        logs=logs(quiet / "log", None),
        traces=traces(quiet / "trace", None),
    )


def quiet_hour(onsets: list[datetime], first: datetime, last: datetime) -> Window:
    """At most an hour in the middle of the longest time without an injection."""
    starts = [first, *(onset + _SETTLED for onset in sorted(onsets))]
    ends = [*sorted(onsets), last]
    gaps = [(end - start, start, end) for start, end in zip(starts, ends, strict=True) if start < end]
    if not gaps:
        return Window(start=first, end=last)
    length, start, _ = max(gaps)
    spare = max(timedelta(), length - _QUIET) / 2
    return Window(start=start + spare, end=start + spare + min(length, _QUIET))
