"""What spans say about each service: own time, failures, and the way to it."""

from dataclasses import replace
from typing import Any

import polars as pl

from incidents.findings import Channel
from tools.analysis.impact import HALF_FAILED, HALF_SLOWER, sureness, weight
from tools.analysis.series import SIGNIFICANT
from tools.analysis.signals import Aspect, Signal
from tools.analysis.slow_edges import Way, common_ends

#: A single span of a kind has no variance to speak of.
_ENOUGH = 2
#: Of a handful of spans the variance is not known either: each may be off by half of what it usually takes.
_SPREAD = 0.5
#: A mean that moved by less than a tenth is nobody's incident, however many spans agree on it.
_RELATIVE_FLOOR = 0.1


def trace_signals(now: pl.DataFrame, usual: pl.DataFrame) -> list[Signal]:
    """Signals of own time, failures and network delay, now against the reference.

    Own time is net of what the callees took and so needs no freeing from them; failures are
    counted at the deepest span that failed.

    Args:
        now: spans around the alert, as `related` returns them.
        usual: spans of the reference, likewise.
    """
    roots = usual.filter(pl.col("caller").is_null())
    if now.is_empty() or roots.is_empty():
        return []
    requests = now.filter(pl.col("caller").is_null()).height or now["trace_id"].n_unique()
    time = float(roots["duration_us"].sum()) / roots.height
    working = [frame.filter(~pl.col("client")) for frame in (now, usual)]
    compared = _compared(working[0], working[1], ["service", "operation"], pl.col("own_us"))
    slower = compared.filter(pl.col("sigmas") >= SIGNIFICANT)
    found = [_slow_signal(row, requests * time) for row in slower.iter_rows(named=True)]
    return found + _delays(now, usual, requests * time) + _failing(now, usual, requests)


def _delays(now: pl.DataFrame, usual: pl.DataFrame, time: float) -> list[Signal]:
    """Signals of ways between services that take longer, by client spans that carry one call."""
    carried = [frame.filter("carried") for frame in (now, usual)]
    way = (pl.col("caller_us") - pl.col("duration_us")).clip(0)
    compared = _compared(carried[0], carried[1], ["caller", "service"], way)
    slowed = list(compared.filter(pl.col("sigmas") >= SIGNIFICANT).iter_rows(named=True))
    pairs = compared.group_by("caller").agg(pl.col("service"))
    measured = {caller: frozenset(callees) for caller, callees in pairs.iter_rows()}
    common = common_ends((Way(row["caller"], row["service"], row["more"]) for row in slowed), measured)
    found = []
    for row in slowed:
        end = row["caller"] if row["caller"] in common else row["service"]
        found.append(replace(_slow_signal(row, time), service=end))
    return found


def _means(frame: pl.DataFrame, keys: list[str], value: pl.Expr) -> pl.DataFrame:
    return frame.group_by(keys).agg(
        pl.len().alias("spans"), value.mean().alias("mean"), value.var().fill_null(0.0).alias("var")
    )


def _compared(now: pl.DataFrame, usual: pl.DataFrame, keys: list[str], value: pl.Expr) -> pl.DataFrame:
    """Groups with enough spans in both, with `more` (of the mean, microseconds) and `sigmas`."""
    return (
        _means(now, keys, value)
        .join(_means(usual, keys, value), on=keys, suffix="_usual")
        .filter((pl.col("spans") >= _ENOUGH) & (pl.col("spans_usual") >= _ENOUGH))
        .with_columns(
            more=pl.col("mean") - pl.col("mean_usual"),
            error=(pl.col("var") / pl.col("spans") + pl.col("var_usual") / pl.col("spans_usual")).sqrt(),
            unsure=_SPREAD * pl.col("mean_usual") / pl.min_horizontal("spans", "spans_usual").sqrt(),
        )
        .with_columns(
            sigmas=pl.col("more")
            / pl.max_horizontal("error", "unsure", _RELATIVE_FLOOR * pl.col("mean_usual"), 1.0)
        )
        .sort(*keys)
    )


def _slow_signal(row: dict[str, Any], time: float) -> Signal:
    aspect: Aspect = "latency" if "operation" in row else "network"
    what = (
        f"own time of {row['operation']}"
        if "operation" in row
        else f"way from {row['caller']} to {row['service']}"
    )
    strength = weight(row["more"] * row["spans"] / time, HALF_SLOWER) * sureness(row["sigmas"])
    was, now = row["mean_usual"] / 1000, row["mean"] / 1000
    text = f"{what} {was:.4g} -> {now:.4g} ms in {row['spans']} spans ({row['sigmas']:.3g} sigma)"
    return Signal(row["service"], Channel.TRACES, aspect, strength, text)


def _failing(now: pl.DataFrame, usual: pl.DataFrame, requests: int) -> list[Signal]:
    shares = [_failures(frame) for frame in (now, usual)]
    joined = (
        shares[0]
        .join(shares[1], on="service", how="left", suffix="_usual")
        .with_columns(pl.col("failed_usual").fill_null(0), pl.col("spans_usual").fill_null(0))
        .with_columns(usual=pl.col("failed_usual") / pl.col("spans_usual").clip(1))
        .with_columns(more=pl.col("failed") - pl.col("usual") * pl.col("spans"))
        # A count of failures varies by its square root.
        .with_columns(sigmas=pl.col("more") / (pl.col("usual") * pl.col("spans")).clip(1).sqrt())
        .filter(pl.col("sigmas") >= SIGNIFICANT)
        .sort("service")
    )
    found = []
    for row in joined.iter_rows(named=True):
        strength = weight(row["more"] / requests, HALF_FAILED) * sureness(row["sigmas"])
        share = f"{row['failed']} of {row['spans']} spans failed, {row['usual']:.2%} usually"
        text = f"{share} ({row['sigmas']:.3g} sigma)"
        found.append(Signal(row["service"], Channel.TRACES, "errors", strength, text))
    return found


def _failures(frame: pl.DataFrame) -> pl.DataFrame:
    """Per service, spans and those that failed without a failed child (there it began)."""
    failed = frame.filter(pl.col("status") == "error")
    deepest = failed.join(failed.select(pl.col("above").alias("key")), on="key", how="anti")
    began = deepest.group_by("service").agg(pl.len().alias("failed"))
    return (
        frame.group_by("service")
        .agg(pl.len().alias("spans"))
        .join(began, on="service", how="left")
        .with_columns(pl.col("failed").fill_null(0))
    )
