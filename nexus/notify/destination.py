"""The port of a destination: where a notice goes, what it can carry, and what became of a try."""

from datetime import timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from incidents.value import Value
from nexus.notify.notice import Notice, Purpose


class Can(StrEnum):
    """What a destination is able to do beside taking a text."""

    WAKE = "wake"
    EDIT = "edit"
    THREAD = "thread"
    BUTTONS = "buttons"
    CLOSE = "close"
    KEYS = "keys"


class Outcome(StrEnum):
    """What became of a try.

    `UNKNOWN` is a try of which nobody knows whether it arrived: the connection broke after the body was
    written, or the answer never came.
    """

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED_FOR_NOW = "failed_for_now"
    FAILED_FOR_GOOD = "failed_for_good"
    UNKNOWN = "unknown"


class Attempt(Value):
    """The answer of a destination.

    Attributes:
        reason: why not, in the server's own words where it gave any; free of secrets.
        disables: the failure is of the destination and not of this notice (a revoked credential, a channel
            that is gone): nothing else will arrive there either until somebody mends it.
        retry_after: how long the server wants to be left alone.
        reference: how the provider calls what it took; given back to `edit`.
    """

    outcome: Outcome
    reason: str = ""
    disables: bool = False
    retry_after: timedelta | None = None
    reference: str | None = None


class Destination(Protocol):
    """Somewhere that notices go. An implementation raises nothing but what cancels it."""

    @property
    def name(self) -> str:
        """As `nexus.yaml` calls it."""
        ...

    @property
    def carries(self) -> frozenset[Purpose]:
        """What it takes; everything else is refused before it is tried."""
        ...

    @property
    def can(self) -> frozenset[Can]:
        """What it is able to do."""
        ...

    async def send(self, notice: Notice) -> Attempt:
        """Try once to hand a notice over; never longer than its own time limit."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Editing(Destination, Protocol):
    """A destination that can EDIT: what was taken there may become something else."""

    async def edit(self, reference: str, notice: Notice) -> Attempt:
        """Put a notice in the place of one that was taken; never longer than its own time limit."""
        ...


def not_carried(destination: Destination, notice: Notice) -> Attempt | None:
    """The answer to what a destination does not take; None: it takes it."""
    if notice.purpose in destination.carries:
        return None
    reason = f"{destination.name} carries no {notice.purpose.value}"
    return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=reason)
