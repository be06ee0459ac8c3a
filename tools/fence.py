"""The fence before an effect: only the holder of an incident's lease acts, and not near the end of it.

A process may be stopped anywhere (SIGSTOP, a paused machine, a long swap) and go on after its lease has run
out. So the fence is asked when a change is begun and again right before each request or program that changes
something.
"""

import math
from collections.abc import Callable
from typing import Protocol

from incidents.errors import StaleLease
from tools.clock import since_boot


class Fence(Protocol):
    """What stands between an incident's driver and the world."""

    def may_act(self) -> float:
        """Ask whether an effect may be begun now.

        Returns:
            Until when, in seconds of `tools.clock.since_boot`: the end of the lease's second third.

        Raises:
            StaleLease: the lease is lost, or in its last third.
        """
        ...


class Unfenced:
    """Where there is no incident that somebody else could drive, as in a rehearsal; never a default."""

    def may_act(self) -> float:
        """Always."""
        return math.inf


UNFENCED = Unfenced()


class LeaseFence:
    """A fence over a lease's number and how long it lasts; the holder renews it as it renews the lease.

    Args:
        number: the lease's fencing number.
        span: how long a lease lasts from its renewal, in seconds.
        clock: tells the seconds since the boot; another one in tests.
    """

    def __init__(self, number: int, span: float, clock: Callable[[], float] = since_boot) -> None:
        self.number = number
        self._span = span
        self._clock = clock
        self._asked = clock()

    def renewed(self, asked: float) -> None:
        """The lease lasts anew from when the renewal was asked for, not from when it was answered."""
        self._asked = max(self._asked, asked)

    def lost(self) -> None:
        """The lease is somebody else's; nothing is begun under it any more."""
        self._asked = -math.inf

    def may_act(self) -> float:
        """Until the end of the second third of the lease; raises like the port."""
        until = self._asked + self._span * 2 / 3
        if self._clock() >= until:
            raise StaleLease(
                f"lease {self.number} is lost or in its last third; nothing is begun under it, "
                "whoever holds the lease goes on"
            )
        return until
