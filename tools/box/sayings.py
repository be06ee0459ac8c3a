"""How levels, states and calls are put into words, the same in every tool."""

from incidents.verification import SignalKind
from tools.calls import Calls
from tools.levels import Level
from tools.states import ServiceState
from tools.words import clock_time, quantity, share


def say_level(level: Level) -> str:
    """One series: `error_ratio 43 % (usual 0.2 %), deviates since ...`."""
    edge = f" to {level.peer}" if level.peer else ""
    text = f"{level.metric}{edge} {_levels(level)}"
    if level.deviates:
        since = f" since {clock_time(level.onset)}" if level.onset else ""
        return f"{text}: deviates{since} ({level.sigmas:.0f} deviations off)"
    return text


def say_state(state: ServiceState) -> str:
    """One service with its four signals."""
    tags = [
        "DOWN" if state.down else "deviates" if state.deviates else "as usual",
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
    return f"{state.service} [{', '.join(tags)}{onset}]: {signals}"


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
    usual = f"usual {quantity(level.baseline, level.unit)}" if level.baseline is not None else "usual unknown"
    return f"{quantity(level.now, level.unit)} ({usual})"
