"""An alert that always fires shows that alerts get through; where it stays away the monitoring is silent."""

from datetime import datetime, timedelta
from statistics import median

from pydantic import Field

from incidents.alert import SILENCE, Alert, AlertStatus
from incidents.duration import format_duration
from incidents.value import Moment, Value

#: Until its interval is known: how often Alertmanager repeats a notification if nothing else is configured.
UNKNOWN_INTERVAL = timedelta(hours=4)
#: Members of a cluster tell the same one after the other: what comes sooner is no interval.
SAME_BEAT = timedelta(seconds=10)
#: How many intervals are remembered, and from how many on one is known.
REMEMBERED, KNOWN = 7, 2
#: One beat may get lost: it is late after so many intervals and a moment, which is an interval at most.
TOLERATED, MOMENT = 2, timedelta(minutes=1)


class Heartbeat(Value):
    """What is known of one: when it was heard last (or expected from), and between which it was heard before.

    `silent_since` is when it was found to stay away; None while it beats.
    """

    fingerprint: str
    name: str
    heard_at: Moment
    gaps: tuple[float, ...] = Field(default=(), description="seconds between the last beats")
    silent_since: Moment | None = None

    def every(self, configured: timedelta | None) -> timedelta:
        """How often it is expected: as the site says, else as it was heard, else as is usual."""
        if configured is not None:
            return configured
        return timedelta(seconds=median(self.gaps)) if len(self.gaps) >= KNOWN else UNKNOWN_INTERVAL

    def late_at(self, configured: timedelta | None) -> datetime:
        """From when on it counts as silent."""
        every = self.every(configured)
        return self.heard_at + TOLERATED * every + min(MOMENT, every)


def name_of(alert: Alert) -> str:
    """By which a site names a heartbeat: the alert rule's name, else the title."""
    return alert.label("alertname") or alert.title


def beaten(alert: Alert, known: Heartbeat | None, now: datetime) -> Heartbeat:
    """What is known after a heartbeat was heard; an interval of silence teaches nothing."""
    if known is None:
        return Heartbeat(fingerprint=alert.fingerprint, name=name_of(alert), heard_at=now)
    gap = now - known.heard_at
    if gap < SAME_BEAT:
        return known
    learnt = known.silent_since is None
    gaps = (*known.gaps, gap.total_seconds())[-REMEMBERED:] if learnt else known.gaps
    return known.model_copy(update={"heard_at": now, "gaps": gaps})


def silence_of(beat: Heartbeat, configured: timedelta | None, now: datetime, *, over: bool) -> Alert:
    """The alert that a heartbeat stays away, or that it is back.

    Args:
        beat: with `silent_since`.
        configured: how often the site expects it, if it says so.
        now: the moment.
        over: whether it is heard again.
    """
    since = beat.silent_since or now
    every = format_duration(beat.every(configured))
    return Alert(
        source="nexus",
        title=f"The monitoring itself is silent: {beat.name} is not heard",
        service=None,
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING,
        received_at=now,
        starts_at=since,
        ends_at=now if over else None,
        fingerprint=f"{SILENCE}{beat.fingerprint}",
        # One incident for the silence of one name: that which is expected and was never heard is told under
        # another fingerprint than what was heard, and so is each cluster's.
        condition=f"{SILENCE}{beat.name}",
        severity="critical",
        description=f"{beat.name} was expected every {every}; until it is heard, no alert may get through",
    )
