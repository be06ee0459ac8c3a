"""What code measures about an incident: the facts that severity floors, routing and the watch rest on."""

from collections.abc import Iterable, Sequence

import polars as pl

from incidents.alert import Alert
from incidents.catalogue import Catalogue
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.verification import Signal, SignalKind
from tools.analysis.conventions import normalised
from tools.analysis.without_past import WHOLE
from tools.memo import memoize_by_identity
from tools.telemetry.levels import Level
from tools.telemetry.observation import Observation
from tools.telemetry.observe import observe
from tools.telemetry.service_state import ServiceState, error_ratio, states
from tools.telemetry.symptom import symptom_kind
from tools.time_windows import utc_literal
from tools.toolset import Sources

#: What series are called that say how much is earned.
_REVENUE = {"revenue", "turnover", "sales"}
#: Below this share of the usual rate a sample counts as lost revenue; above it is the day's ripple.
_SHORT = 0.9
_FELT = (SignalKind.ERRORS, SignalKind.LATENCY)
#: Enough to see a cascade, few enough that chance does not raise an alarm.
_MOST_GUARDS = 12


async def measure(sources: Sources) -> Facts:
    """Measure the incident as it stands at the clock's now.

    Returns:
        Facts in which None means no data, never zero.
    """
    seen = await observe(sources)
    catalogue = sources.world.catalogue
    found = states(seen)
    felt = _felt_by_users(found, sources.incident)
    shows = _known(felt) and not _early(seen, felt, sources.incident)
    shows = shows and not _unread(seen, _needed(felt, catalogue))
    affected = tuple(state.service for state in found if state.deviates or state.down)
    return Facts(
        at=seen.at,
        error_ratio=_worst(error_ratio(state) for state in felt),
        latency_times=_worst(state.latency.times for state in felt if state.latency is not None),
        down=tuple(state.service for state in felt if state.down),
        felt=tuple(state.service for state in felt if state.deviates or state.down),
        affected=affected,
        customers_affected=_customers(felt, shows and not _below(found, _needed(felt, catalogue))),
        api_affected=_api(found, seen),
        revenue_lost=revenue_lost(seen),
        quiet=_quiet(found, shows),
        signals=watched(found, sources.incident, catalogue),
    )


def _felt_by_users(found: Sequence[ServiceState], incident: Incident) -> list[ServiceState]:
    """The services that users touch; where the catalogue names none, those that the alerts name."""
    named = [state for state in found if state.user_facing]
    alerted = {alert.service for alert in incident.alerts}
    return named or [state for state in found if state.service in alerted]


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _known(felt: Sequence[ServiceState]) -> bool:
    """Whether failures would show: latency and traffic alone cannot say that all is well."""
    return any(state.errors is not None and state.errors.now is not None for state in felt)


def _early(seen: Observation, felt: Sequence[ServiceState], incident: Incident) -> bool:
    """Whether an alert about what users feel fires, and began later than what counts as now.

    What is measured is then partly of the time before it: it may show trouble, but cannot contradict it.
    """
    touched = {state.service for state in felt}
    last = incident.latest_alerts
    return any(
        alert.firing
        and alert.service in touched
        and min(alert.starts_at, alert.received_at) > seen.recent.start
        and symptom_kind(alert) in _FELT
        for alert in last.values()
    )


def _customers(felt: Sequence[ServiceState], shows: bool) -> bool | None:
    if any(state.down or _suffers(state) for state in felt):
        return True
    return False if shows else None


def _needed(felt: Sequence[ServiceState], catalogue: Catalogue) -> frozenset[str]:
    """What users touch, and whatever that needs."""
    return frozenset(
        name for state in felt for name in (state.service, *_callees_of(state.service, catalogue))
    )


def _below(found: Sequence[ServiceState], needed: frozenset[str]) -> bool:
    """Whether something that users' services need fails: theirs may not show it yet."""
    return any(
        state.down or state.ended is not None or (state.errors is not None and state.errors.deviates)
        for state in found
        if state.service in needed
    )


def _unread(seen: Observation, needed: frozenset[str]) -> bool:
    """Whether a service that is asked told which share of it fails, and does not tell now."""
    idle = {
        level.service
        for level in seen.levels
        if level.kind is SignalKind.TRAFFIC and level.now == 0 and not level.peer
    }
    return any(
        level.service in needed - idle and level.now is None and level.baseline is not None
        for level in seen.levels
        if level.kind is SignalKind.ERRORS and level.unit in WHOLE and not level.peer
    )


def _suffers(state: ServiceState) -> bool:
    """Whether who calls it notices: failures or slowness, or far fewer calls than usual."""
    fewer = state.traffic is not None and state.traffic.deviates and (state.traffic.times or 1.0) < 1.0
    felt = any(level.deviates for level in (state.errors, state.latency) if level is not None)
    return felt or fewer or state.failing is not None


def _quiet(found: Sequence[ServiceState], shows: bool) -> bool | None:
    if any(state.down or state.ended or state.tails or _suffers(state) for state in found):
        return False
    return True if shows else None


def _api(found: Sequence[ServiceState], seen: Observation) -> bool:
    """Whether a service that answers calls, as its traces or its traffic show, fails or slows."""
    traced = set(seen.telemetry.traces["service"].unique().to_list())
    return any(
        state.down or _suffers(state)
        for state in found
        if state.service in traced or (state.traffic is not None and state.kind == "service")
    )


def watched(found: Sequence[ServiceState], incident: Incident, catalogue: Catalogue) -> tuple[Signal, ...]:
    """The signals that opened the incident, then the guards: what users feel, and the neighbours.

    Args:
        found: all services, worst first.
        incident: its alerts say which service and which kind of signal opened it.
        catalogue: who calls whom.
    """
    opened = [level for alert in incident.alerts for level in _opened(found, alert)]
    if not opened:
        opened = [level for state in found[:1] for level in _most_deviating(state)]
    near = _neighbours({level.service for level in opened}, catalogue)
    guards = [
        level
        for state in sorted(found, key=lambda state: (not state.user_facing, state.service not in near))
        if state.user_facing or state.service in near
        for level in (state.errors, state.latency)
        if level is not None and level.now is not None
    ]
    signals = [_signal(level).model_copy(update={"opened": True}) for level in opened]
    taken = {(signal.service, signal.metric) for signal in signals}
    extra = [_signal(level) for level in guards if (level.service, level.metric) not in taken]
    return tuple(dict.fromkeys([*signals, *extra[:_MOST_GUARDS]]))


async def watched_since(sources: Sources, service: str) -> tuple[Signal, ...]:
    """The incident's signals, and those that are off now in the diagnosed service or in who needs it.

    A service that the alert does not name may be the one that is broken: nothing is over before its own
    errors and latency, and those on the way from it to the users, are back; its resources if neither is off.
    """
    seen = await observe(sources)
    catalogue = sources.world.catalogue
    by_name = {state.service: state for state in states(seen)}
    blamed = by_name.get(service)
    off = [
        level
        for name in (service, *_callers_of(service, catalogue))
        if (state := by_name.get(name)) is not None
        for level in (state.errors, state.latency)
        if level is not None and (level.deviates or (state.failing is not None and level is state.errors))
    ]
    if blamed is not None and not any(level.service == service for level in off):
        off += [level for level in (blamed.saturation,) if level is not None and level.deviates]
    if blamed is not None:
        off += blamed.rules
    held = {(signal.service, signal.metric): signal for signal in sources.incident.signals}
    for level in off[:_MOST_GUARDS]:
        key = (level.service, level.metric)
        held[key] = held.get(key, _signal(level)).model_copy(update={"deviated": True})
    return tuple(sorted(held.values(), key=lambda signal: not signal.must_recover))


def _callees_of(service: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Whatever a service needs, over any number of calls, the nearest first."""
    found = [service]
    for name in found:  # it grows while it is walked
        known = catalogue.find(name)
        found += [other for other in (known.depends_on if known else ()) if other not in found]
    return tuple(found[1:])


def _callers_of(service: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Whoever needs a service, over any number of calls, the nearest first."""
    found = [service]
    for name in found:  # it grows while it is walked
        found += [s.name for s in catalogue.services if name in s.depends_on and s.name not in found]
    return tuple(found[1:])


def _opened(found: Sequence[ServiceState], alert: Alert) -> list[Level]:
    """The series that an alert is about: of its service, and of the kind that its labels or title mean."""
    state = next((state for state in found if state.service == alert.service), None)
    if state is None:
        return []
    kind = symptom_kind(alert)
    meant = [level for level in state.levels if level.kind is kind]
    return [*(meant or _most_deviating(state)), *state.rules]


def _most_deviating(state: ServiceState) -> list[Level]:
    return sorted(
        state.levels, key=lambda level: (not level.deviates, level.kind not in _FELT, -level.sigmas)
    )[:1]


def _signal(level: Level) -> Signal:
    kind = level.kind if level.kind is not None else SignalKind.SATURATION
    return Signal(service=level.service, metric=level.metric, kind=kind, unit=level.unit, falls=level.falls,
                  limit=level.limit)  # fmt: skip


def _neighbours(services: set[str], catalogue: Catalogue) -> set[str]:
    called = {
        name for service in catalogue.services if service.name in services for name in service.depends_on
    }
    callers = {service.name for service in catalogue.services if services & set(service.depends_on)}
    return services | called | callers


@memoize_by_identity
def revenue_lost(seen: Observation) -> float | None:
    """What was not earned since the trouble began: the usual rate less the recorded one, over the time.

    Returns:
        An amount in the metric's own currency; None where no revenue is recorded as a rate, or its usual
        rate or its recent one is not known.
    """
    lost: list[float] = []
    for level in seen.levels:
        per = _seconds(level)
        if per is None or level.baseline is None:
            continue
        rows = seen.signals.filter(
            pl.col("metric") == level.metric,
            pl.col("service") == level.service,
            pl.col("time") >= utc_literal(seen.untroubled.end),
        )
        if rows.height < 2:
            return None
        short = (level.baseline - pl.col("value")).clip(0) * (pl.col("value") < _SHORT * level.baseline)
        seconds = pl.col("time").diff().dt.total_microseconds() / 1e6
        lost.append(float(rows.sort("time").select((short * seconds).sum() / per).item()))
    return sum(lost) if lost else None


def _seconds(level: Level) -> int | None:
    """For a series of revenue, how many seconds one unit of it covers; None for any other series."""
    words = normalised(level.metric).split("_")
    if level.peer or not _REVENUE & set(words):
        return None
    for name, seconds in (("minute", 60), ("hour", 3600), ("second", 1)):
        if name in words:
            return seconds
    return 1 if level.unit == "per_second" or words[-1] == "total" else None
