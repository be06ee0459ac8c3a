"""What becomes of each alert, and what its word changes about the one before it. Pure."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from incidents.alert import CLOCK_SKEW, Alert
from incidents.value import Moment, Value


class AlertDisposition(StrEnum):
    """What became of one alert, or of what a delivery holds instead of one."""

    OPENED = "opened"
    JOINED = "joined"
    REPEATED = "repeated"
    RESOLVED = "resolved"
    REFIRED = "re-fired"
    SUPPRESSED = "suppressed"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    CHANGE = "change"
    HEARTBEAT = "heartbeat"
    NOTED = "taken note of"


class AlertOutcome(Value):
    """One alert of a delivery (or a change, or a notice) with what became of it and why."""

    disposition: AlertDisposition
    reason: str
    title: str = ""
    service: str | None = None
    fingerprint: str = ""
    incident: str | None = None


class ToldOutcome(AlertOutcome):
    """What became of an alert of an incident: in which delivery first, and how often the same came of it."""

    delivery: int
    times: int


class LastWord(Value):
    """What was told last of a condition.

    Attributes:
        start_sent: false: `starts_at` is a receipt, for its sender told no start.
        incident: the one that it was told to; None: nobody worked on it.
        open: whether that incident still takes alerts.
    """

    fingerprint: str
    firing: bool
    starts_at: Moment
    start_sent: bool = True
    ends_at: Moment | None = None
    incident: str | None = None
    open: bool = False


class Transition(StrEnum):
    """What an alert tells after the last word of its condition."""

    BEGINS = "begins"
    REPEATS = "repeats"
    ENDS = "ends"
    BEGINS_AGAIN = "begins again"
    ENDS_UNSEEN = "ends what was not told"


def transition(alert: Alert, last: LastWord | None) -> tuple[Transition, str]:
    """What an alert tells, with the reason in words.

    Two senders of one cluster may tell the same firing with starts that are seconds apart; a firing whose
    end was told stays over, whichever delivery of it comes late.
    """
    if last is None:
        if alert.firing:
            return Transition.BEGINS, "nothing was told of it before"
        return Transition.ENDS_UNSEEN, "it is over, and nobody works on it"
    if alert.repeat and alert.firing is last.firing:
        return Transition.REPEATS, "its sender says that it tells the same again"
    if alert.firing:
        return _firing(alert, last)
    return _over(alert, last)


def with_known_start(alert: Alert, last: LastWord | None, what: Transition) -> Alert:
    """An alert that came without a start that counts, with that of the firing which it repeats or ends."""
    if alert.start_sent or last is None or what in (Transition.BEGINS, Transition.BEGINS_AGAIN):
        return alert
    return alert.model_copy(update={"starts_at": last.starts_at})


def word_of(alert: Alert, incident: str | None) -> LastWord:
    """What is remembered of an alert."""
    return LastWord(
        fingerprint=alert.fingerprint,
        firing=alert.firing,
        starts_at=alert.starts_at,
        start_sent=alert.start_sent,
        ends_at=None if alert.firing else alert.ends_at,
        incident=incident,
        open=incident is not None,
    )


def _firing(alert: Alert, last: LastWord) -> tuple[Transition, str]:
    later = alert.starts_at - last.starts_at
    if last.firing:
        if not alert.start_sent or later <= CLOCK_SKEW:
            return Transition.REPEATS, f"that it fires since {_clock(last.starts_at)} was told before"
        return Transition.BEGINS_AGAIN, f"it fires anew since {_clock(alert.starts_at)}; no end was told"
    again = f"it fires again, after an end at {_clock(last.ends_at or last.starts_at)}"
    if not alert.start_sent or _later(alert.starts_at, last.starts_at):
        return Transition.BEGINS_AGAIN, again
    if last.ends_at is None and last.incident is None:
        return Transition.BEGINS, "an end was told of it before, without its time"
    return Transition.REPEATS, f"the firing of {_clock(alert.starts_at)} is known to be over"


def _over(alert: Alert, last: LastWord) -> tuple[Transition, str]:
    if not last.firing:
        if not alert.start_sent or not _later(alert.starts_at, last.starts_at):
            return Transition.REPEATS, "that it is over was told before"
        return Transition.ENDS, f"it fired anew at {_clock(alert.starts_at)} and is over"
    if alert.start_sent and last.start_sent and last.starts_at - alert.starts_at > CLOCK_SKEW:
        return Transition.REPEATS, f"the end of an earlier firing; it fires since {_clock(last.starts_at)}"
    return Transition.ENDS, f"its firing of {_clock(last.starts_at)} is over"


def _later(one: datetime, other: datetime) -> bool:
    """By the millisecond, which is how exactly a start is kept."""
    return one.isoformat(timespec="milliseconds") > other.isoformat(timespec="milliseconds")


@lru_cache(maxsize=1024)  # what is told again and again began at one moment
def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
