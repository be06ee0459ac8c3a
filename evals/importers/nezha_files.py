"""The files of a day of Nezha as frames of the recording format.

Their `TimeStamp` columns are wrong in places (years ahead, for one pod); `Time`, a moment as Go prints it
(`2022-08-22 03:51:19.640328427 +0000 UTC m=+0.14`), is right everywhere.
"""

from pathlib import Path

import polars as pl

from evals.importers.draft import finite, from_epoch, number, read, scan
from incidents.findings import Window
from tools.analysis import METRICS_SCHEMA

#: What a column becomes; the pods' own success rates are 0 under load, so they say nothing and are left out.
_POD = {
    "CpuUsage(m)": ("cpu_usage", "millicores"),
    "CpuUsageRate(%)": ("cpu_usage_rate", "percent"),
    "MemoryUsage(Mi)": ("memory_usage", "MiB"),
    "MemoryUsageRate(%)": ("memory_usage_rate", "percent"),
    "SyscallRead": ("syscall_read", "count"),
    "SyscallWrite": ("syscall_write", "count"),
    "NetworkReceiveBytes": ("network_receive", "bytes"),
    "NetworkTransmitBytes": ("network_transmit", "bytes"),
    "PodClientLatencyP90(s)": ("client_latency_p90", "seconds"),
    "PodServerLatencyP90(s)": ("server_latency_p90", "seconds"),
    "PodClientLatencyP95(s)": ("client_latency_p95", "seconds"),
    "PodServerLatencyP95(s)": ("server_latency_p95", "seconds"),
    "PodClientLatencyP99(s)": ("client_latency_p99", "seconds"),
    "PodServerLatencyP99(s)": ("server_latency_p99", "seconds"),
    "PodWorkload(Ops)": ("workload", "per_second"),
    "NodeCpuUsageRate(%)": ("node_cpu_usage_rate", "percent"),
    "NodeMemoryUsageRate(%)": ("node_memory_usage_rate", "percent"),
    "NodeNetworkReceiveBytes": ("node_network_receive", "bytes"),
}
_FRONT = {
    "SuccessRate(%)": ("success_rate", "percent"),
    "LatencyP50(s)": ("latency_p50", "seconds"),
    "LatencyP90(s)": ("latency_p90", "seconds"),
    "LatencyP95(s)": ("latency_p95", "seconds"),
    "LatencyP99(s)": ("latency_p99", "seconds"),
}
#: What stands for the users' side of the system as a whole; it is no service of the catalogue.
ENTRYPOINT = "_entrypoint"
_LEVELS = {"warning": "warn", "critical": "fatal", "err": "error", "trace": "debug"}
_KNOWN_LEVELS = ("debug", "info", "warn", "error", "fatal")


def service_of(pod: str) -> str:
    """`cartservice-579f59597d-wc2lz` is a pod of `cartservice`."""
    return pod.rsplit("-", 2)[0]


def metrics(folder: Path, window: Window | None) -> pl.DataFrame:
    """Every sample of a day's `metric/`, or those of a window.

    Raises:
        CaseError: a file cannot be read or lacks a column.
    """
    parts = [_pod(path, window) for path in sorted(folder.glob("*_metric.csv"))]
    if (folder / "front_service.csv").is_file():
        parts.append(_front(folder / "front_service.csv", window))
    for side in ("source", "destination"):
        path = folder / f"{side}_50.csv"
        if path.is_file():
            parts.append(_edges(path, side, window))
    shaped = [part.select(METRICS_SCHEMA.names()) for part in parts]
    return finite(pl.concat(shaped))[0] if shaped else pl.DataFrame(schema=METRICS_SCHEMA)


def _pod(path: Path, window: Window | None) -> pl.DataFrame:
    long = _table(path, "Time", ["PodName"], _POD, window)
    pod = pl.col("PodName")
    service = pod.str.replace(r"-[^-]*-[^-]*$", "")
    return long.with_columns(service=service, instance=pod, peer=pl.lit(""))


def _front(path: Path, window: Window | None) -> pl.DataFrame:
    long = _table(path, "Time", [], _FRONT, window)
    return long.with_columns(service=pl.lit(ENTRYPOINT), instance=pl.lit(""), peer=pl.lit(""))


def _edges(path: Path, side: str, window: Window | None) -> pl.DataFrame:
    """Columns named `<caller>_<callee>`."""
    pairs = [name for name in scan(path, ["time"]).collect_schema().names() if "_" in name]
    names = {pair: (pair, "seconds") for pair in pairs}
    long = _table(path, "time", [], names, window)
    parts = pl.col("metric").str.split_exact("_", 1).struct
    return long.with_columns(
        service=parts.field("field_0"),
        peer=parts.field("field_1"),
        instance=pl.lit(""),
        metric=pl.lit(f"edge_latency_p50_{side}"),
    )


def _table(
    path: Path, time: str, kept: list[str], names: dict[str, tuple[str, str]], window: Window | None
) -> pl.DataFrame:
    """A wide table as rows of time, metric, value, unit, and the columns that are kept."""
    lazy = scan(path, [time, *kept])
    found = [name for name in names if name in lazy.collect_schema().names()]
    at = (
        pl.col(time)
        .str.slice(0, 19)
        .str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us", time_zone="UTC")
    )
    rows = lazy.select(at.alias("time"), *kept, *(number(name, pl.Float64()) for name in found))
    if window is not None:
        rows = rows.filter(pl.col("time").is_between(window.start, window.end, closed="left"))
    long = read(rows, path).unpivot(found, index=["time", *kept], variable_name="column", value_name="value")
    return long.with_columns(
        metric=pl.col("column").replace_strict({c: names[c][0] for c in found}, return_dtype=pl.String),
        unit=pl.col("column").replace_strict({c: names[c][1] for c in found}, return_dtype=pl.String),
    )


def logs(folder: Path, window: Window | None) -> pl.DataFrame | None:
    """The lines of a day's `log/`, or of a window; None where there is no file."""
    needed = ["TimeUnixNano", "PodName", "TraceID", "SpanID", "Log"]
    parts = [read(_lines(scan(path, needed)), path) for path in _minutes(folder, "log", window)]
    return pl.concat(parts) if parts else None


def _lines(lazy: pl.LazyFrame) -> pl.LazyFrame:
    """What the service itself wrote: unpacked from the runtime's JSON, and from its own if it writes any."""
    wrote = pl.coalesce(pl.col("Log").str.json_path_match("$.log"), pl.col("Log")).str.strip_chars()
    own = pl.when(pl.col("wrote").str.starts_with("{")).then(pl.col("wrote"))
    text = pl.coalesce(own.str.json_path_match("$.message"), pl.col("wrote"))
    word = pl.coalesce(
        own.str.json_path_match("$.severity"), text.str.extract(r"^[\d:.,]+\s+([A-Za-z]+)\s", 1), pl.lit("")
    )
    level = word.str.to_lowercase().replace(_LEVELS)
    message = (
        text.str.replace(r"^[\d:.,]+\s+[A-Za-z]+\s+", "")
        .str.replace_all(r"(?:TraceID|SpanID): \w+[,;]?\s*", "")
        .str.strip_chars()
    )
    return (
        lazy.with_columns(wrote=wrote)
        .select(
            number("TimeUnixNano", pl.Int64()).alias("at"),
            pl.col("PodName").str.replace(r"-[^-]*-[^-]*$", "").alias("service"),
            pl.col("PodName").alias("instance"),
            pl.when(level.is_in(_KNOWN_LEVELS)).then(level).otherwise(pl.lit("")).alias("level"),
            message.alias("message"),
            pl.col("TraceID").alias("trace_id"),
            pl.col("SpanID").alias("span_id"),
        )
        .filter(pl.col("at").is_not_null())
        .with_columns(time=from_epoch("at", "ns"))
    )


def traces(folder: Path, window: Window | None) -> pl.DataFrame | None:
    """The spans of a day's `trace/`, or of a window; None where there is no file."""
    needed = ["TraceID", "SpanID", "ParentID", "PodName", "OperationName", "StartTimeUnixNano", "Duration"]
    parts = [read(_spans(scan(path, needed)), path) for path in _minutes(folder, "trace", window)]
    return pl.concat(parts) if parts else None


def _spans(lazy: pl.LazyFrame) -> pl.LazyFrame:
    return (
        lazy.select(
            number("StartTimeUnixNano", pl.Int64()).alias("at"),
            number("Duration", pl.Float64()).cast(pl.Int64, strict=False).alias("duration_us"),
            pl.col("TraceID").alias("trace_id"),
            pl.col("SpanID").alias("span_id"),
            pl.col("ParentID").replace("root", "").alias("parent_id"),
            pl.col("PodName").str.replace(r"-[^-]*-[^-]*$", "").alias("service"),
            pl.col("OperationName").alias("operation"),
            pl.lit("unset").alias("status"),
        )
        .filter(pl.col("at").is_not_null(), pl.col("duration_us") >= 0)
        .with_columns(time=from_epoch("at", "ns"))
    )


def _minutes(folder: Path, kind: str, window: Window | None) -> list[Path]:
    """The files `HH_MM_<kind>.csv` whose minute lies in a window."""
    files = sorted(folder.glob(f"[0-9][0-9]_[0-9][0-9]_{kind}.csv"))
    if window is None:
        return files
    first, last = f"{window.start:%H_%M}", f"{window.end:%H_%M}"
    return [file for file in files if first <= file.name[:5] <= last]


def dependencies(folder: Path) -> set[tuple[str, str]]:
    """Who calls whom, where the set says it; `services` drops the targets that are machines."""
    path = folder / "dependency.csv"
    if not path.is_file():
        return set()
    return {
        (caller, callee)
        for caller, callee in read(
            scan(path, ["Source", "Target"]).select("Source", "Target"), path
        ).iter_rows()
    }
