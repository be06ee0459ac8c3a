"""How levels, states and calls are put into words, the same in every tool."""

from incidents.value import Moment
from incidents.verification import SignalKind
from tools.analysis.conventions import conventions
from tools.telemetry.alert_rules import say_broken
from tools.telemetry.calls import Calls
from tools.telemetry.levels import Level
from tools.telemetry.request_failures import RequestFailures
from tools.telemetry.service_state import ServiceState
from tools.wording import clock_time, quantity, share

#: Families of series that are shown as the share that fails.
_GOOD = {"success", "up"}
#: This many times its usual level asks for a word on why it is not marked.
_FAR = 1.5
#: How many further latency series of a service are shown.
_TAILS = 2


def say_level(level: Level) -> str:
    """One series: `error_ratio 43 % (usual 0.2 %), deviates since ...`."""
    edge = f" to {level.peer}" if level.peer else ""
    failures = " as failures" if conventions().meaning(level.metric).family in _GOOD else ""
    text = f"{level.metric}{failures}{edge} {_levels(level)}"
    if level.deviates:
        since = f" since {clock_time(level.onset)}" if level.onset else ""
        if level.rule is not None:
            return f"{say_broken(level)}: broken{since}"
        if level.alone:
            return f"{text}: fails{since}, judged by its level alone"
        return f"{text}: deviates{since} ({level.sigmas:.0f} deviations off)"
    return text


def say_state(state: ServiceState) -> str:
    """One service with its four signals."""
    tags = [
        "DOWN" if state.down else "deviates" if state.deviates or state.tails else "as usual",
        *(["user-facing"] if state.user_facing else []),
        *([str(state.kind)] if state.kind != "service" else []),
        *([] if state.in_catalogue else ["not in the catalogue"]),
    ]
    onset = f" since {clock_time(state.onset)}" if state.onset else ""
    brief = not (state.deviates or state.down or state.tails or state.user_facing)
    signals = ("," if brief else ";").join(
        f" {name} {_brief(level) if brief else _levels(level)}{'!' if level.deviates else ''}"
        if level
        else f" {name} no data"
        for name, level in (
            (SignalKind.ERRORS, state.errors),
            (SignalKind.LATENCY, state.latency),
            (SignalKind.TRAFFIC, state.traffic),
            (SignalKind.SATURATION, state.saturation),
        )
    )
    tails = "".join(f"; also {level.metric} {_levels(level)}!" for level in state.tails[:_TAILS])
    tails += "".join(f"; breaks {say_broken(level)}!" for level in state.rules[:_TAILS])
    tails += f"; {say_ended(state.ended)}!" if state.ended is not None else ""
    met = f"; {say_failing(state.failing)}!" if state.failing is not None else ""
    return f"{state.service} [{', '.join(tags)}{onset}]:{signals}{tails}{met}"


def say_calls_briefly(calls: Calls | None, usual: Calls | None) -> str:
    """Calls that are as usual: how many, how many failed, how slow the slower ones are, and usually."""
    if calls is None or usual is None:
        return f"{say_calls('now', calls)}; {say_calls('usual', usual)}"
    slow, before = (quantity(one.p95_ms, "milliseconds") for one in (calls, usual))
    return (
        f"{calls.calls} calls, errors {share(calls.error_share)} (usual {share(usual.error_share)}), "
        f"p95 {slow} (usual {before})"
    )


def say_ended(last: Moment) -> str:
    """That a service went silent: `reports nothing since ...`."""
    return f"reports nothing since {clock_time(last)}"


def say_failing(found: RequestFailures) -> str:
    """What single requests met: `35 % of 23 requests since ... failed`."""
    return f"{share(found.share)} of {found.asked} requests since {clock_time(found.since)} failed"


def say_calls(name: str, calls: Calls | None, *, whole: bool = True) -> str:
    """Calls of one span of time: how many, how many failed, how slow; their rate and own time if whole."""
    if calls is None:
        return f"{name}: none recorded"
    rate = f" ({quantity(calls.per_minute, '')}/min)" if whole else ""
    # Of a part that calls nobody all of its time is its own.
    alone = not whole or calls.own_ms is None or calls.own_ms == calls.p50_ms
    own = "" if alone else f" (own p50 {quantity(calls.own_ms, 'milliseconds')})"
    return (
        f"{name}: {calls.calls} calls{rate}, "
        f"errors {share(calls.error_share)}, p50 {quantity(calls.p50_ms, 'milliseconds')}, "
        f"p95 {quantity(calls.p95_ms, 'milliseconds')}{own}"
    )


def is_far(level: Level) -> bool:
    """Whether a level that is not marked is far from its usual one all the same."""
    times = level.times
    return level.baseline is None or (times is not None and not 1 / _FAR < times < _FAR)


def _brief(level: Level) -> str:
    """What is as usual needs no second figure, unless it is far from it all the same."""
    return _levels(level) if is_far(level) else quantity(level.now, level.unit)


def _levels(level: Level) -> str:
    if level.baseline is None:
        return f"{quantity(level.now, level.unit)} (usual unknown)"
    usual = f"usual {quantity(level.baseline, level.unit)}"
    if not level.deviates and level.high and (level.times or 0.0) >= _FAR:
        # Why it is not marked: it was this high before.
        usual += f", one in ten above {quantity(level.high, level.unit)}"
    return f"{quantity(level.now, level.unit)} ({usual})"
