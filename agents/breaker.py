"""Remembers outages of one endpoint."""

import time
from collections.abc import Callable
from datetime import timedelta


class Breaker:
    """Remembers that an endpoint is down, so that it costs its timeout once and not at every assignment."""

    def __init__(
        self, rest: timedelta = timedelta(minutes=3), now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rest = rest.total_seconds()
        self._now = now
        self._until = float("-inf")
        self._reason = ""
        self.key: str | None = None

    @property
    def reason(self) -> str | None:
        """Why the endpoint is not asked now, or None if it may be asked."""
        left = self._until - self._now()
        return f"{self._reason} (asked again in {left:.0f} s)" if left > 0 else None

    def opened(self, reason: str, rest: float | None = None, key: str | None = None) -> None:
        """The endpoint does not serve: leave it alone for a while, or for as many seconds as it asks for.

        Args:
            reason: why, in words.
            rest: seconds, if it asks for some.
            key: by which the same failure is known again.
        """
        self.key = key
        self._until, self._reason = self._now() + (self._rest if rest is None else rest), reason

    def closed(self) -> None:
        """The endpoint serves."""
        self._until = float("-inf")
