"""Did it get better? Decided from the watched signals before and after, never from an opinion.

`judge` is pure; `watch` reads the signals and asks it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from incidents.findings import Window
from incidents.incident import Incident
from incidents.verification import Limit, Reading, Recovery, Signal, SignalKind, Verification
from tools.telemetry.levels import Level
from tools.telemetry.observation import Observation, last_action
from tools.telemetry.observe import observe
from tools.telemetry.pooling import Median, medians
from tools.time_windows import utc_literal
from tools.toolset import Sources
from tools.wording import clock_time, quantity, span

#: How much of the way from the fault back to the baseline must be covered: signals seldom return to the dot.
RETURNED = 0.8
#: A level this close to its baseline has recovered however small the fault was (share of the baseline).
NEAR = 0.25
#: A level this far beyond its fault level is worse (share of the fault level)...
WORSE = 0.25
#: ...and never for moves smaller than this, per unit, which are noise on a quiet signal.
NOISE = {
    "ratio": 0.02, "percent": 2.0, "seconds": 0.05, "milliseconds": 50.0, "per_second": 1.0, "count": 5.0,
}  # fmt: skip
#: A resource that is hardly used may double in peace, as in `tools.telemetry.levels`.
_IN_PEACE = 10.0
#: Fewer samples than this are no basis for a verdict.
LEAST_SAMPLES = 2
#: How much of the time before the action stands for the fault.
FAULT = timedelta(minutes=5)
#: The end of a span, which is looked at by itself too; of the time before a quick action its last third.
LATE = timedelta(minutes=3)
_THIRD = 3
#: A signal without a sample for this long has gone silent, whatever it said before.
SILENT = timedelta(minutes=10)

Levels = Mapping[tuple[str, str], Median]


def verdict_of(
    signal: Signal,
    baseline: float | None,
    before: float | None,
    after: float | None,
    samples: int,
    high: float | None = None,
) -> Recovery:
    """The verdict over one signal from its three levels.

    Higher is worse for all but traffic and what is left of a resource. What is no higher than nine of ten
    samples of its quiet time (`high`) is not worse: a percentile of few requests swings by half.

    No samples after the action is `unknown`, never `recovered`.
    """
    if after is None or samples < LEAST_SAMPLES:
        return Recovery.UNKNOWN
    if signal.limit is not None:
        return _by_rule(signal.limit, before, after)
    if baseline is None and before is None:
        return Recovery.UNKNOWN
    if _falling_hurts(signal):  # everything is mirrored
        after, high = -after, None
        baseline = None if baseline is None else -baseline
        before = None if before is None else -before
    noise = _noise(signal)
    worst = max(level for level in (baseline, before, high) if level is not None)
    if after > worst + max(WORSE * abs(worst), noise):
        return Recovery.WORSE
    if baseline is None:
        return Recovery.UNKNOWN
    way = max(0.0, (before if before is not None else baseline) - baseline)
    allowed = max((1 - RETURNED) * way, NEAR * abs(baseline), noise)
    # Never so lenient that the fault itself would pass, unless it was lost in the noise.
    allowed = min(allowed, way / 2) if way > noise else allowed
    return Recovery.RECOVERED if after <= baseline + allowed else Recovery.UNCHANGED


def _by_rule(limit: Limit, before: float | None, after: float) -> Recovery:
    """The verdict by the team's own rule: well where it is not broken, whatever is usual."""
    way = -1.0 if limit.falls else 1.0
    if not limit.broken_by(after):
        return Recovery.RECOVERED
    if before is not None and way * (after - before) > WORSE * abs(before):
        return Recovery.WORSE
    return Recovery.UNCHANGED


def _falling_hurts(signal: Signal) -> bool:
    return signal.falls or signal.kind is SignalKind.TRAFFIC


def _noise(signal: Signal) -> float:
    noise = NOISE.get(signal.unit, 0.0)
    used = signal.kind is SignalKind.SATURATION and signal.unit in {"ratio", "percent"}
    return noise * _IN_PEACE if used else noise


def was_off(one: Reading) -> bool:
    """Whether a signal was away from its usual level before the change, or that is not known.

    What never was cannot have come back.
    """
    before = verdict_of(one.signal, one.baseline, None, one.before, LEAST_SAMPLES)
    return before is not Recovery.RECOVERED


def judge(
    readings: Sequence[Reading],
    *,
    at: datetime,
    window: Window,
    action: str | None = None,
    firing: bool = False,
) -> Verification:
    """The verdict over all signals.

    Args:
        readings: levels per signal, with what is said of each (`verdict_of`).
        at: the moment of the judgement.
        window: the time after the action that was looked at.
        action: the id of the action that is watched, if any.
        firing: whether an alert that fired before the action still does.

    Returns:
        Worse if any signal is worse than before; recovered only if all signals that opened the incident, or
        were off when its cause was found, recovered; unknown if one of those has no data, or if none of them
        was ever seen off while an alert still fires; else unchanged.
    """
    must = [one for one in readings if one.signal.must_recover]
    opened = [one.verdict for one in must]
    unproven = firing and not any(was_off(one) for one in must)
    if any(one.verdict is Recovery.WORSE for one in readings):
        verdict = Recovery.WORSE
    elif not opened or Recovery.UNKNOWN in opened:
        verdict = Recovery.UNKNOWN
    elif all(one is Recovery.RECOVERED for one in opened):
        verdict = Recovery.UNKNOWN if unproven else Recovery.RECOVERED
    else:
        verdict = Recovery.UNCHANGED
    summary = _summary(verdict, readings, window)
    if unproven and verdict is Recovery.UNKNOWN:
        summary += "; none of them was seen off before, and the alert still fires"
    return Verification(
        at=at, verdict=verdict, readings=tuple(readings), window=window, action=action, summary=summary
    )


async def watch(
    sources: Sources, signals: Sequence[Signal], action_at: datetime, since: datetime, until: datetime
) -> Verification:
    """Read the signals before and after an action and judge them.

    Args:
        sources: the world, the clock, the incident.
        signals: what is watched; see `Facts.signals`.
        action_at: when the action took place; the fault level is from the minutes before it.
        since: the start of the window after it; later than `action_at` by what the action needs to settle.
        until: its end; never later than now.
    """
    seen = await observe(sources)
    window = Window(start=since, end=max(since, min(until, seen.at)))
    fault = _fault(seen, action_at)
    usual = {(level.service, level.metric): level for level in seen.levels if not level.peer}
    late = min(LATE, (fault.end - fault.start) / _THIRD)
    before = (fault, _end(fault, late))
    after = (window, _end(window, LATE), _end(window, SILENT))
    levels = medians(seen.signals, (*before, *after))
    readings = [
        _reading(
            signal,
            usual.get((signal.service, signal.metric)),
            levels[: len(before)],
            levels[len(before) :],
        )
        for signal in signals
    ]
    incident = sources.incident
    return judge(
        readings, at=seen.at, window=window, action=_acted(incident), firing=_still_fires(incident, action_at)
    )


def _still_fires(incident: Incident, since: datetime) -> bool:
    """Whether an alert that fired by then has not ended; one that began later tells of something else."""
    last = incident.latest_alerts
    return any(alert.firing and min(alert.starts_at, alert.received_at) <= since for alert in last.values())


def _reading(
    signal: Signal, usual: Level | None, before: Sequence[Levels], after: Sequence[Levels]
) -> Reading:
    """The levels of one signal; of the whole span and its end the worse one counts.

    A fault that has only begun is then seen as it was when the action came, and a relapse is not lost in
    the good minutes before it. A signal that has gone silent since has no level.
    """
    key = (signal.service, signal.metric)
    alive = key in after[-1]
    baseline, high = (usual.baseline, usual.high) if usual is not None else (None, None)
    was = _worse(signal, [part[key] for part in before if key in part])
    now = _worse(signal, [part[key] for part in after if key in part]) if alive else None
    samples = after[0][key].samples if alive else 0
    return Reading(
        signal=signal,
        baseline=baseline,
        before=was,
        after=now,
        samples=samples,
        verdict=verdict_of(signal, baseline, was, now, samples, high),
    )


def _worse(signal: Signal, found: Sequence[Median]) -> float | None:
    told = [one.level for one in found if one.samples >= LEAST_SAMPLES]
    return (min if _falling_hurts(signal) else max)(told, default=None)


def _fault(seen: Observation, action_at: datetime) -> Window:
    """The last minutes before the action that have data: people may decide long after it ends."""
    earlier = seen.signals.filter(pl.col("time") < utc_literal(action_at))["time"].max()
    end = earlier + timedelta(milliseconds=1) if isinstance(earlier, datetime) else action_at
    return Window(start=min(end, max(end - FAULT, seen.untroubled.end)), end=end)


def _end(window: Window, length: timedelta) -> Window:
    return Window(start=max(window.start, window.end - length), end=window.end)


def _acted(incident: Incident) -> str | None:
    action = last_action(incident)
    return action.id if action is not None else None


def settled(incident: Incident, settle: timedelta) -> tuple[datetime, datetime]:
    """When the last action took place, or the incident was opened, and when its effect may be judged."""
    action = last_action(incident)
    at = action.at if action is not None else incident.opened_at
    return at, at + settle if action is not None else at


def say_reading(one: Reading) -> str:
    """One signal in words: usual, before, after, verdict."""
    unit = one.signal.unit
    role = "opened the incident" if one.signal.opened else "was off" if one.signal.deviated else "guard"
    fine = one.verdict is Recovery.RECOVERED and not one.signal.must_recover
    return (
        f"{one.signal.service} {one.signal.metric} ({one.signal.kind}, {role}): "
        f"{'as usual' if fine else one.verdict}; usual {quantity(one.baseline, unit)}, "
        f"before {quantity(one.before, unit)}, after {quantity(one.after, unit)} ({one.samples} samples)"
    )


def _summary(verdict: Recovery, readings: Sequence[Reading], window: Window) -> str:
    if not readings:
        return "unknown: no signal is watched"
    opened = [one for one in readings if one.signal.must_recover]
    good = sum(one.verdict is Recovery.RECOVERED for one in opened)
    worse = [f"{one.signal.service} {one.signal.metric}" for one in readings if one.verdict is Recovery.WORSE]
    text = (
        f"{verdict}: {good} of {len(opened)} signals that must recover did so in {span(window)}, "
        f"judged until {clock_time(window.end)}"
    )
    return f"{text}; worse: {', '.join(worse)}" if worse else text
