"""A recorded incident as a world that reacts to actions.

Until an action the ports show the window's rows up to the clock's now. After an action of which an aftermath
was recorded they show the rows from before it, then the aftermath's, shifted to the moment of the action. An
action that takes it back lets the rows from before it go on. Any other action changes nothing, except one of
the same kind on the same service: what that leads to was never recorded, so there is no data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from incidents.action import Action, ActionKind
from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from tools.clock import Clock
from tools.ports import World
from tools.recorded.actions import NoActions, RecordedActions
from tools.recorded.case import Case, Recording
from tools.recorded.coverage import note_action, note_channel, note_outside
from tools.recorded.ledger import Deed, Ledger


@dataclass(frozen=True)
class Stretch:
    """A part of the played time: which recording speaks, from when, shifted by how much.

    `recording` is None where nothing was recorded. `deed` is the action that began it.
    """

    start: datetime | None
    recording: Recording | None
    shift: timedelta
    deed: Deed | None


class Playback:
    """What a recorded world shows, as a function of the deeds in the ledger."""

    def __init__(self, case: Case, ledger: Ledger) -> None:
        self._case = case
        self._ledger = ledger

    def reacts(self, action: Action) -> bool:
        """Whether something was recorded after that action."""
        return action.key in self._case.aftermaths

    def stretches(self) -> tuple[Stretch, ...]:
        """The parts of the played time, oldest first."""
        found = [Stretch(None, self._case.recording, timedelta(), None)]
        for deed in self._ledger.deeds():
            plays = found[-1].deed
            same = plays is not None and _target(plays.action) == _target(deed.action)
            if same and plays is not None and plays.action.key == deed.action.key:
                continue  # done again: what plays goes on
            aftermath = self._case.aftermaths.get(deed.action.key)
            if aftermath is not None:
                found.append(Stretch(deed.at, aftermath, deed.at - epoch(aftermath), deed))
            elif same and plays is not None and self._takes_back(deed, plays, found[:-1]):
                found.append(Stretch(deed.at, found[-2].recording, found[-2].shift, found[-2].deed))
            elif same:
                found.append(Stretch(deed.at, None, timedelta(), deed))
        return tuple(found)

    def _takes_back(self, deed: Deed, plays: Deed, earlier: Sequence[Stretch]) -> bool:
        """Whether a deed goes back to the very version that ran before the one that plays."""
        service, version = deed.action.service, deed.action.arguments.version
        deploys = [
            change
            for change in _recorded(earlier, plays.at)
            if change.service == service and change.kind is ChangeKind.DEPLOY
        ]
        return version is not None and bool(deploys) and deploys[-1].version_to == version

    def frame(self, channel: str, window: Window, services: Sequence[str]) -> pl.DataFrame:
        """The rows of a window that the played time holds."""
        stretches = self.stretches()
        ends = [following.start for following in stretches[1:]] + [None]
        parts = []
        for stretch, end in zip(stretches, ends, strict=True):
            self._tell(channel, stretch, _part(window, stretch.start, end))
            if stretch.recording is None:
                continue
            rows: pl.DataFrame = getattr(stretch.recording.telemetry, channel)
            moment = pl.col("time") + stretch.shift
            inside = (moment >= _later(window.start, stretch.start)) & (moment < _earlier(window.end, end))
            if services:
                inside = inside & pl.col("service").is_in(list(services))
            parts.append(rows.filter(inside).with_columns(time=moment))
        return pl.concat(parts)

    def _tell(self, channel: str, stretch: Stretch, asked: Window | None) -> None:
        """Note what of a question this part of the played time cannot answer."""
        if asked is None:
            return
        if stretch.recording is None:
            note_action(stretch.deed.action.title if stretch.deed is not None else "act")
        elif not stretch.recording.has(channel):
            note_channel(channel)
        else:
            held = stretch.recording.span
            if stretch.deed is None:
                known = [self._case.window, held, *([self._case.quiet] if self._case.quiet else [])]
                held = Window(start=min(w.start for w in known), end=max(w.end for w in known))
            note_outside(asked, Window(start=held.start + stretch.shift, end=held.end + stretch.shift))

    def changes(self, until: datetime) -> tuple[Change, ...]:
        """Every change up to a moment, with those that the deeds made, oldest first."""
        if not self._case.recording.has("changes"):
            note_channel("changes")
        found = _recorded(self.stretches(), None)
        made = [change for deed in self._ledger.deeds() if (change := _made(deed, found)) is not None]
        inside = [change for change in [*found, *made] if change.time <= until]
        return tuple(sorted(inside, key=lambda change: change.time))


class RecordedPorts:
    """Metrics, logs, traces and changes of a recorded world; never later than the clock's now."""

    def __init__(self, playback: Playback, clock: Clock) -> None:
        self._playback = playback
        self._clock = clock

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The samples of a window."""
        return self._playback.frame("metrics", window.clipped(self._clock.now()), services)

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The lines of a window."""
        return self._playback.frame("logs", window.clipped(self._clock.now()), services)

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The spans that start in a window."""
        return self._playback.frame("traces", window.clipped(self._clock.now()), services)

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The changes of a window, oldest first."""
        found = self._playback.changes(self._clock.now())
        return tuple(change for change in found if window.start <= change.time < window.end)


def recorded_world(case: Case, clock: Clock, ledger: Path) -> World:
    """A world that shows a recorded incident and reacts to actions.

    Args:
        case: the recorded incident; it is read and checked as a whole here.
        clock: the time; nothing later is shown.
        ledger: the file that keeps what was done, so that a killed process can go on.

    Raises:
        CaseError: a file of the case breaks the format.
    """
    case.check()
    deeds = Ledger(ledger)
    playback = Playback(case, deeds)
    ports = RecordedPorts(playback, clock)
    actions = RecordedActions(
        catalogue=case.catalogue,
        so_far=lambda: playback.changes(clock.now()),
        clock=clock,
        ledger=deeds,
        reacts=playback.reacts,
    )
    return World(
        catalogue=case.catalogue, metrics=ports, logs=ports, traces=ports, changes=ports, actions=actions,
        quiet=case.quiet, baseline=_quiet_world(case),
    )  # fmt: skip


class _Still:
    """The ports of a recording that only stands for how things usually are."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return self._frame("metrics", window, services)

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return self._frame("logs", window, services)

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return self._frame("traces", window, services)

    async def changes(self, window: Window) -> tuple[Change, ...]:
        return tuple(c for c in self._recording.changes if window.start <= c.time < window.end)

    def _frame(self, channel: str, window: Window, services: Sequence[str]) -> pl.DataFrame:
        if not self._recording.has(channel):
            note_channel(channel)
        rows: pl.DataFrame = getattr(self._recording.telemetry, channel)
        inside = (pl.col("time") >= window.start) & (pl.col("time") < window.end)
        return rows.filter(inside & pl.col("service").is_in(list(services)) if services else inside)


def _quiet_world(case: Case) -> World | None:
    if case.baseline is None:
        return None
    still = _Still(case.baseline)
    return World(
        catalogue=case.catalogue, metrics=still, logs=still, traces=still, changes=still, actions=NoActions(),
        quiet=case.baseline.span,
    )  # fmt: skip


def _recorded(stretches: Sequence[Stretch], until: datetime | None) -> list[Change]:
    """The changes that the parts of the played time recorded, before a moment, oldest first."""
    ends = [following.start for following in stretches[1:]] + [until]
    found: list[Change] = []
    for stretch, end in zip(stretches, ends, strict=True):
        if stretch.recording is None:
            continue
        for change in stretch.recording.changes:
            at = change.time + stretch.shift
            if (stretch.start is None or at >= stretch.start) and (end is None or at < end):
                found.append(change.model_copy(update={"time": at}))
    return found


def epoch(aftermath: Recording) -> datetime:
    """When an aftermath's own clock starts: its earliest row, change or alert."""
    times = [aftermath.span.start]
    times += [change.time for change in aftermath.changes] + [alert.at for alert in aftermath.alerts]
    return min(times)


def _target(action: Action) -> tuple[ActionKind, str]:
    return action.kind, action.service


def _made(deed: Deed, recorded: Sequence[Change]) -> Change | None:
    """The change that a rollback is, unless its aftermath recorded one."""
    if deed.action.kind is not ActionKind.ROLLBACK:
        return None
    service, target = deed.action.service, deed.action.arguments.version or ""
    earlier = [
        c for c in recorded if c.service == service and c.kind is ChangeKind.DEPLOY and c.time <= deed.at
    ]
    for change in recorded:
        if change.service == service and change.version_to == target and change.time >= deed.at:
            return None
    return Change(
        time=deed.at, id=deed.key, service=service, kind=ChangeKind.DEPLOY,
        version_from=earlier[-1].version_to if earlier else "", version_to=target,
        author="nexus", summary=deed.action.title,
    )  # fmt: skip


def _part(window: Window, start: datetime | None, end: datetime | None) -> Window | None:
    """The part of a window between two moments, or None where there is none."""
    first, last = _later(window.start, start), _earlier(window.end, end)
    return Window(start=first, end=last) if first < last else None


def _later(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else max(one, other)


def _earlier(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)
