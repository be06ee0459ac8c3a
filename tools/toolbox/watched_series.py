"""`watched_series`: the watched signals over time, kept for the charts that people see."""

from itertools import islice

from incidents.series import SignalSeries, WatchedSeries
from incidents.verification import Signal
from tools.telemetry.observation import Observation
from tools.telemetry.observe import observe
from tools.telemetry.watched_series import Samples, baseline_span, samples, shown_span
from tools.toolbox.arguments import NoArgs
from tools.toolset import Sources, Tool
from tools.wording import paragraphs, quantity, rows, span

#: More signals than this are not looked at, more samples of one than this cannot be told apart in a chart,
#: and more changes than this hide the signals.
MOST_SIGNALS, MOST_SAMPLES, MOST_CHANGES = 4, 240, 8


async def _ask(sources: Sources, args: NoArgs) -> WatchedSeries:
    seen = await observe(sources)
    shown = shown_span(seen)
    ordered = sorted(sources.incident.signals, key=lambda signal: not signal.opened)
    found = ((signal, one) for signal in ordered if (one := samples(seen, signal)) is not None)
    onsets = [level.onset for level in seen.levels if level.deviates and level.onset is not None]
    changes = [change for change in seen.changes if shown.start <= change.time <= shown.end]
    return WatchedSeries(
        shown=shown,
        baseline=baseline_span(seen),
        alerted=seen.alerted,
        onset=min(onsets, default=None),
        series=tuple(_series(seen, signal, one) for signal, one in islice(found, MOST_SIGNALS)),
        changes=tuple(changes[-MOST_CHANGES:]),
    )


def _series(seen: Observation, signal: Signal, found: Samples) -> SignalSeries:
    """The samples, thinned: of neighbours the highest stays."""
    start, step = shown_span(seen).start, -(-len(found.times) // MOST_SAMPLES)
    parts = [range(at, min(at + step, len(found.times))) for at in range(0, len(found.times), step)]
    highest = [max(part, key=lambda place: found.values[place]) for part in parts]
    return SignalSeries(
        signal=signal,
        seconds=tuple(round((found.times[place] - start).total_seconds(), 1) for place in highest),
        values=tuple(found.values[place] for place in highest),
        usual=found.usual,
    )


def _say(found: WatchedSeries) -> str:
    told = [
        f"{one.signal.service} {one.signal.metric}: last {quantity(one.values[-1], one.signal.unit)}, usual "
        + (f"up to {quantity(one.usual[1], one.signal.unit)}" if one.usual else "unknown")
        for one in found.series
    ]
    return paragraphs(f"Watched signals, {span(found.shown)}.", rows(told, 0, ""))


WATCHED_SERIES = Tool(
    name="watched_series",
    channel="metrics",
    description="The watched signals over time with what was changed, for the charts that people see.",
    args=NoArgs,
    ask=_ask,
    say=_say,
    empty=lambda found: not found.series,
)
