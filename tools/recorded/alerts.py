"""When the alerts of a recorded incident arrive: those of the case, then those of an aftermath."""

from datetime import datetime

from tools.recorded.case import Case, CaseAlert
from tools.recorded.playback import Playback
from tools.recorded.replay_log import Deeds


class RecordedAlerts:
    """The alerts of a recorded world as a function of the time and of what was done to it.

    Args:
        case: the recorded incident.
        deeds: the same that the world keeps.
    """

    def __init__(self, case: Case, deeds: Deeds) -> None:
        self._playback = Playback(case, deeds)

    def due(self, now: datetime) -> tuple[CaseAlert, ...]:
        """Every alert that has arrived by now, oldest first; telling it again changes nothing."""
        return tuple(alert for alert in self._playback.alerts() if alert.at <= now)

    def next_due(self, now: datetime) -> datetime | None:
        """When the next alert arrives after now, or None; a virtual clock may go there."""
        return next((alert.at for alert in self._playback.alerts() if alert.at > now), None)
