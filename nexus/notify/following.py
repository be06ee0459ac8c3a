"""What comes next of a message that wants somebody: again, wider; once somebody acted, silence. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from incidents.paging import Pause
from incidents.severity import Severity
from nexus.notify.destination import Can
from nexus.notify.handling import Handled
from nexus.notify.notice import Purpose
from nexus.notify.router import WAKES, Way, again, purpose_of, urgency_of
from nexus.notify.rules import Rules
from nexus.store.outbox import (
    ARRIVED,
    Asking,
    AskingMessage,
    DeliveryState,
    Followed,
    MessageDelivery,
    NewDelivery,
    Saying,
)

#: What failed so often has to go another way as well.
_GIVES_HOPE = 3
#: It may have been read there.
_MAY_HAVE_ARRIVED = ARRIVED | {DeliveryState.SENDING, DeliveryState.UNKNOWN}


@dataclass(frozen=True)
class Around:
    """What the messages of one incident have in common while they are followed.

    Attributes:
        severity: of the incident.
        pause: whether its repeated paging rests.
        rules: how long nobody may be silent.
        ways: the destinations.
        now: the wall's time.
        spoken: where was said already that somebody acted, or that it is over: once for all of its messages.
    """

    severity: Severity | None
    pause: Pause | None
    rules: Rules
    ways: Sequence[Way]
    now: datetime
    spoken: set[tuple[str, Saying]] = field(default_factory=set)


def next_step(
    known: AskingMessage, handled: Handled | None, deliveries: Sequence[MessageDelivery], around: Around
) -> Followed | None:
    """What has to be kept of a message now, or None while nothing changes.

    Args:
        known: the message as it stands.
        handled: why it wants nobody any more.
        deliveries: all of the message.
        around: what else counts; the newest message of an incident comes first.
    """
    if handled is not None:
        return _stopped(known, handled, deliveries, around)
    now, rules = around.now, around.rules
    if known.repeat_at is None or known.repeat_at > now or known.asks is not Asking.OPEN:
        return None
    if around.pause is not None:  # whoever has it is not rung out of it
        return Followed(known=known, asks=Asking.OPEN, repeats=known.repeats, repeat_at=around.pause.until)
    number, (purpose, _) = known.repeats + 1, purpose_of(known.message)
    first = {one.destination for one in deliveries if one.saying is Saying.FIRST}
    made = again(known.number, purpose, number, around.severity, first, rules, around.ways, now)
    every = rules.repeat.pause(around.severity)
    return Followed(
        known=known,
        asks=Asking.OPEN,
        repeats=number,
        repeat_at=now + every if every is not None else None,
        deliveries=made,
        withhold="it is said again meanwhile" if made else None,
    )


def _stopped(
    known: AskingMessage, handled: Handled, deliveries: Sequence[MessageDelivery], around: Around
) -> Followed | None:
    if known.asks is Asking.HANDLED and not handled.over:
        return None
    saying = Saying.ENDED if handled.over else Saying.HANDLED
    return Followed(
        known=known,
        asks=None if handled.over else Asking.HANDLED,
        repeats=known.repeats,
        repeat_at=None,
        deliveries=() if handled.before else _told(known.number, saying, deliveries, around),
        withhold=None if handled.before else handled.sentence,
    )


def _told(
    message: int, saying: Saying, deliveries: Sequence[MessageDelivery], around: Around
) -> tuple[NewDelivery, ...]:
    """Wherever it was said is told that somebody acted: what can be edited is, else it is said once."""
    purpose = Purpose.RESOLVED if saying is Saying.ENDED else Purpose.HANDLED
    heard = {one.destination for one in deliveries if one.state in _MAY_HAVE_ARRIVED}
    made = []
    for way in around.ways:
        again = (way.name, saying) in around.spoken and Can.EDIT not in way.can
        if way.name not in heard or purpose not in way.carries or again:
            continue
        around.spoken.add((way.name, saying))
        made.append(
            NewDelivery(
                message=message,
                destination=way.name,
                saying=saying,
                next_at=around.now,
                urgency=urgency_of(purpose, around.severity),
            )
        )
    return tuple(made)


def unreached(
    number: int, purpose: Purpose, urgency: int, deliveries: Sequence[MessageDelivery],
    ways: Sequence[Way], now: datetime,
) -> tuple[NewDelivery, ...]:  # fmt: skip
    """Further ways for what wakes people where no way that it took gives any hope: nobody heard of it."""
    disabled = {way.name for way in ways if way.disabled is not None}
    if purpose not in WAKES or any(_hopeful(one) and one.destination not in disabled for one in deliveries):
        return ()
    tried = {one.destination for one in deliveries}
    return tuple(
        NewDelivery(
            message=number, destination=way.name, urgency=urgency, next_at=now,
            reason="nobody was reached where it should have gone",
        )
        for way in ways
        if purpose in way.carries and way.name not in tried and way.disabled is None
    )  # fmt: skip


def _hopeful(one: MessageDelivery) -> bool:
    """Whether somebody may have heard by it, or soon will: it arrived, or has not failed often yet."""
    waits = {DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.FAILED_FOR_NOW}
    return one.state in ARRIVED or (one.state in waits and one.tries < _GIVES_HOPE)
