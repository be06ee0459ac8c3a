"""The team's own alert rules: what each holds for bad, and which services break it now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl
from pydantic import Field

from incidents.value import Value
from incidents.verification import Limit, SignalKind
from tools.analysis.conventions import OF_A_RULE, conventions
from tools.telemetry.levels import Level
from tools.telemetry.pooling import SERIES
from tools.time_windows import utc_literal

_KINDS = {
    "errors": SignalKind.ERRORS, "success": SignalKind.ERRORS, "up": SignalKind.ERRORS,
    "latency": SignalKind.LATENCY, "traffic": SignalKind.TRAFFIC,
}  # fmt: skip


class AlertRule(Value):
    """One rule that was understood: a query whose value is held against a number.

    `query` is what is compared; `metrics` are the names that it reads; `lasts` is how long it has to be so;
    `labels` are those that the rule itself gives to its alerts.
    """

    name: str
    query: str
    limit: Limit
    metrics: tuple[str, ...] = ()
    lasts: timedelta = timedelta(0)
    severity: str | None = None
    labels: dict[str, str] = Field(default={})

    @property
    def series(self) -> str:
        """What its values are called as a series."""
        return OF_A_RULE + self.name

    @property
    def kind(self) -> SignalKind:
        """What it is about, by the first of its metrics that tells."""
        told = (_KINDS.get(conventions().meaning(name).family) for name in self.metrics)
        return next((kind for kind in told if kind is not None), SignalKind.SATURATION)


def by_series(rules: Sequence[AlertRule]) -> dict[str, AlertRule]:
    """The rules by what their series are called."""
    return {rule.series: rule for rule in rules}


def with_rules(signals: pl.DataFrame, rules: Sequence[AlertRule]) -> pl.DataFrame:
    """Signals in which the series of rules are of the kind and hurt in the direction that the rules tell."""
    if not rules or signals.is_empty():
        return signals
    known = pl.DataFrame(
        [(rule.series, rule.kind.value, rule.limit.falls) for rule in rules],
        schema={"metric": pl.String, "told_kind": pl.String, "told_falls": pl.Boolean},
        orient="row",
    ).unique("metric")
    joined = signals.join(known, on="metric", how="left", maintain_order="left")
    return joined.with_columns(
        kind=pl.coalesce("told_kind", "kind"), falls=pl.coalesce("told_falls", "falls")
    ).drop("told_kind", "told_falls")


def judged_by_rules(
    levels: Sequence[Level], rules: Mapping[str, AlertRule], frame: pl.DataFrame, end: datetime
) -> tuple[Level, ...]:
    """The levels, of which those of rules deviate that break their rule, whatever is usual.

    Args:
        levels: where every series stands.
        rules: by what their series are called.
        frame: the signals that the levels were read from.
        end: of the part that counts as now.
    """
    return tuple(
        level if (rule := rules.get(level.metric)) is None else _judged(level, rule, frame, end)
        for level in levels
    )


def _judged(level: Level, rule: AlertRule, frame: pl.DataFrame, end: datetime) -> Level:
    broken = level.now is not None and rule.limit.broken_by(level.now)
    onset = _since(level, rule, frame, end) if broken else None
    told = {"rule": rule.name, "limit": rule.limit}
    return level.model_copy(update={**told, "deviates": broken, "onset": onset})


def _since(level: Level, rule: AlertRule, frame: pl.DataFrame, end: datetime) -> datetime | None:
    """The first sample after the last one at which no instance broke the rule."""
    mine = [pl.col(name) == getattr(level, name) for name in SERIES]
    worst = pl.col("value").min() if rule.limit.falls else pl.col("value").max()
    rows = frame.filter(*mine, pl.col("time") < utc_literal(end)).group_by("time").agg(worst).sort("time")
    since: datetime | None = None
    for at, value in rows.select("time", "value").iter_rows():
        since = (since or at) if rule.limit.broken_by(value) else None
    return since


def say_broken(level: Level) -> str:
    """A broken rule in words: `HighErrorRate: 0.3, the team's alert rule says bad is > 0.05`."""
    now = "no value" if level.now is None else f"{level.now:.4g}"
    return f"{level.rule}: {now}, the team's alert rule says bad is {level.limit}"
