"""When the alerts of a recorded incident arrive: those of the case, then those of an aftermath."""

from datetime import datetime
from pathlib import Path

from tools.recorded.case import Case, CaseAlert
from tools.recorded.ledger import Ledger
from tools.recorded.world import Playback


class RecordedAlerts:
    """The alerts of a recorded world as a function of the time and of what was done to it.

    Args:
        case: the recorded incident.
        ledger: the same file that the world writes.
    """

    def __init__(self, case: Case, ledger: Path) -> None:
        self._case = case
        self._playback = Playback(case, Ledger(ledger))

    def due(self, now: datetime) -> tuple[CaseAlert, ...]:
        """Every alert that has arrived by now, oldest first; telling it again changes nothing."""
        return tuple(alert for alert in self._all() if alert.at <= now)

    def next_due(self, now: datetime) -> datetime | None:
        """When the next alert arrives after now, or None; a virtual clock may go there."""
        return next((alert.at for alert in self._all() if alert.at > now), None)

    def _all(self) -> tuple[CaseAlert, ...]:
        stretches = self._playback.stretches()
        ends = [following.start for following in stretches[1:]] + [None]
        found: list[CaseAlert] = []
        for stretch, end in zip(stretches, ends, strict=True):
            own = self._case.alerts if stretch.deed is None else ()
            if stretch.deed is not None and stretch.recording is not None:
                shift, alerts = stretch.shift, stretch.recording.alerts
                own = tuple(alert.model_copy(update={"at": alert.at + shift}) for alert in alerts)
            begun = [alert for alert in own if stretch.start is None or alert.at >= stretch.start]
            found += [alert for alert in begun if end is None or alert.at < end]
        return tuple(sorted(found, key=lambda alert: alert.at))
