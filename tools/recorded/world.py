"""A recorded incident as a world that reacts to actions; what it shows when is said in `playback`."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from incidents.changes import Change
from incidents.findings import Window
from tools.clock import Clock
from tools.ports import World
from tools.recorded.actions import NoActions, RecordedActions
from tools.recorded.case import Case, Recording
from tools.recorded.code import recorded_code
from tools.recorded.coverage import CHANNELS, note_channel
from tools.recorded.document import Arrival
from tools.recorded.inventory import RecordedInventory
from tools.recorded.playback import Playback
from tools.recorded.replay_log import Deeds, ReplayLog
from tools.spans import Spans
from tools.time_windows import ended_by, in_window


class RecordedPorts:
    """Metrics, logs, traces and changes of a recorded world; nothing that was not known by the clock's now.

    A row is known once it has arrived, a span when it had ended by then.
    """

    def __init__(self, playback: Playback, clock: Clock, arrival: Arrival) -> None:
        self._playback = playback
        self._clock = clock
        self._arrival = arrival

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The samples of a window."""
        known = self._clock.now() - self._arrival.metrics
        return self._playback.frame("metrics", window.clipped(known), services)

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The lines of a window."""
        known = self._clock.now() - self._arrival.logs
        return self._playback.frame("logs", window.clipped(known), services)

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The spans that start in a window."""
        known = self._clock.now() - self._arrival.traces
        return ended_by(self._playback.frame("traces", window.clipped(known), services), known)

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The changes of a window, oldest first."""
        return tuple(change for change in self.so_far() if window.start <= change.time < window.end)

    def so_far(self) -> tuple[Change, ...]:
        """Every change that is known by now, oldest first."""
        return self._playback.changes(self._clock.now() - self._arrival.changes)


def recorded_world(case: Case, clock: Clock, ledger: Path, deeds: Deeds | None = None) -> World:
    """A world that shows a recorded incident and reacts to actions.

    Args:
        case: the recorded incident; it is read and checked as a whole here.
        clock: the time; nothing later is shown.
        ledger: the file that keeps what was done, so that a killed process can go on; sources lie beside it.
        deeds: keeps it instead of that file.

    Raises:
        CaseError: a file of the case breaks the format.
    """
    case.check()
    deeds = deeds or ReplayLog(ledger)
    playback = Playback(case, deeds)
    ports = RecordedPorts(playback, clock, case.arrival)
    actions = RecordedActions(
        catalogue=case.catalogue,
        so_far=ports.so_far,
        clock=clock,
        ledger=deeds,
        reacts=playback.reacts,
        instances=playback.instances,
        scaled=playback.scaled,
    )
    inventory = RecordedInventory(
        so_far=ports.so_far,
        instances=playback.instances,
        reactions=case.aftermaths,
    )
    return World(
        catalogue=case.catalogue, metrics=ports, logs=ports, traces=ports, changes=ports, actions=actions,
        inventory=inventory,
        quiet=case.quiet, baseline=_quiet_world(case), spans=_spans(case),
        lacks=frozenset(one for one in CHANNELS if not case.recording.has(one)),
        code=recorded_code(case.folder, ledger.parent, case.catalogue.names),
    )  # fmt: skip


def _spans(case: Case) -> Spans:
    """How the world was looked at when the incident was lived."""
    if case.tempo is None:
        return Spans()
    look = case.tempo.look
    return Spans(lookback=look.lookback, recent=look.recent, lead=look.lead)


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
        rows = in_window(getattr(self._recording.telemetry, channel), window)
        return rows.filter(pl.col("service").is_in(list(services))) if services else rows


def _quiet_world(case: Case) -> World | None:
    if case.baseline is None:
        return None
    still = _Still(case.baseline)
    return World(
        catalogue=case.catalogue, metrics=still, logs=still, traces=still, changes=still, actions=NoActions(),
        quiet=case.baseline.span,
    )  # fmt: skip
