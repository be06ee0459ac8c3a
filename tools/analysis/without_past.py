"""Series without a past: compared with other instances' of the service, or judged by their level alone."""

import polars as pl

#: Of a service that nothing is known of from before, a share of failures from here on speaks for itself.
FAILING = 0.05
#: Of a whole, per unit.
WHOLE = {"ratio": 1.0, "percent": 100.0}


def with_siblings(own: pl.DataFrame, pooled: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """References of single series; one that has none gets that of the same service's other instances.

    Args:
        own: series that are to be compared, with the columns of their own reference, null without one.
        pooled: the same columns by `keys`.
        keys: what the pooled reference belongs to.
    """
    names = [name for name in pooled.columns if name not in keys]
    joined = own.join(pooled, on=keys, how="left", suffix="_pooled")
    return joined.with_columns(pl.coalesce(name, f"{name}_pooled") for name in names).drop(
        f"{name}_pooled" for name in names
    )


def judged_alone(measured: pl.DataFrame, floors: dict[str, float]) -> pl.DataFrame:
    """Rows of `deviations` with a rise or fall for what fails by its level alone, and `alone` for those.

    Args:
        measured: one row per series, with what it is compared with.
        floors: what counts as one robust sigma of a share of failures, per unit.
    """
    whole = pl.col("unit").replace_strict(WHOLE, default=None, return_dtype=pl.Float64)
    lowest = pl.col("unit").replace_strict(floors, default=None, return_dtype=pl.Float64)
    errors, success = pl.col("family") == "errors", pl.col("family") == "success"
    unknown = (pl.col("early_count") == 0) & (pl.col("base_count") == 0)
    traffic = (
        measured.filter((pl.col("family") == "traffic") & (pl.col("side") == "own"))
        .group_by("service", "instance", "peer", "unit")
        .agg(pl.col("now_median").max().alias("served"))
        .filter(pl.col("served") > 0)
    )
    joined = measured.join(traffic, on=("service", "instance", "peer", "unit"), how="left")
    failed = pl.when(errors).then("now_high").when(success).then(whole - pl.col("now_low"))
    share = failed / pl.coalesce(whole, "served")
    sigmas = pl.coalesce(failed / lowest, share / floors["ratio"])
    alone = (unknown & (share >= FAILING)).fill_null(False)
    return joined.with_columns(
        alone=alone,
        rise=pl.when(alone & errors).then("now_high").otherwise("rise"),
        up=pl.when(alone & errors).then(sigmas).otherwise("up"),
        fall=pl.when(alone & success).then(failed).otherwise("fall"),
        down=pl.when(alone & success).then(sigmas).otherwise("down"),
    ).drop("served")
