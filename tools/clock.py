"""Where the time comes from: the wall, or a virtual clock that moves when it is told to."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

#: The clock that measures spans of this machine and goes on while it sleeps, as a number for `clock_gettime`.
#: Linux's CLOCK_MONOTONIC stands still in a suspended machine, macOS's does not (clock_gettime(2), (3)).
BOOT_CLOCK = int(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def since_boot() -> float:
    """Seconds since this machine was started, the same in all of its processes; nobody sets this clock."""
    return time.clock_gettime(BOOT_CLOCK)


class Clock(Protocol):
    """Where the time comes from: the wall, or a virtual clock in demos and evals."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...


class WallClock:
    """The time of this machine, in UTC, as precise as it is written: to the millisecond."""

    def now(self) -> datetime:
        """The moment."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class VirtualClock:
    """A clock for demos, evals and tests: two hours pass in a call. It never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment."""
        return self._now

    def advance(self, span: timedelta) -> None:
        """Move forward by a span; a negative one is ignored."""
        self._now += max(span, timedelta())

    def advance_to(self, moment: datetime) -> None:
        """Move forward to a moment; an earlier one is ignored."""
        self._now = max(self._now, moment.astimezone(UTC))
