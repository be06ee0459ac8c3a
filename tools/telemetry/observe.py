"""Looking at the world: what the roles share that ask at the same time.

Several roles ask the same in parallel, so what was read is kept with the world for a moment. Nothing later
than the clock's now is ever read.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from weakref import finalize

import polars as pl

from incidents.catalogue import Catalogue
from incidents.changes import Change
from incidents.errors import Declined, ToolFailed
from incidents.findings import Channel, Reason, Suspect, Window
from incidents.incident_path import path_of, why_beside
from incidents.verification import SignalKind
from tools.analysis import (
    Node,
    NodeKind,
    Ranking,
    Telemetry,
    Topology,
    rank_suspects,
)
from tools.analysis.beginnings import from_nothing
from tools.analysis.signals import Aspect, Signal
from tools.ports import World
from tools.telemetry.alert_rules import by_series, judged_by_rules, say_broken, with_rules
from tools.telemetry.channels import read_channels
from tools.telemetry.data_gaps import collect_gaps
from tools.telemetry.judged_alone import judged_alone
from tools.telemetry.levels import compare, signal_frame
from tools.telemetry.observation import (
    HISTORY,
    MadeChange,
    Observation,
    covered,
    last_action,
    unread,
    untroubled,
)
from tools.telemetry.sample_size import counted
from tools.telemetry.scope import WHOLE, said_scope, scope_of
from tools.telemetry.service_state import states
from tools.telemetry.symptom import began, symptom_of
from tools.toolset import Sources
from tools.wording import span

R = TypeVar("R")

#: What was read is shared by the roles that ask within this time; what failed may answer again sooner.
SHARED_FOR = timedelta(seconds=10)
SHARED_GAP_FOR = timedelta(seconds=2)

#: What the team itself holds for bad says as much as a twentieth of the requests failing.
_BY_RULE = 0.5
_ASPECTS: dict[SignalKind, Aspect] = {
    SignalKind.ERRORS: "errors", SignalKind.LATENCY: "latency", SignalKind.SATURATION: "saturation",
    SignalKind.TRAFFIC: "traffic",
}  # fmt: skip

_INSTANT = timedelta(milliseconds=1)
_ALWAYS = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(2200, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class _Usual:
    """The quiet time: its frames and signals, why channels could not be read, and what they lack."""

    quiet: Window | None = None
    services: tuple[str, ...] = ()
    telemetry: Telemetry | None = None
    signals: pl.DataFrame | None = None
    gaps: Sequence[str] = ()
    partly: Sequence[str] = ()


@dataclass(frozen=True)
class _Changed:
    """What changed, oldest first, or why that could not be read."""

    changes: tuple[Change, ...] = ()
    gaps: Sequence[str] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False


class _Memo:
    """The last look at one world, and the lock that keeps it from being taken twice."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.key: tuple[str, datetime, str] | None = None
        self.seen: Observation | None = None
        self.done: datetime | None = None
        self.ranking: Ranking | None = None
        self.usual: _Usual | None = None


#: By identity: a world is compared field by field, and a port need not be hashable.
_memos: dict[int, _Memo] = {}


def _memo_of(world: World) -> _Memo:
    if id(world) not in _memos:
        _memos[id(world)] = _Memo()
        finalize(world, _memos.pop, id(world), None)
    return _memos[id(world)]


async def observe(sources: Sources, about: str = "") -> Observation:
    """Look at the world as it is now, or share a look that is at most `SHARED_FOR` old.

    Of a large catalogue only the part is looked at that something points at (`tools.telemetry.scope`), and
    all of it where nothing stands out there.

    Args:
        sources: the world, the clock, the incident.
        about: a service that has to be looked at, whatever points at it.

    Returns:
        What was seen; a backend that fails leaves empty frames and a sentence in `gaps`.
    """
    now = sources.clock.now()
    action = last_action(sources.incident)
    key = (sources.incident.id, _start(sources), action.id if action else "")
    memo = _memo_of(sources.world)
    async with memo.lock:
        seen = memo.seen if memo.key == key else None
        if (
            seen is None
            or not _shared(seen, memo.done, now)
            or (about and seen.catalogue.find(about) is None)
        ):
            memo.seen = seen = await _look(sources, now, action, about)
            memo.key, memo.ranking, memo.done = key, None, sources.clock.now()
    return seen


def _shared(seen: Observation, done: datetime | None, now: datetime) -> bool:
    """Whether a look is young enough, from its end on: one that waited for a silent backend is not old."""
    fresh = SHARED_GAP_FOR if seen.failed else SHARED_FOR
    return done is not None and seen.at <= now < done + fresh


async def ranking(sources: Sources) -> tuple[Observation, Ranking]:
    """What is seen, and the suspects ranked over all of it; both shared like `observe`."""
    seen = await observe(sources)
    memo = _memo_of(sources.world)
    async with memo.lock:
        if memo.seen is not seen or memo.ranking is None:
            # In a thread, so that a person is heard while a large window is ranked.
            ranked = await asyncio.to_thread(
                rank_suspects, seen.telemetry, seen.baseline, topology(seen.catalogue),
                symptom_of(sources.incident), seen.changes, _broken(seen),
            )  # fmt: skip
            if memo.seen is not seen:
                return seen, _own_first(ranked, sources)
            memo.ranking = ranked
        return seen, _own_first(memo.ranking, sources)


def _broken(seen: Observation) -> tuple[Signal, ...]:
    """What the team's own rules hold for bad, as signs for the ranking."""
    return tuple(
        Signal(level.service, Channel.METRICS, _ASPECTS[level.kind], _BY_RULE, say_broken(level), level.onset)
        for level in seen.levels
        if level.rule is not None and level.deviates and level.kind is not None and not level.peer
    )


def _own_first(ranked: Ranking, sources: Sources) -> Ranking:
    """The suspects on the path of the alerts before those beside it, of which that is said."""
    path = path_of(sources.incident.alerts, sources.world.catalogue)
    if path is None or all(suspect.service in path for suspect in ranked.suspects):
        return ranked
    own = [suspect for suspect in ranked.suspects if suspect.service in path]
    others = [_said_to_be_beside(one, sources) for one in ranked.suspects if one.service not in path]
    return ranked.model_copy(update={"suspects": (*own, *others)})


def _said_to_be_beside(suspect: Suspect, sources: Sources) -> Suspect:
    text = why_beside(suspect.service, sources.incident.alerts)
    reason = Reason(channel=Channel.TOPOLOGY, text=text, score=0)
    return suspect.model_copy(update={"reasons": (reason, *suspect.reasons)})


def topology(catalogue: Catalogue) -> Topology:
    """The catalogue as the analysis reads it."""
    return Topology(
        nodes=tuple(
            Node(name=service.name, kind=NodeKind(service.kind.value), depends_on=service.depends_on)
            for service in catalogue.services
        )
    )


def _past(quiet: Window | None, now: datetime) -> Window | None:
    return quiet.clipped(now) if quiet is not None and quiet.start < now else None


def _start(sources: Sources) -> datetime:
    quiet = sources.world.quiet
    earliest = sources.incident.opened_at - sources.world.spans.lookback
    return max(quiet.end, earliest) if quiet is not None else earliest


async def _look(sources: Sources, now: datetime, action: MadeChange | None, about: str) -> Observation:
    """A look at what something points at, or at everything while nothing stands out there."""
    world, incident = sources.world, sources.incident
    window = Window(start=min(_start(sources), now), end=now)
    asked = asyncio.ensure_future(_changed(world, now))
    if len(world.catalogue.services) <= WHOLE:
        return await _seen(sources, window, action, world.catalogue, asked)
    near = scope_of(world.catalogue, incident, (await asked).changes, window, about)
    seen = await _seen(sources, window, action, near, asked)
    if seen.failed or action is not None or incident.diagnosis is not None or _stands_out(seen):
        return seen
    return await _seen(sources, window, action, world.catalogue, asked)


def _stands_out(seen: Observation) -> bool:
    """Whether anything that was looked at is not as usual."""
    return any(level.deviates for level in seen.levels) or any(
        state.deviates or state.down for state in states(seen)
    )


async def _seen(
    sources: Sources,
    window: Window,
    action: MadeChange | None,
    catalogue: Catalogue,
    asked: Awaitable[_Changed],
) -> Observation:
    """What the services of a catalogue show; a catalogue that is not the whole one is told as a gap."""
    world, now = sources.world, window.end
    # What is not in the catalogue is seen as well where all of it is looked at.
    services = () if catalogue is world.catalogue else catalogue.names
    failed: dict[str, str] = {}
    refused: set[str] = set()
    apart = world.baseline
    quiet = (apart.quiet or _ALWAYS) if apart is not None else _past(world.quiet, now)
    (telemetry, partly), known, changed = await asyncio.gather(
        _with_gaps(read_channels(world, window, services, failed, refused)),
        _usual(world, quiet, services),
        asked,
    )
    gaps = [unread(channel, why, refused=channel in refused) for channel, why in failed.items()] + partly
    gaps += [*known.gaps, *(f"in the quiet time: {gap}" for gap in known.partly if gap not in gaps)]
    if known.telemetry is None:
        gaps.append("no baseline is known; the minutes before the alert are the only reference")
    gaps += [*changed.gaps, *([left] if (left := said_scope(catalogue, world.catalogue)) else [])]
    baseline, usual = known.telemetry, _usual_signals(known, telemetry)
    alerted = min(now, began(sources.incident))
    recent = _recent(telemetry, window, action, world.spans.recent, gaps)
    rules = await world.rules.alert_rules() if world.rules is not None else ()
    signals = with_rules(signal_frame(telemetry), rules)
    usual = with_rules(usual, rules) if usual is not None else None
    before = untroubled(window, alerted, world.spans.lead)
    referred = before.minutes + (covered(usual, quiet).minutes if usual is not None and quiet else 0.0)
    compared = compare(signals, usual, apart is None, before, recent)
    levels = judged_alone(counted(compared, recent.minutes * 60, referred * 60), signals, recent)
    levels = judged_by_rules(levels, by_series(rules), signals, recent.end)
    return Observation(
        at=now, window=window, recent=recent, alerted=alerted, telemetry=telemetry, signals=signals,
        levels=levels, baseline=baseline, baseline_signals=usual, same_source=apart is None, quiet=quiet,
        lead=world.spans.lead, catalogue=catalogue, changes=changed.changes, action=action, gaps=tuple(gaps),
        failed={**failed, **changed.failed},
        refused=frozenset(refused | ({"changes"} if changed.refused else set())),
    )  # fmt: skip


async def _usual(world: World, quiet: Window | None, services: tuple[str, ...]) -> _Usual:
    """What the quiet time shows, read once unless a channel is missing: the past does not change."""
    if quiet is None:
        return _Usual()
    memo = _memo_of(world)
    if memo.usual is not None and (memo.usual.quiet, memo.usual.services) == (quiet, services):
        return memo.usual
    missing: dict[str, str] = {}
    asked = read_channels(world.baseline or world, quiet, services, missing, set())
    telemetry, partly = await _with_gaps(asked)
    gaps = [f"the {name} of the quiet time could not be read: {why}" for name, why in missing.items()]
    known = _Usual(quiet, services, telemetry, signal_frame(telemetry), gaps, partly)
    if not missing:
        memo.usual = known
    return known


def _usual_signals(known: _Usual, seen: Telemetry) -> pl.DataFrame | None:
    """The signals of the quiet time, with none of the failures that were first counted later."""
    if known.telemetry is None:
        return known.signals
    metrics = from_nothing(known.telemetry.metrics, seen.metrics)
    if metrics.height == known.telemetry.metrics.height:
        return known.signals
    return signal_frame(replace(known.telemetry, metrics=metrics))


async def _with_gaps(asked: Awaitable[R]) -> tuple[R, list[str]]:
    """An answer and what was noted while it was made; in a task of its own, apart from other answers."""
    with collect_gaps() as gaps:
        return await asked, gaps


def _recent(
    telemetry: Telemetry, window: Window, action: MadeChange | None, span_of_now: timedelta, gaps: list[str]
) -> Window:
    """The last minutes that have data, but not from before the last action."""
    frames = (telemetry.metrics, telemetry.logs, telemetry.traces)
    lasts = [last for frame in frames if isinstance(last := frame["time"].max(), datetime)]
    if not lasts:
        gaps.append(f"no telemetry at all in {span(window)}")
        return Window(start=max(window.start, window.end - span_of_now), end=window.end)
    last = max(lasts)
    floor = max(window.start, action.at) if action is not None else window.start
    if window.end - last > span_of_now and last >= floor:
        old = (window.end - last).total_seconds() / 60
        gaps.append(f"the newest telemetry is {old:.0f} min old; it stands for now")
    elif last < floor:
        gaps.append(f"no telemetry from after the last action ({floor:%H:%M} UTC): all this is of before it")
    end = min(window.end, max(last, floor) + timedelta(milliseconds=1))
    return Window(start=max(floor, end - span_of_now), end=end)


async def _changed(world: World, now: datetime) -> _Changed:
    """What changed in the last weeks; raises only what is no gap."""
    window = Window(start=now - HISTORY, end=now + _INSTANT)
    try:
        changes, gaps = await _with_gaps(world.changes.changes(window))
    except ToolFailed as error:
        return _Changed(failed={"changes": str(error)}, refused=isinstance(error, Declined))
    return _Changed(changes, gaps)
