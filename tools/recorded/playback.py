"""What a recorded world shows over the played time, as a function of what was done to it.

Until an action the recording plays at its own times; where it ends, and nothing was done, the world is still
broken: what was recorded while nobody did anything (`aftermath/none`) goes on from there. After an action of
which an aftermath was recorded, that plays from the moment of the action. An action that takes it back makes
the world as it was before it. Any other action changes nothing, except one of the same kind on the same
service: what that leads to was never recorded, so there is no data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

import polars as pl

from incidents.action import Action, ActionKind, Arguments
from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from tools.recorded.actions import RELEASED
from tools.recorded.case import Case, CaseAlert, Recording
from tools.recorded.coverage import note_action, note_channel, note_outside
from tools.recorded.replay_log import Deed, Deeds
from tools.time_windows import in_window

#: The key of the aftermath of doing nothing.
NONE = "none"


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

    def __init__(self, case: Case, ledger: Deeds) -> None:
        self._case = case
        self._ledger = ledger

    def reacts(self, action: Action) -> bool:
        """Whether something was recorded after that action."""
        return action.key in self._case.aftermaths

    def instances(self, service: str, until: datetime | None = None) -> int | None:
        """How many run, or ran before a moment: as recorded, or as scaled to since; None: not known."""
        scaled = [
            deed.action.arguments.replicas
            for deed in self._ledger.deeds()
            if _target(deed.action) == (ActionKind.SCALE, service) and (until is None or deed.at < until)
        ]
        return scaled[-1] if scaled else self._case.instances.get(service)

    def scaled(self, service: str) -> tuple[int, ...]:
        """With which numbers of instances it was recorded, with that of the beginning, if it was scaled."""
        sample = Action(kind=ActionKind.SCALE, service=service, arguments=Arguments(replicas=1)).key
        parts = (key.rpartition("-") for key in self._case.aftermaths)
        counts = {int(tail) for head, _, tail in parts if f"{head}-1" == sample and tail.isdecimal()}
        began = self._case.instances.get(service)
        return tuple(sorted(counts | {began} if counts and began is not None else counts))

    def stretches(self) -> tuple[Stretch, ...]:
        """The parts of the played time, oldest first."""
        deeds = self._ledger.deeds()
        found = [Stretch(None, self._case.recording, timedelta(), None)]
        broken = self._unmended(self._end) if NONE in self._case.aftermaths else None
        if broken is not None and (not deeds or self._end < deeds[0].at):
            found.append(broken)
        for deed in deeds:
            if (stretch := self._after(deed, found)) is not None:
                found.append(stretch)
        return tuple(found)

    @cached_property
    def _end(self) -> datetime:
        """When the recording ends: after its last row and its last alert."""
        last = max(self._case.recording.span.end, *(alert.at for alert in self._case.alerts))
        return last + timedelta(milliseconds=1)

    def _unmended(self, at: datetime) -> Stretch | None:
        """What the world shows from a moment on in which nothing that matters was done, if that is known."""
        none = self._case.aftermaths.get(NONE)
        return Stretch(at, none, at - epoch(none), None) if none is not None else None

    def _after(self, deed: Deed, found: Sequence[Stretch]) -> Stretch | None:
        """What plays from a deed on; None where what plays goes on."""
        plays, key = found[-1].deed, deed.action.key
        if plays is not None and plays.action.key == key:
            return None
        if (aftermath := self._case.aftermaths.get(key)) is not None:
            return Stretch(deed.at, aftermath, deed.at - epoch(aftermath), deed)
        if plays is None:
            return self._unmended(deed.at)
        if _target(plays.action) != _target(deed.action):
            return None
        earlier = found[: [stretch.deed for stretch in found].index(plays)]
        ran = self.instances(deed.action.service, plays.at)
        if not _takes_back(deed.action, plays, earlier, ran):
            return Stretch(deed.at, None, timedelta(), deed)
        before = earlier[-1]
        unmended = self._unmended(deed.at) if before.deed is None else None
        return unmended or replace(before, start=deed.at)

    def alerts(self) -> tuple[CaseAlert, ...]:
        """What the monitoring sends over the played time, oldest first."""
        found: list[CaseAlert] = []
        for stretch, end in _ended(self.stretches()):
            if stretch.recording is None:
                continue
            own = self._case.alerts if self._is_own(stretch) else stretch.recording.alerts
            played = ({"at": alert.at + stretch.shift, "moved": stretch.shift} for alert in own)
            moved = [alert.model_copy(update=times) for alert, times in zip(own, played, strict=True)]
            found += [alert for alert in moved if stretch.start is None or alert.at >= stretch.start]
            found = [alert for alert in found if end is None or alert.at < end]
        return tuple(sorted(found, key=lambda alert: alert.at))

    def _is_own(self, stretch: Stretch) -> bool:
        """Whether it is the case's own recording that plays, and not an aftermath."""
        return stretch.recording is self._case.recording

    def frame(self, channel: str, window: Window, services: Sequence[str]) -> pl.DataFrame:
        """The rows of a window that the played time holds."""
        parts = []
        for stretch, end in _ended(self.stretches()):
            part = _part(window, stretch.start, end)
            self._tell(channel, stretch, part)
            if stretch.recording is None or part is None:
                continue
            held: pl.DataFrame = getattr(stretch.recording.telemetry, channel)
            own = Window(start=part.start - stretch.shift, end=part.end - stretch.shift)
            rows = in_window(held, own)
            if services:
                rows = rows.filter(pl.col("service").is_in(list(services)))
            parts.append(rows.with_columns(pl.col("time") + stretch.shift) if stretch.shift else rows)
        if not parts:
            none: pl.DataFrame = getattr(self._case.recording.telemetry, channel)
            return none.clear()
        if len(parts) == 1:
            return parts[0]
        # Each part begins where the one before it ends.
        return pl.concat(parts).set_sorted("time")

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
            if self._is_own(stretch):
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


def _ended(
    stretches: Sequence[Stretch], until: datetime | None = None
) -> Iterator[tuple[Stretch, datetime | None]]:
    """Each part of the played time with its end; None is open."""
    ends = [following.start for following in stretches[1:]] + [until]
    return zip(stretches, ends, strict=True)


def _takes_back(action: Action, plays: Deed, earlier: Sequence[Stretch], instances: int | None) -> bool:
    """Whether an action undoes what plays: the flag, the version, or the number from before is back."""
    wanted, done = action.arguments, plays.action.arguments
    if wanted.undo:
        return True
    if wanted.flag is not None:
        return wanted.flag == done.flag and wanted.enabled != done.enabled
    if wanted.replicas is not None:
        return wanted.replicas == instances
    ran = [
        change.version_to
        for change in _recorded(earlier, plays.at)
        if change.service == action.service and change.kind in RELEASED
    ]
    return wanted.version is not None and ran[-1:] == [wanted.version]


def _recorded(stretches: Sequence[Stretch], until: datetime | None) -> list[Change]:
    """The changes that the parts of the played time recorded, before a moment, oldest first."""
    found: list[Change] = []
    for stretch, end in _ended(stretches, until):
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
    earlier = [c for c in recorded if c.service == service and c.kind in RELEASED and c.time <= deed.at]
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
