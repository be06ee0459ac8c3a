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
    signals = "; ".join(
        f"{name} {_levels(level)}{'!' if level.deviates else ''}" if level else f"{name} no data"
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
    return f"{state.service} [{', '.join(tags)}{onset}]: {signals}{tails}{met}"


def say_ended(last: Moment) -> str:
    """That a service went silent: `reports nothing since ...`."""
    return f"reports nothing since {clock_time(last)}"


def say_failing(found: RequestFailures) -> str:
    """What single requests met: `35 % of 23 requests since ... failed`."""
    return f"{share(found.share)} of {found.asked} requests since {clock_time(found.since)} failed"


def say_calls(name: str, calls: Calls | None) -> str:
    """Calls of one span of time: how many, how many failed, how slow."""
    if calls is None:
        return f"{name}: none recorded"
    return (
        f"{name}: {calls.calls} calls ({quantity(calls.per_minute, '')}/min), "
        f"errors {share(calls.error_share)}, p50 {quantity(calls.p50_ms, 'milliseconds')}, "
        f"p95 {quantity(calls.p95_ms, 'milliseconds')} (own p50 {quantity(calls.own_ms, 'milliseconds')})"
    )


def _levels(level: Level) -> str:
    if level.baseline is None:
        return f"{quantity(level.now, level.unit)} (usual unknown)"
    usual = f"usual {quantity(level.baseline, level.unit)}"
    if not level.deviates and level.high and (level.times or 0.0) >= _FAR:
        # Why it is not marked: it was this high before.
        usual += f", one in ten above {quantity(level.high, level.unit)}"
    return f"{quantity(level.now, level.unit)} ({usual})"
