"""When monitoring notices: two intervals of three in which visits fail, or take longer, more than usually."""

from dataclasses import dataclass
from random import Random

import polars as pl

_WIDTH = 30.0
_LEAST = 6


@dataclass(frozen=True)
class Symptom:
    """What an alert says: since when, where, and what.

    Attributes:
        at: in seconds, when the second bad interval had ended.
        metric: errors, latency or traffic.
    """

    at: float
    service: str
    metric: str
    title: str


def first_symptom(spans: pl.DataFrame, services: list[str], onset: float) -> Symptom | None:
    """The first symptom of some services after the onset, or None."""
    served = spans.filter((pl.col("peer") == "") & pl.col("service").is_in(services))
    binned = served.with_columns((pl.col("end") / _WIDTH).floor().alias("bin"))
    each = binned.group_by("service", "bin").agg(
        pl.len().alias("number"),
        pl.col("failed").mean().alias("failed"),
        pl.col("seconds").quantile(0.9).alias("slow"),
    )
    found = [
        symptom
        for service in services
        if (symptom := _of(each.filter(pl.col("service") == service), service, onset))
    ]
    return min(found, key=lambda symptom: (symptom.at, symptom.service), default=None)


def _of(bins: pl.DataFrame, service: str, onset: float) -> Symptom | None:
    usual = bins.filter((pl.col("bin") + 1) * _WIDTH <= onset)
    if usual.height < 4:
        return None
    failing = max(0.05, 3 * float(usual["failed"].mean() or 0.0))  # type: ignore[arg-type]
    slow = max(1.8 * float(usual["slow"].median() or 0.0), float(usual["slow"].max() or 0.0) * 1.1)  # type: ignore[arg-type]
    quiet = 0.35 * float(usual["number"].mean() or 0.0)  # type: ignore[arg-type]
    by_bin = {int(row["bin"]): row for row in bins.iter_rows(named=True)}
    recent: list[str] = []
    for number in range(int(onset / _WIDTH), max(by_bin) + 1):
        row = by_bin.get(number, {"number": 0, "failed": 0.0, "slow": 0.0})
        now = ""
        if row["number"] >= _LEAST and row["failed"] > failing:
            now = "errors"
        elif row["number"] >= _LEAST and row["slow"] > slow:
            now = "latency"
        elif usual["number"].mean() > 20 and row["number"] < quiet:  # type: ignore[operator]
            now = "traffic"
        if now and any(recent[-2:]):
            return Symptom((number + 1) * _WIDTH, service, now, _title(service, now, row))
        recent.append(now)
    return None


def _title(service: str, metric: str, row: dict[str, float]) -> str:
    if metric == "errors":
        return f"{service}: {row['failed']:.0%} of requests fail"
    return (
        f"{service}: slow answers, p90 {row['slow']:.2g} s"
        if metric == "latency"
        else f"{service}: far fewer requests than usual"
    )


def vague(rng: Random, service: str) -> str:
    """What people write who noticed something that no alert did."""
    return rng.choice(
        (
            f"Customers say that {service} does not work as it should",
            f"Something is odd with {service}",
            f"{service}: please have a look",
        )
    )
