"""Where the time comes from: the wall, or a virtual clock that moves when it is told to."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from: the wall, or a virtual clock in demos and evals."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...


class WallClock:
    """The time of this machine, in UTC."""

    def now(self) -> datetime:
        """The moment."""
        return datetime.now(UTC)


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
