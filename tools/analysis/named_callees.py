"""Callees that their callers complain about: new failures in the log that name what was called."""

import re
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from incidents.findings import Channel
from tools.analysis.impact import by_chance, sureness
from tools.analysis.model import Topology
from tools.analysis.series import SIGNIFICANT
from tools.analysis.signals import Signal
from tools.analysis.templates import masked

_FAILING = ("error", "fatal", "warn", "warning", "critical")
#: What a caller says of its callee is half of what that shows itself.
_HEARSAY = 0.5
#: Failures in fewer than half of the quarters since the first are a restart's.
_PARTS, _MOMENT = 4, 0.5
#: What stands in quotation marks was passed in by somebody, who may write what he likes.
_QUOTED = r"""'[^']*'|"[^"]*"|“[^”]*”|`[^`]*`"""


def named_signals(
    logs: pl.DataFrame, usual: pl.DataFrame, minutes: float, usual_minutes: float, topology: Topology
) -> list[Signal]:
    """A signal for each service that new failures in the logs of its callers, near or far, name as the last.

    Who is refused, resolves no name, meets a bad certificate or is told nonsense writes it down, while what
    was called may notice nothing. Of several names in a line ("A answered 502: B failed") the one that the
    others call is meant; a line with names beside each other accuses nobody.

    Args:
        logs: lines around the alert (logs schema).
        usual: lines of the reference.
        minutes: how long the first were written.
        usual_minutes: how long the others were.
        topology: who calls whom.
    """
    counted = _new(logs, usual, minutes / usual_minutes if usual_minutes > 0 else 0.0)
    if counted.is_empty():
        return []
    names = _Names(topology)
    reached: dict[str, dict[str, int]] = {}
    found = []
    for row in counted.iter_rows(named=True):
        witness, times = row["service"], row["now_times"]
        below = reached.setdefault(witness, topology.distances(witness))
        named = {name for name in names.in_line(row["line"]) if below.get(name)}
        ends = [one for one in named if not (named - {one}) & set(topology.distances(one))]
        lasting = _lasting(times, row["end"])
        if len(ends) == 1 and lasting >= _MOMENT:
            text = f'{witness} logs "{row["line"]}" {row["now"]} times, {row["before"]:.2g} usually'
            strength = _HEARSAY * sureness(by_chance(row["sigmas"])) * lasting
            found.append(Signal(ends[0], Channel.LOGS, "answers", strength, text, min(times), witness))
    return found


def _new(logs: pl.DataFrame, usual: pl.DataFrame, share: float) -> pl.DataFrame:
    """Lines of failures that come more often than before, with how often and how surely."""
    failing = pl.col("level").str.to_lowercase().is_in(_FAILING)
    # Not by mined templates: these take lines that differ in a name for one.
    now, before = (
        frame.filter(failing).with_columns(line=masked(pl.col("message"))) for frame in (logs, usual)
    )
    keys = ["service", "line"]
    return (
        now.group_by(keys)
        .agg(pl.len().alias("now"), pl.col("time").alias("now_times"))
        .join(before.group_by(keys).agg(pl.len().alias("before")), on=keys, how="left")
        .with_columns(pl.col("before").fill_null(0) * share, end=pl.lit(logs["time"].max()))
        .with_columns(sigmas=(pl.col("now") - pl.col("before")) / pl.col("before").clip(1).sqrt())
        .filter(pl.col("sigmas") >= SIGNIFICANT)
        .sort(keys)
    )


def _lasting(times: Sequence[datetime], end: datetime) -> float:
    """The share of the quarters of the time since the first line that have any."""
    whole = (end - min(times)) / _PARTS
    return len({min((at - min(times)) // whole, _PARTS - 1) for at in times}) / _PARTS if whole else 1.0


class _Names:
    """Finds the names of services in lines, as words of their own and with figures as templates have them."""

    def __init__(self, topology: Topology) -> None:
        names = sorted(topology.names())
        shown = (
            pl.DataFrame({"name": names}, schema={"name": pl.String})
            .select(masked(pl.col("name")))
            .to_series()
        )
        self._known: dict[str, list[str]] = {}
        for name, text in zip(names, shown, strict=True):
            self._known.setdefault(text.lower(), []).append(name)
        words = "|".join(re.escape(text) for text in sorted(self._known, key=len, reverse=True))
        # A path has names of services as well: /payment is what was asked for, not who was asked.
        self._pattern = re.compile(rf"(?<![\w-])(?<!(?<!/)/)(?:{words})(?![\w-])")

    def in_line(self, line: str) -> set[str]:
        """The names that stand in a line, but not those that two services share once figures are masked."""
        said = {found[0] for found in self._pattern.finditer(re.sub(_QUOTED, " ", line).lower())}
        return {self._known[text][0] for text in said if len(self._known[text]) == 1}
