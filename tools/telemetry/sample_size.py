"""Which deviations rest on enough requests: a share of few, or the slowest of few, is mostly chance."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from incidents.verification import SignalKind
from tools.analysis.conventions import STATISTICS, conventions
from tools.telemetry.levels import DEVIATES, Level

#: Where nothing failed in n requests, up to this many of n may fail usually (95 %, the rule of three). Fewer
#: requests than this in the tail of a percentile are chance as well.
RULE_OF_THREE = 3.0
#: A tail of so many times the usual is taken seriously, however few met it (the runbook's example of a P1).
_ANYHOW = 10.0
#: What share of the requests lies beyond a statistic; where half of them do, any number will do.
_BEYOND = {"p75": 0.25, "p90": 0.1, "p95": 0.05, "p99": 0.01}
_SHARES = {"ratio": 1.0, "percent": 0.01}


@dataclass(frozen=True)
class _Asked:
    """How many requests one place was asked now and in the time that it is compared with."""

    now: float
    usually: float


def counted(levels: Iterable[Level], seconds: float, reference: float) -> tuple[Level, ...]:
    """The levels, of which only those still deviate that enough requests stand behind.

    Args:
        levels: where every series stands.
        seconds: how long "now" is.
        reference: how many seconds it is compared with.

    Returns:
        The same in the same order. A series whose traffic is not measured per second is taken at its word.
    """
    found = tuple(levels)
    asked = {
        _place(level): _Asked(level.now * seconds, (level.baseline or 0.0) * reference)
        for level in found
        if level.kind is SignalKind.TRAFFIC and level.unit == "per_second" and level.now is not None
    }
    centres = {_place(level) for level in found if _is_centre(level)}
    return tuple(
        level.model_copy(update={"deviates": False, "onset": None})
        if level.deviates
        and (requests := asked.get(_place(level))) is not None
        and (_few_failed(level, requests) or (_few_slow(level, requests) and _place(level) not in centres))
        else level
        for level in found
    )


def _place(level: Level) -> tuple[str, str]:
    return level.service, level.peer


def _is_centre(level: Level) -> bool:
    """Whether the mean or half of the requests became slower: that is no matter of a few."""
    return level.deviates and level.kind is SignalKind.LATENCY and _statistic(level) in STATISTICS[:2]


def _statistic(level: Level) -> str:
    return conventions().statistic(level.metric)


def _few_slow(level: Level, asked: _Asked) -> bool:
    if level.kind is not SignalKind.LATENCY or (level.times or 0.0) >= _ANYHOW:
        return False
    return _BEYOND.get(_statistic(level), 1.0) * asked.now < RULE_OF_THREE


def _few_failed(level: Level, asked: _Asked) -> bool:
    """Whether as many failures are likely by chance, by what the reference can know of their usual share."""
    if level.kind is not SignalKind.ERRORS or level.unit not in _SHARES or level.now is None:
        return False
    scale = _SHARES[level.unit]
    usual = min(0.5, (level.baseline or 0.0) * scale + RULE_OF_THREE / max(asked.usually, 1.0))
    spread = math.sqrt(usual * (1 - usual) * asked.now)
    return (level.now * scale - usual) * asked.now < DEVIATES * spread
