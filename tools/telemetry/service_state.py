"""How every service does: its errors, latency, traffic and saturation, and whether it is down."""

from datetime import datetime

import polars as pl
from pydantic import Field

from incidents.catalogue import Service, ServiceKind
from incidents.value import Moment, Value
from incidents.verification import SignalKind
from tools.analysis.conventions import conventions
from tools.analysis.endings import endings
from tools.memo import memoize_by_identity
from tools.telemetry.levels import Level
from tools.telemetry.observation import Observation
from tools.telemetry.request_failures import RequestFailures, failing
from tools.telemetry.signal_kinds import telling

#: A share of failures from here on is no service at all.
_ALL_FAIL = 0.995


class ServiceState(Value):
    """How one service does now; each signal is its most telling series."""

    service: str
    kind: ServiceKind = ServiceKind.SERVICE
    user_facing: bool = False
    in_catalogue: bool = True
    errors: Level | None = None
    latency: Level | None = None
    traffic: Level | None = None
    saturation: Level | None = None
    tails: tuple[Level, ...] = Field(default=(), description="further latency series that deviate")
    failing: RequestFailures | None = Field(
        default=None, description="what users' requests have met since it began"
    )
    down: bool = Field(default=False, description="it answers nothing at all")
    rules: tuple[Level, ...] = Field(default=(), description="the team's alert rules that it breaks")
    ended: Moment | None = Field(
        default=None, description="the last row of all its series, which ended while others go on"
    )
    deviates: bool = False
    onset: Moment | None = None
    score: float = 0.0

    @property
    def levels(self) -> tuple[Level, ...]:
        """The signals that have data."""
        found = (self.errors, self.latency, self.traffic, self.saturation)
        return tuple(level for level in found if level is not None)


@memoize_by_identity
def states(seen: Observation) -> tuple[ServiceState, ...]:
    """Every service that was looked at or that reported, worst first."""
    catalogue = seen.catalogue
    names = frozenset(catalogue.names)
    by_service: dict[str, list[Level]] = {name: [] for name in catalogue.names}
    for level in seen.levels:
        by_service.setdefault(level.service, []).append(level)
    ended = {one.service: one.last for one in endings(_reported(seen), seen.recent.end)}
    found = [
        _state(
            service := catalogue.find(name) or Service(name=name), name in names, levels,
            failing(seen, name) if service.user_facing else None, ended.get(name),
        )
        for name, levels in by_service.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda s: (not s.down, -s.score, not s.user_facing, s.service)))


def _reported(seen: Observation) -> pl.DataFrame:
    """What was measured in the window, and in the quiet time before it."""
    if seen.baseline is None or not seen.same_source:
        return seen.telemetry.metrics
    return pl.concat([seen.baseline.metrics, seen.telemetry.metrics])


def error_ratio(state: ServiceState) -> float | None:
    """The share of failed requests now, from 0 to 1; None where no ratio can be told.

    Of the series and the single requests the one that shows more: a series is late.
    """
    told = (_told_ratio(state), state.failing.told if state.failing is not None else None)
    return max((ratio for ratio in told if ratio is not None), default=None)


def _told_ratio(state: ServiceState) -> float | None:
    """The share of failed requests as the series tell it."""
    level = state.errors
    if level is None or level.now is None:
        return None
    if level.unit == "ratio":
        return min(1.0, max(0.0, level.now))
    if level.unit == "percent":
        return min(1.0, max(0.0, level.now / 100))
    traffic = state.traffic
    if traffic is not None and traffic.now and traffic.unit == level.unit:
        return min(1.0, max(0.0, level.now / traffic.now))
    return None


def _state(
    service: Service,
    known: bool,
    levels: list[Level],
    failed: RequestFailures | None,
    ended: datetime | None,
) -> ServiceState:
    own = [level for level in levels if not level.peer and level.side in {"own", "destination"}]
    broken = tuple(level for level in own if level.rule is not None and level.deviates)
    own = [level for level in own if level.rule is None]
    told = {kind: _telling([level for level in own if level.kind is kind]) for kind in SignalKind}
    state = ServiceState(
        service=service.name,
        kind=service.kind,
        user_facing=service.user_facing,
        in_catalogue=known,
        errors=told[SignalKind.ERRORS],
        latency=told[SignalKind.LATENCY],
        traffic=told[SignalKind.TRAFFIC],
        saturation=told[SignalKind.SATURATION],
        failing=failed,
    )
    tails = tuple(
        level for level in own
        if level.kind is SignalKind.LATENCY and level.deviates and level != state.latency
    )  # fmt: skip
    off = [level for level in (*state.levels, *broken) if level.deviates]
    onsets = [one.onset for one in off if one.onset is not None] + ([failed.since] if failed else [])
    onsets += [ended] if ended is not None else []
    return state.model_copy(
        update={
            "tails": tails,
            "down": _is_down(state) or any(reports_down(level) for level in own),
            "rules": broken,
            "ended": ended,
            "deviates": bool(off) or failed is not None or ended is not None,
            "onset": min(onsets, default=None),
            "score": max([level.sigmas for level in off] + ([failed.sigmas] if failed else []), default=0.0),
        }
    )


def _telling(levels: list[Level]) -> Level | None:
    """The series that speaks for a kind: with data now, a share before a count, the slower users' latency."""
    return min(levels, key=_order, default=None)


def _order(level: Level) -> tuple[bool, bool, bool, int, bool, float, str]:
    is_share = level.unit in {"ratio", "percent"}
    latency = telling(level.metric) if level.kind is SignalKind.LATENCY else 0
    wants_share = level.kind in {SignalKind.ERRORS, SignalKind.SATURATION}
    no_share = wants_share and not is_share
    # What fails is heard from whichever series says so: a share may not count all that a count does.
    calm = level.kind is SignalKind.ERRORS and not level.deviates
    return level.now is None, calm, no_share, latency, not level.deviates, -level.sigmas, level.metric


def reports_down(level: Level) -> bool:
    """Whether a series that tells if something is up says that no instance is, and did not before."""
    state = conventions().meaning(level.metric, level.unit).family == "up"
    return state and level.now == 1.0 and not level.baseline


def _is_down(state: ServiceState) -> bool:
    """No request is served although there usually are some, or (nearly) every one fails all of a sudden."""
    if state.failing is not None and state.failing.nobody_served:
        return True
    ratio = _told_ratio(state)
    if ratio is not None and ratio >= _ALL_FAIL:
        # Some parts never answer anything else; those are no news.
        return state.errors is not None and (state.errors.deviates or state.errors.baseline is None)
    traffic = state.traffic
    return traffic is not None and traffic.now == 0 and bool(traffic.baseline) and traffic.deviates
