"""What logs and traces say about each service: what came to be, or ceased to be, with its work."""

import polars as pl

from incidents.findings import Channel
from tools.analysis.edges import stopped
from tools.analysis.presence import observe, presence_changes, written_in
from tools.analysis.signals import Signal
from tools.analysis.templates import with_templates

#: A share that changed by less than this is a shift in what users ask for.
_NOTABLE = 0.1
#: Of what the remaining calls to a service show, this much is its own.
_LEFT_OVER = 0.25


def presence_signals(
    now: pl.DataFrame, usual: pl.DataFrame, logs: pl.DataFrame, quiet_logs: pl.DataFrame
) -> list[Signal]:
    """Signals from how often each operation logs a line or makes a call, now against the reference.

    Args:
        now: spans around the alert, as `related` returns them.
        usual: spans of the reference, likewise.
        logs: the observed window (logs schema).
        quiet_logs: the baseline's, or no rows.
    """
    if now.is_empty() or usual.is_empty():
        return []
    # Masking is the dear part: only lines of spans that are compared are worth it.
    lines, quiet_lines = with_templates(written_in(logs, now, usual), written_in(quiet_logs, usual))
    changed = presence_changes(observe(now, lines), observe(usual, pl.concat([quiet_lines, lines])))
    left = {callee for _, callee in stopped(now, usual)}
    return [_judged(signal, left) for signal in _signals(changed)]


def _judged(signal: Signal, left: set[str]) -> Signal:
    """A callee that is mostly not called any more shows the calls that are left, not itself."""
    return (
        signal.scaled(_LEFT_OVER, "its caller mostly stopped calling it")
        if signal.service in left
        else signal
    )


def _signals(changes: pl.DataFrame) -> list[Signal]:
    relief = _relief(changes)
    found = []
    for row in changes.filter(pl.col("strength") >= _NOTABLE).iter_rows(named=True):
        eased = relief.get(row["service"], 0.0)
        if 0 < row["usual"] - row["rate"] <= eased * max(row["usual"], 1.0):
            continue
        channel = Channel.TRACES if row["kind"] == "call" else Channel.LOGS
        what = "calls" if row["kind"] == "call" else "logs"
        text = (
            f'{row["operation"]} {what} "{row["item"]}" {row["rate"]:.2g} per span of {row["spans"]} spans, '
            f"{row['usual']:.2g} of {row['usual_spans']} before"
        )
        strength = row["strength"] * (1 - eased)
        found.append(Signal(row["service"], channel, "presence", strength, text))
    return found


def _relief(changes: pl.DataFrame) -> dict[str, float]:
    """Per service, the share of its reference that failed and fails no more: that part is no standard."""
    errors = (
        changes.filter("error")
        .group_by("service")
        .agg((pl.col("usual") - pl.col("rate")).max().alias("less"))
    )
    return {row["service"]: min(max(row["less"], 0.0), 1.0) for row in errors.iter_rows(named=True)}
