"""What was told of an incident outside, and what became of it at each destination. Pure."""

from collections.abc import Sequence

from pydantic import Field

from incidents.value import Moment, Value
from nexus.store.outbox import ARRIVED, DeliveryState, KeptAttempt, MessageDelivery, Saying
from nexus.store.records import Message, MessageKind

__all__ = ["ARRIVED", "DeliveryLine", "DeliveryState", "MessageView", "MessagesView", "messages_view"]


class DeliveryLine(Value):
    """A message at a destination: the words of it first, again, or that somebody acted."""

    destination: str
    saying: Saying
    repeat: int = Field(description="how often it was said again before")
    state: DeliveryState
    next_at: Moment | None = Field(description="when it is tried (again)")
    reason: str = Field(description="why it waits, failed or is withheld; empty: it did not")
    attempts: tuple[KeptAttempt, ...] = Field(description="every try, oldest first")


class MessageView(Value):
    """Something that was told, and each way that it took; none: it stands in the files of the home alone."""

    at: Moment
    kind: MessageKind
    title: str
    text: str
    deliveries: tuple[DeliveryLine, ...]


class MessagesView(Value):
    """What was told of an incident, oldest first."""

    items: tuple[MessageView, ...]


def messages_view(
    messages: Sequence[Message], deliveries: Sequence[MessageDelivery]
) -> tuple[MessageView, ...]:
    """Every message, oldest first; lines of the channel that went nowhere stand in the timeline already."""
    ways: dict[tuple[MessageKind, str], list[DeliveryLine]] = {}
    for one in deliveries:
        ways.setdefault((one.content.kind, one.content.key), []).append(line_of(one))
    return tuple(
        MessageView(at=one.at, kind=one.kind, title=one.title, text=one.text, deliveries=tuple(its))
        for one in messages
        if (its := ways.get((one.kind, one.key), [])) or one.kind is not MessageKind.CHANNEL
    )


def line_of(one: MessageDelivery) -> DeliveryLine:
    """A delivery as it is shown."""
    return DeliveryLine(
        destination=one.destination,
        saying=one.saying,
        repeat=one.repeat,
        state=one.state,
        next_at=one.next_at,
        reason=one.reason,
        attempts=one.attempts,
    )
