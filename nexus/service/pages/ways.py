"""The ways that a message took to people outside, in words. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from incidents.value import Value
from nexus.store.outbox import ARRIVED, DeliveryState, KeptAttempt, MessageDelivery, Saying


class Tone(StrEnum):
    """How a way is shown: as a badge's class."""

    GOOD = "good"
    BAD = "bad"
    WAITS = "waits"


class WayView(Value):
    """One way: where, what became of it in a word or two, and why, with each try."""

    destination: str
    tone: Tone
    words: str
    why: str
    tries: tuple[str, ...]


_WORDS = {
    DeliveryState.QUEUED: "waits",
    DeliveryState.SENDING: "is being sent",
    DeliveryState.ACCEPTED: "taken",
    DeliveryState.DELIVERED: "arrived",
    DeliveryState.FAILED_FOR_NOW: "not yet",
    DeliveryState.FAILED_FOR_GOOD: "not reached",
    DeliveryState.UNKNOWN: "not known whether it arrived",
    DeliveryState.WITHHELD: "not sent",
}
_BAD = {DeliveryState.FAILED_FOR_NOW, DeliveryState.FAILED_FOR_GOOD, DeliveryState.UNKNOWN}
_SAID = {Saying.HANDLED: " (that somebody acted)", Saying.ENDED: " (that it is over)"}


def ways(deliveries: Sequence[MessageDelivery]) -> tuple[WayView, ...]:
    """Each way of one message, in the order in which they were taken."""
    return tuple(_way(one) for one in deliveries)


def reached(deliveries: Sequence[MessageDelivery]) -> str:
    """On which ways people were reached by what was said, first or again; empty: it went no way outside."""
    said = [one for one in deliveries if one.saying in {Saying.FIRST, Saying.REPEAT}]
    every = dict.fromkeys(one.destination for one in said)
    heard = dict.fromkeys(one.destination for one in said if one.state in ARRIVED)
    if not every:
        return ""
    return (
        f"Reached on {len(heard)} of {len(every)} ways: {', '.join(heard)}"
        if heard
        else "Nobody is reached yet"
    )


def _way(one: MessageDelivery) -> WayView:
    again = f" (said again, {one.repeat})" if one.saying is Saying.REPEAT else _SAID.get(one.saying, "")
    when = f", again at {one.next_at:%H:%M:%S} UTC" if one.next_at is not None and one.tries else ""
    good = Tone.GOOD if one.state in ARRIVED else Tone.BAD if one.state in _BAD else Tone.WAITS
    return WayView(
        destination=f"{one.destination}{again}",
        tone=good,
        words=_WORDS[one.state],
        why=f"{one.reason}{when}",
        tries=tuple(_tried(tried) for tried in one.attempts),
    )


def _tried(one: KeptAttempt) -> str:
    why = f": {one.reason}" if one.reason else ""
    return f"{one.at:%H:%M:%S} {one.outcome.replace('_', ' ')}{why}"
