"""What must be told outside, and what became of it: a message, its deliveries by destination, their tries.

A message is kept with what happened. Later whoever delivers decides to whom it goes, which is kept once, as
deliveries. Each of those is in one state, and every try of it is kept.
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from incidents.severity import Severity
from incidents.value import Moment, Value
from nexus.store.audit import Deed
from nexus.store.records import Message, Process


class DeliveryState(StrEnum):
    """Where a delivery stands.

    `UNKNOWN` was tried, and nobody knows whether it arrived. `WITHHELD` is not sent, or not any more: its
    reason says why.
    """

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED_FOR_NOW = "failed_for_now"
    FAILED_FOR_GOOD = "failed_for_good"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"


#: It arrived, as far as anybody can tell.
ARRIVED = frozenset({DeliveryState.ACCEPTED, DeliveryState.DELIVERED})


class Saying(StrEnum):
    """What is said of a message at a destination: itself, again, that somebody acted, that it is over."""

    FIRST = "first"
    REPEAT = "repeat"
    HANDLED = "handled"
    ENDED = "ended"


class Asking(StrEnum):
    """How a message stands that wants somebody: nobody has acted, somebody has; one that is over has none."""

    OPEN = "open"
    HANDLED = "handled"


class Outgoing(Value):
    """A message of which nobody has decided yet to whom it goes, with what its incident's row says.

    Attributes:
        number: of the message.
        alerted: how severe alerts say that its incident is of which no turn has heard yet.
        shadow: its incident is in shadow: nobody is told.
    """

    number: int
    message: Message
    severity: Severity | None
    alerted: Severity | None
    services: tuple[str, ...]
    shadow: bool = False


class NewDelivery(Value):
    """A delivery that is to be made.

    Attributes:
        urgency: the place in a queue, 0 first.
        next_at: when it is tried; None: it is withheld.
        reason: why it waits, or is withheld.
    """

    message: int
    destination: str
    saying: Saying = Saying.FIRST
    repeat: int = 0
    urgency: int
    next_at: Moment | None
    reason: str = ""


class Routed(Value):
    """To whom a message goes; `asks`: it wants somebody, and is said again at `repeat_at` if nobody acts."""

    message: int
    deliveries: tuple[NewDelivery, ...]
    asks: bool = False
    repeat_at: Moment | None = None


class AskingMessage(Value):
    """A message that wants somebody; `repeats`: how often it was said again."""

    number: int
    message: Message
    asks: Asking
    repeats: int
    repeat_at: Moment | None


class Followed(Value):
    """The next step of a message that wants somebody.

    Attributes:
        known: as it was read; one that has gone on since changes nothing.
        asks: how it stands from now on.
        withhold: why what waits of it is not sent any more.
    """

    known: AskingMessage
    asks: Asking | None
    repeats: int
    repeat_at: Moment | None
    deliveries: tuple[NewDelivery, ...] = ()
    withhold: str | None = None


class KeptAttempt(Value):
    """One try: when it ended, with what, and why."""

    at: Moment
    outcome: DeliveryState
    reason: str = ""


class MessageDelivery(Value):
    """A message on its way to a destination.

    Attributes:
        number: of the delivery.
        uncertain: an earlier try may have arrived.
        reference: how the provider calls what it took.
        next_at: when it is tried (again); None: it is not.
    """

    number: int
    message: int
    content: Message
    destination: str
    saying: Saying
    repeat: int
    urgency: int
    state: DeliveryState
    next_at: Moment | None = None
    tries: int = 0
    uncertain: bool = False
    reference: str | None = None
    reason: str = ""
    attempts: tuple[KeptAttempt, ...] = ()


class Settled(Value):
    """What became of a try. `next_at`: when it is tried again; `attempt` None: none was made."""

    delivery: int
    owner: str
    state: DeliveryState
    reason: str = ""
    next_at: Moment | None = None
    reference: str | None = None
    attempt: KeptAttempt | None = None


class Sender(Value):
    """Who sends, and until when its tries are its own."""

    owner: str
    process: Process
    until: Moment


class Disabled(Value):
    """A destination at which nothing is tried until somebody mends it."""

    destination: str
    since: Moment
    reason: str


class Backlogged(Value):
    """How many deliveries of a destination wait, since when the oldest is due, and the last reason."""

    destination: str
    waiting: int
    failing: int
    oldest: Moment
    reason: str


class Told(Protocol):
    """What was told of an incident, for those who look."""

    async def messages(self, incident: str) -> tuple[Message, ...]:
        """Everything that was sent, oldest first."""
        ...

    async def deliveries_of(self, incident: str) -> tuple[MessageDelivery, ...]:
        """Every delivery of an incident with its attempts, oldest first."""
        ...

    async def told_at(self, site: str, reference: str) -> str | None:
        """The incident of which something was told there, by what the provider calls it; None: of none."""
        ...


class Outbox(Told, Protocol):
    """The messages of a site's live incidents; those of recorded worlds go nowhere."""

    async def unrouted(self, site: str, limit: int) -> tuple[Outgoing, ...]:
        """So many messages of which nobody knows yet to whom they go, what wakes people first."""
        ...

    async def route(self, site: str, routed: tuple[Routed, ...]) -> None:
        """Keep to whom messages go, all or none; of one that was routed meanwhile nothing is kept.

        Of the messages of one incident that ask, the newest alone is said again.
        """
        ...

    async def asking(self, site: str) -> tuple[AskingMessage, ...]:
        """Every message that wants somebody and whose incident is not known to be over, oldest first."""
        ...

    async def follow(self, site: str, step: Followed) -> bool:
        """Keep what comes next of a message that asks; False if it has gone on meanwhile."""
        ...

    async def also(self, site: str, deliveries: tuple[NewDelivery, ...]) -> None:
        """Keep further deliveries; one that is there already stays as it is."""
        ...

    async def due_destinations(self, site: str, now: datetime) -> tuple[str, ...]:
        """The destinations for which something is due."""
        ...

    async def take(
        self, site: str, destination: str, sender: Sender, now: datetime, limit: int, most_urgency: int
    ) -> tuple[MessageDelivery, ...]:
        """Take so many that are due, none less urgent than that, the most urgent first, then the oldest.

        They are `SENDING` until they are settled, and nobody else takes them.
        """
        ...

    async def join(
        self, site: str, one: MessageDelivery, sender: Sender, limit: int
    ) -> tuple[MessageDelivery, ...]:
        """Take so many more of that kind, incident and destination that wait to be said first, due or not."""
        ...

    async def settle(self, settled: tuple[Settled, ...]) -> None:
        """Keep what became of tries; of one that is no longer its owner's nothing is kept."""
        ...

    async def lost(self, site: str, now: datetime) -> tuple[tuple[MessageDelivery, str], ...]:
        """What was being sent by a process that is proven dead or whose time has run out, with its owner."""
        ...

    async def backlogged(self, site: str) -> tuple[Backlogged, ...]:
        """Every destination for which something waits, by name."""
        ...

    async def rest(self, site: str, destination: str, until: datetime) -> None:
        """Leave it alone until a moment, as it has asked: no process tries anything there."""
        ...

    async def resting(self, site: str, now: datetime) -> tuple[str, ...]:
        """The destinations that are left alone, by name."""
        ...

    async def disable(self, site: str, disabled: Disabled) -> bool:
        """Try nothing more there; False if it is disabled already."""
        ...

    async def enable(self, site: str, destination: str, deed: Deed | None = None) -> bool:
        """Try it again; False if it is not disabled."""
        ...

    async def disabled(self, site: str) -> tuple[Disabled, ...]:
        """The destinations at which nothing is tried, by name."""
        ...
