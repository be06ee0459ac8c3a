"""Who calls whom and how often, read from spans."""

import polars as pl

#: A call that came with a request less than a quarter as often as before has mostly stopped.
_STOPPED = 0.25
#: Fewer calls than this to expect, and none of them may be chance.
_EXPECTED = 10


def calls(spans: pl.DataFrame) -> pl.DataFrame:
    """Calls between services.

    Args:
        spans: what `related` returns.

    Returns:
        One row per (caller, callee) with `calls` and `entries`, the requests that the caller served.
    """
    entered = spans.filter(pl.col("caller").is_null() | (pl.col("caller") != pl.col("service")))
    entries = entered.group_by(pl.col("service").alias("caller")).agg(pl.len().alias("entries"))
    return (
        entered.filter(pl.col("caller").is_not_null())
        .group_by("caller", pl.col("service").alias("callee"))
        .agg(pl.len().alias("calls"))
        .join(entries, on="caller")
        .sort("caller", "callee")
    )


def stopped(now: pl.DataFrame, reference: pl.DataFrame) -> frozenset[tuple[str, str]]:
    """The (caller, callee) pairs whose calls per served request mostly ceased (both as `related` returns)."""
    before = calls(reference)
    after = calls(now)
    served = after.select("caller", pl.col("entries").alias("entries_now")).unique()
    current = after.select("caller", "callee", pl.col("calls").alias("calls_now"))
    compared = (
        before.join(served, on="caller")
        .join(current, on=["caller", "callee"], how="left")
        .with_columns(
            pl.col("calls_now").fill_null(0),
            expected=pl.col("calls") / pl.col("entries") * pl.col("entries_now"),
        )
        .filter((pl.col("expected") >= _EXPECTED) & (pl.col("calls_now") < _STOPPED * pl.col("expected")))
    )
    return frozenset(compared.select("caller", "callee").iter_rows())
