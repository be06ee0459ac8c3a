"""A recording that stays small: fewer traces, each of them whole."""

import zlib
from dataclasses import replace

import polars as pl

from tools.recorded.write import Pages


def whole_traces(spans: pl.DataFrame, keep: float) -> pl.DataFrame:
    """The spans of a share of the traces.

    Args:
        spans: with a column `trace_id`.
        keep: the share, from 0 to 1, chosen by trace id alone: that says nothing about errors or duration, so
            ratios and percentiles stay what they were.
    """
    return spans.filter(_kept(spans, keep))


def thinned(pages: Pages, keep: float) -> Pages:
    """The same with a share of its traces; metrics, log lines and changes are all there.

    A log line of a trace that is left out names no trace, instead of one that nobody can look up.
    """
    if pages.traces is None:
        return pages
    logs = pages.logs
    if logs is not None:
        known = _kept(logs, keep)
        named = [
            pl.when(known).then(name).otherwise(pl.lit("")).alias(name) for name in ("trace_id", "span_id")
        ]
        logs = logs.with_columns(named)
    return replace(pages, traces=whole_traces(pages.traces, keep), logs=logs)


def _kept(frame: pl.DataFrame, keep: float) -> pl.Expr:
    chosen = [identity for identity in frame["trace_id"].unique() if _place(identity) < keep]
    return pl.col("trace_id").is_in(chosen)


def _place(identity: str) -> float:
    return zlib.crc32(identity.encode()) / 2**32
