"""The services around an incident: who calls whom, what deviates and by how much. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from incidents.catalogue import Catalogue, Service, ServiceKind
from incidents.incident import Incident
from incidents.topology import around
from incidents.value import Value
from incidents.verification import Signal, SignalKind
from tools.plainly import level

#: More than these cannot be read; those that deviate come first.
_MOST = 14


class Health(StrEnum):
    """How a service does."""

    DOWN = "answers nothing"
    DEVIATES = "deviates"
    USUAL = "as usual"
    SILENT = "no data"


class SeenLevel(Value):
    """A signal of a service as a measurement kept it; what else it kept is passed over."""

    metric: str
    unit: str = ""
    baseline: float | None = None
    now: float | None = None
    deviates: bool = False


class SeenService(Value):
    """How a service did when all were looked at."""

    service: str
    kind: ServiceKind = ServiceKind.SERVICE
    errors: SeenLevel | None = None
    latency: SeenLevel | None = None
    traffic: SeenLevel | None = None
    down: bool = False
    deviates: bool = False


class SeenOverview(Value):
    """All services as they were seen at one look."""

    services: tuple[SeenService, ...] = ()
    silent: tuple[str, ...] = ()


class MapNode(Value):
    """One service: how it does, in words with its figures, and whom it calls."""

    service: str
    kind: ServiceKind
    user_facing: bool
    health: Health
    figures: tuple[str, ...]
    cause: bool = False
    calls: tuple[str, ...] = ()


def service_map(
    incident: Incident, catalogue: Catalogue, overview: SeenOverview | None
) -> tuple[MapNode, ...]:
    """The services that are hit, what they need and what needs them, callers before those they call."""
    seen = {one.service: one for one in overview.services} if overview is not None else {}
    found = incident.diagnosis
    cause = found.service if found is not None and found.known else None
    shown = _shown(incident, catalogue, seen, cause)
    silent = frozenset(overview.silent) if overview is not None else frozenset()
    return tuple(
        MapNode(
            service=name,
            kind=_kind(catalogue.find(name), seen.get(name)),
            user_facing=bool((service := catalogue.find(name)) and service.user_facing),
            health=_health(seen.get(name), name in silent),
            figures=_figures(seen.get(name)),
            cause=name == cause,
            calls=tuple(one for one in sorted(catalogue.needs.get(name, ())) if one in shown),
        )
        for name in _ordered(shown, catalogue)
    )


def _shown(
    incident: Incident, catalogue: Catalogue, seen: Mapping[str, SeenService], cause: str | None
) -> set[str]:
    """Those that deviate, are hit or cause it; around them their neighbours, while there is room."""
    hit = [name for name, one in seen.items() if one.deviates or one.down]
    core = list(dict.fromkeys(([cause] if cause else []) + hit + list(incident.services)))
    near = sorted(around(core, catalogue) - set(core), key=lambda name: (name not in seen, name))
    return set((core + near)[:_MOST])


def _kind(service: Service | None, seen: SeenService | None) -> ServiceKind:
    if service is not None:
        return service.kind
    return seen.kind if seen is not None else ServiceKind.SERVICE


def _health(seen: SeenService | None, silent: bool) -> Health:
    if seen is None or silent:
        return Health.SILENT
    if seen.down:
        return Health.DOWN
    if seen.deviates:
        return Health.DEVIATES
    known = any(one is not None and one.now is not None for one in (seen.errors, seen.latency, seen.traffic))
    return Health.USUAL if known else Health.SILENT


def _figures(seen: SeenService | None) -> tuple[str, ...]:
    """Errors and answers, with what is usual beside what deviates."""
    if seen is None:
        return ()
    parts = (
        ("errors", seen.errors, SignalKind.ERRORS),
        ("answers in", seen.latency, SignalKind.LATENCY),
    )
    return tuple(
        _figure(seen.service, word, one, kind)
        for word, one, kind in parts
        if one is not None and one.now is not None
    )


def _figure(service: str, word: str, seen: SeenLevel, kind: SignalKind) -> str:
    signal = Signal(service=service, metric=seen.metric, kind=kind, unit=seen.unit)
    now = f"{word} {level(seen.now, signal)}" if kind is not SignalKind.ERRORS else _errors(seen, signal)
    usual = f" (usual {level(seen.baseline, signal)})" if seen.deviates and seen.baseline is not None else ""
    return now + usual


def _errors(seen: SeenLevel, signal: Signal) -> str:
    told = level(seen.now, signal)
    return "no errors" if told == "none" else f"{told} errors"


def _ordered(shown: set[str], catalogue: Catalogue) -> Sequence[str]:
    """Callers before those they call; what users touch first."""
    facing = set(catalogue.user_facing)
    left, order = sorted(shown, key=lambda name: (name not in facing, name)), list[str]()
    while left:
        waits = {need for name in left for need in catalogue.needs.get(name, ()) if need != name}
        ready = [name for name in left if name not in waits] or left[:1]  # a circle is cut anywhere
        order += ready
        left = [name for name in left if name not in ready]
    return order
