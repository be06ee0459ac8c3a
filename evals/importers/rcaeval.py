"""RCAEval (Pham et al., WWW 2025; github.com/phamquiluan/RCAEval): RE1, RE2 and RE3.

`<dataset>/<service>_<fault>/<n>/` with `inject_time.txt` (seconds since 1970), metrics as one wide table
(`time` in seconds and a column `<service>_<metric>` each, one row a second), and in RE2 and RE3 `logs.csv`
(`timestamp` in nanoseconds, `container_name`, `message`, `level`; RE3 of Sock Shop has no `level`) and
`traces.csv` (`startTime` and `duration` in microseconds; of Sock Shop it has a header and no rows).
"""

from datetime import datetime, timedelta
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
    finite,
    from_epoch,
    moment,
    number,
    place,
    read,
    scan,
    services,
)
from incidents.errors import CaseError
from incidents.findings import Category
from tools.recorded.document import BaselineEntry, CauseTruth, Document, Source, Span, Truth
from tools.recorded.write import Pages

_ORIGIN = "RCAEval (Pham et al., WWW 2025), phamquiluan/RCAEval"
#: The table of one case, the condensed one first: it is the one that the authors' own runs read.
_METRICS = ("simple_metrics.csv", "simple_data.csv", "metrics.csv", "data.csv")
_UNITS = {"mem": "bytes", "workload": "per_second", "load": "per_second"}
#: What has columns like a service and is none: the mesh's own parts, its second view of the front end, and
#: the container that makes the load. The authors' `drop_extra` leaves them out as well.
_NO_SERVICES = frozenset({"PassthroughCluster", "istio-proxy", "istio-init", "frontend-external", "main"})
#: The metrics of a machine; its name stands where a service's does.
_OF_MACHINES = "node-"
#: The faults that are injected from outside; those named f1, f2, ... are changes of the code.
_OUTSIDE = frozenset({"cpu", "mem", "disk", "socket", "delay", "loss"})
#: An alert follows its fault; the set has none.
_DELAY = timedelta(minutes=1)
#: How long before the injection the quiet time ends: the clocks are not exact.
_MARGIN = timedelta(minutes=1)
_LEVELS = {"warning": "warn", "critical": "fatal", "panic": "fatal", "err": "error", "trace": "debug"}
_KNOWN_LEVELS = ("debug", "info", "warn", "error", "fatal")


def find(source: Path) -> Found:
    """Every run of every fault below a folder; an example beside them has no number and is none."""
    plans = []
    for file in sorted(source.rglob("inject_time.txt")):
        run = file.parent
        if not run.name.isdigit():
            continue
        fault, dataset = run.parent, run.parent.parent
        name = "-".join(part.replace("_", "-") for part in ("rcaeval", dataset.name, fault.name, run.name))
        plans.append(Plan(name, partial(_draft, name, run)))
    return Found(plans)


def _draft(name: str, run: Path) -> Draft:
    blamed, _, fault = run.parent.name.rpartition("_")
    if not blamed:
        raise CaseError(f"{place(run.parent)}: a fault's folder is named <service>_<fault>")
    onset = _onset(run / "inject_time.txt")
    metrics, broken = _metrics(run)
    logs, traces = _logs(run / "logs.csv"), _traces(run / "traces.csv", metrics["service"].unique())
    begun, end = _span(metrics, run)
    quiet = onset - _MARGIN
    if not begun < quiet < end:
        raise CaseError(
            f"{place(run / 'inject_time.txt')}: {onset:%Y-%m-%d %H:%M:%S} is not inside of the metrics"
        )
    names = {
        blamed,
        *metrics["service"].unique(),
        *(traces["service"].unique() if traces is not None else ()),
    }
    entry = entry_of(traces) or _front(names)
    title = f"{run.parent.parent.name}: users report a degradation"
    document = Document(
        format=1,
        id=name,
        title=title,
        source=Source(
            kind="imported",
            origin=f"{_ORIGIN}; {run.parent.parent.name}/{run.parent.name}/{run.name}",
            licence="see the data set",
        ),
        system=run.parent.parent.name,
        window=Span(start=quiet, end=end),
        baseline=BaselineEntry(start=begun, end=quiet),
        alerts=(alert(min(onset + _DELAY, end), title, entry, onset + _DELAY),),
        services=services(names, calls(traces) if traces is not None else (), entry),
        notes=("no alert ships with the data; this one stands for it",),
        truth=Truth(cause=_cause(blamed, fault, onset)),
    )
    left_out = [f"{broken} samples that are no number"] if broken else []
    for file, frame in (("logs.csv", logs), ("traces.csv", traces)):
        if frame is None:
            left_out.append(
                f"{run.name}/{file} {'has no rows' if (run / file).is_file() else 'is not there'}"
            )
    return Draft(document, Pages(metrics=metrics, logs=logs, traces=traces), left_out)


def _cause(service: str, fault: str, onset: datetime) -> CauseTruth:
    outside = fault in _OUTSIDE
    category = Category.INFRASTRUCTURE if outside else Category.CODE
    return CauseTruth(
        service=service, category=category, onset=onset, metric=fault if outside else None, note=fault
    )


def _onset(path: Path) -> datetime:
    try:
        return moment(float(path.read_text(encoding="utf-8").split()[0]))
    except (OSError, ValueError, IndexError, OverflowError) as error:
        raise CaseError(f"{place(path)} must hold seconds since 1970") from error


def _span(metrics: pl.DataFrame, run: Path) -> tuple[datetime, datetime]:
    first, last = metrics["time"].min(), metrics["time"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        raise CaseError(f"{place(run)}: the metrics have no sample")
    return first, last


def _metrics(run: Path) -> tuple[pl.DataFrame, int]:
    path = next((run / name for name in _METRICS if (run / name).is_file()), None)
    if path is None:
        raise CaseError(f"{place(run)} has none of {', '.join(_METRICS)}")
    lazy = scan(path, ["time"])
    columns = [name for name in lazy.collect_schema().names() if _of_a_service(name)]
    wide = read(lazy.select("time", *columns), path)
    long = (
        wide.with_columns(number("time", pl.Float64()), *(number(c, pl.Float64()) for c in columns))
        .with_columns(pl.col("time").cast(pl.Int64, strict=False).alias("at"))
        .with_columns(time=from_epoch("at", "s"))
        .unpivot(columns, index="time", variable_name="column", value_name="value")
    )
    names = pl.DataFrame([_named(column) for column in columns], schema=_NAMED, orient="row")
    return finite(long.join(names, on="column", how="inner", maintain_order="left"))


_NAMED = dict.fromkeys(("column", "service", "instance", "metric", "peer", "unit"), pl.String)


def _of_a_service(column: str) -> bool:
    """Some tables hold `time` twice; a reader makes the second one's name unique."""
    service, divided, metric = column.partition("_")
    no_service = service in _NO_SERVICES or service == "time" or metric.startswith(_OF_MACHINES)
    return bool(divided) and not no_service


def _named(column: str) -> tuple[str, ...]:
    """`cart_latency-90` is the series `latency-90` of `cart`; services have no underscore in their names."""
    service, _, metric = column.partition("_")
    unit = "seconds" if "latency" in metric else _UNITS.get(metric, "")
    return column, service, "", metric, "", unit


def _logs(path: Path) -> pl.DataFrame | None:
    if not path.is_file():
        return None
    lazy = scan(path, ["timestamp", "container_name", "message"])
    has = "level" in lazy.collect_schema().names()
    level = pl.col("level").str.to_lowercase().replace(_LEVELS) if has else pl.lit("")
    lines = read(
        lazy.select(
            number("timestamp", pl.Int64()).alias("at"),
            pl.col("container_name").alias("service"),
            pl.lit("").alias("instance"),
            pl.when(level.is_in(_KNOWN_LEVELS)).then(level).otherwise(pl.lit("")).alias("level"),
            pl.col("message"),
            pl.lit("").alias("trace_id"),
            pl.lit("").alias("span_id"),
        )
        .filter(pl.col("at").is_not_null(), pl.col("service") != "")
        .with_columns(time=from_epoch("at", "ns")),
        path,
    )
    return lines if lines.height else None


_TRACE = ("traceID", "spanID", "serviceName", "operationName", "startTime", "duration")


def _traces(path: Path, measured: pl.Series) -> pl.DataFrame | None:
    """Spans by the names that the metrics have: one of them is called `<name>service` in its spans alone."""
    if not path.is_file():
        return None
    lazy = scan(path, _TRACE)
    found = lazy.collect_schema().names()
    parent = pl.col("parentSpanID") if "parentSpanID" in found else pl.lit("")
    code = number("statusCode", pl.Float64()) if "statusCode" in found else pl.lit(None, pl.Float64())
    spans = read(
        lazy.select(
            number("startTime", pl.Int64()).alias("at"),
            number("duration", pl.Float64()).cast(pl.Int64, strict=False).alias("duration_us"),
            pl.col("traceID").alias("trace_id"),
            pl.col("spanID").alias("span_id"),
            parent.alias("parent_id"),
            pl.col("serviceName").alias("service"),
            pl.col("operationName").alias("operation"),
            _status(code).alias("status"),
        )
        .filter(pl.col("at").is_not_null(), pl.col("duration_us") >= 0, pl.col("service") != "")
        .with_columns(time=from_epoch("at", "us")),
        path,
    )
    known = frozenset(measured)
    aliases = {
        name: name.removesuffix("service")
        for name in spans["service"].unique()
        if name not in known and name.removesuffix("service") in known
    }
    return spans.with_columns(pl.col("service").replace(aliases)) if spans.height else None


def _status(code: pl.Expr) -> pl.Expr:
    """HTTP and gRPC share one column: 200 to 399 is well, 400 and on or 2 to 16 is not; 0, 1 say nothing."""
    return (
        pl.when(code.is_between(200, 399))
        .then(pl.lit("ok"))
        .when((code >= 400) | code.is_between(2, 16))
        .then(pl.lit("error"))
        .otherwise(pl.lit("unset"))
    )


def _front(names: set[str]) -> str | None:
    """Without traces: the service that calls itself a front, if there is just one."""
    fronts = [name for name in names if name.casefold() in {"frontend", "front-end"}]
    return fronts[0] if len(fronts) == 1 else None
