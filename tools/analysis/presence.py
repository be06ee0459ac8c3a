"""Code faults show as presence: how often an operation logs a line or makes a call.

A fault in code seldom slows or saturates anything. It returns early or throws, so that calls and
log lines that always came with an operation stop coming, or others come that never did.
"""

from dataclasses import dataclass

import polars as pl

from tools.analysis.spans import span_key

_HOST = ("service", "operation")
#: What fewer spans of an operation do or do not do says nothing about the others.
_ENOUGH = 6


@dataclass(frozen=True)
class Observations:
    """Spans of a period and what came with them.

    spans: service, operation.
    items: service and operation of the host span, `item` (text), `kind` (call|log|pair), `error` (bool).
    """

    spans: pl.DataFrame
    items: pl.DataFrame


def written_in(logs: pl.DataFrame, *spans: pl.DataFrame) -> pl.DataFrame:
    """The lines that were written within one of the spans, in any of the frames that `related` returns."""
    keys = pl.concat([frame.select("key") for frame in spans])
    within = logs.filter(pl.col("span_id") != "").with_columns(key=span_key("span_id"))
    return within.join(keys, on="key", how="semi").drop("key")


def observe(spans: pl.DataFrame, logs: pl.DataFrame) -> Observations:
    """Gather what came with each span.

    Args:
        spans: what `related` returns.
        logs: logs schema and a column `template`.
    """
    calls = spans.filter(pl.col("caller").is_not_null()).select(
        pl.col("caller").alias("service"),
        pl.col("caller_operation").alias("operation"),
        pl.concat_str("service", pl.lit(" "), "operation").alias("item"),
        pl.lit("call").alias("kind"),
        (pl.col("status") == "error").alias("error"),
    )
    lines = (
        logs.filter(pl.col("span_id") != "")
        .select(
            span_key("span_id").alias("key"),
            "time",
            pl.col("template").alias("item"),
            pl.lit("log").alias("kind"),
            pl.col("level").is_in(["error", "fatal"]).alias("error"),
        )
        .join(spans.select("key", *_HOST), on="key")
        .select("key", "time", *_HOST, "item", "kind", "error")
    )
    followed = lines.sort("key", "time", "item").with_columns(
        item=pl.concat_str("item", pl.lit(", then "), pl.col("item").shift(-1).over("key")),
        kind=pl.lit("pair"),
        error=pl.lit(False),
    )
    pairs = followed.filter(pl.col("item").is_not_null())
    items = [calls, lines.drop("key", "time"), pairs.drop("key", "time")]
    return Observations(spans=spans.select(_HOST), items=pl.concat(items))


def _counts(seen: Observations) -> tuple[pl.DataFrame, pl.DataFrame]:
    hosts = seen.spans.group_by(_HOST).agg(pl.len().alias("spans"))
    items = seen.items.group_by(*_HOST, "kind", "item").agg(pl.len().alias("times"), pl.col("error").any())
    return hosts, items


def presence_changes(now: Observations, reference: Observations) -> pl.DataFrame:
    """How often an operation's spans have an item, now against the reference.

    Returns:
        One row per (service, operation, kind, item) whose operation ran in both periods, with
        `rate` and `usual` (items per span), `spans`, `usual_spans`, `error`, and
        `strength`, 0 to 1: the change of the rate less its standard error, of the larger rate where that
        is above one, squared, because a fault makes an item always come or never, while a shift in
        what users ask for changes many rates a little.
    """
    hosts, items = _counts(now)
    usual_hosts, usual_items = _counts(reference)
    keys = [*_HOST, "kind", "item"]
    both = (
        pl.concat([items.select(keys), usual_items.select(keys)])
        .unique()
        .join(hosts, on=_HOST)
        .join(usual_hosts, on=_HOST, suffix="_usual")
        .join(items, on=keys, how="left")
        .join(usual_items, on=keys, how="left", suffix="_usual")
        .with_columns(pl.col("times", "times_usual").fill_null(0))
        .filter((pl.col("spans") >= _ENOUGH) & (pl.col("spans_usual") >= _ENOUGH))
    )
    rate, usual = _smoothed("times", "spans"), _smoothed("times_usual", "spans_usual")
    spread = (_variance(rate) / (pl.col("spans") + 1) + _variance(usual) / (pl.col("spans_usual") + 1)).sqrt()
    change = ((rate - usual).abs() - spread).clip(0) / pl.max_horizontal(rate, usual, pl.lit(1.0))
    return both.select(
        *keys,
        (pl.col("error").fill_null(False) | pl.col("error_usual").fill_null(False)).alias("error"),
        (pl.col("times") / pl.col("spans")).alias("rate"),
        (pl.col("times_usual") / pl.col("spans_usual")).alias("usual"),
        "spans",
        pl.col("spans_usual").alias("usual_spans"),
        (change**2).alias("strength"),
    ).sort("strength", *keys, descending=[True, *[False] * len(keys)])


def _smoothed(count: str, total: str) -> pl.Expr:
    """A rate that a handful of spans cannot push to 0 or 1 (half an item in one more span is added)."""
    return (pl.col(count) + 0.5) / (pl.col(total) + 1)


def _variance(rate: pl.Expr) -> pl.Expr:
    """Of one span's count: a yes or no below one per span, a Poisson count's above."""
    return pl.when(rate < 1).then(rate * (1 - rate)).otherwise(rate)
