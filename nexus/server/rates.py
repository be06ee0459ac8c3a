"""How often somebody may ask: so much at once, then at an even rate (the generic cell rate algorithm)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: As many are remembered; who is not asks as somebody new.
_MOST = 10_000


@dataclass
class RateLimit:
    """One limit, for everybody apart.

    Args:
        per_minute: as many at once, and each minute.
        now: a clock in seconds that never goes back.
    """

    per_minute: int
    now: Callable[[], float] = time.monotonic
    _paid_until: dict[str, float] = field(default_factory=dict)

    def wait(self, who: str) -> float:
        """For how many seconds somebody has to wait; 0: they may ask."""
        over = self._paid_until.get(who, 0.0) - self.now() - (60 - self._each)
        return max(0.0, over)

    def count(self, who: str) -> None:
        """Somebody has asked."""
        now = self.now()
        if len(self._paid_until) >= _MOST and who not in self._paid_until:
            self._paid_until = {one: until for one, until in self._paid_until.items() if until > now}
            if len(self._paid_until) >= _MOST:
                self._paid_until.clear()
        self._paid_until[who] = max(self._paid_until.get(who, now), now) + self._each

    @property
    def _each(self) -> float:
        return 60 / self.per_minute
