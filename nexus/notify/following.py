"""What comes next of a message that wants somebody: again, wider; once somebody acted, silence. Pure."""

from collections.abc import Sequence
from datetime import datetime

from incidents.severity import Severity
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

#: It may have been read there.
_MAY_HAVE_ARRIVED = ARRIVED | {DeliveryState.SENDING, DeliveryState.UNKNOWN}


def next_step(
    known: AskingMessage, severity: Severity | None, handled: Handled | None,
    deliveries: Sequence[MessageDelivery], rules: Rules, ways: Sequence[Way], now: datetime,
) -> Followed | None:  # fmt: skip
    """What has to be kept of a message now, or None while nothing changes.

    Args:
        known: the message as it stands.
        severity: of its incident.
        handled: why it wants nobody any more.
        deliveries: all of the message.
        rules: how long nobody may be silent.
        ways: the destinations.
        now: the wall's time.
    """
    if handled is not None:
        return _stopped(known, severity, handled, deliveries, ways, now)
    if known.repeat_at is None or known.repeat_at > now or known.asks is not Asking.OPEN:
        return None
    purpose, _ = purpose_of(known.message)
    number = known.repeats + 1
    first = {one.destination for one in deliveries if one.saying is Saying.FIRST}
    made = again(known.number, purpose, number, severity, first, rules, ways, now)
    pause = rules.repeat.pause(severity)
    repeat_at = now + pause if pause is not None else None
    return Followed(
        known=known, asks=Asking.OPEN, repeats=number, repeat_at=repeat_at, deliveries=made,
        withhold="it is said again meanwhile" if made else None,
    )  # fmt: skip


def _stopped(
    known: AskingMessage, severity: Severity | None, handled: Handled,
    deliveries: Sequence[MessageDelivery], ways: Sequence[Way], now: datetime,
) -> Followed | None:  # fmt: skip
    if known.asks is Asking.HANDLED and not handled.over:
        return None
    saying = Saying.ENDED if handled.over else Saying.HANDLED
    purpose = Purpose.RESOLVED if handled.over else Purpose.HANDLED
    told = {one.destination for one in deliveries if one.state in _MAY_HAVE_ARRIVED}
    carry = {way.name for way in ways if purpose in way.carries}
    made = tuple(
        NewDelivery(
            message=known.number, destination=name, saying=saying, next_at=now,
            urgency=urgency_of(purpose, severity),
        )
        for name in sorted(told & carry)
        if not handled.before
    )  # fmt: skip
    return Followed(
        known=known,
        asks=None if handled.over else Asking.HANDLED,
        repeats=known.repeats,
        repeat_at=None,
        deliveries=made,
        withhold=None if handled.before else handled.sentence,
    )


def unreached(
    number: int, purpose: Purpose, urgency: int, deliveries: Sequence[MessageDelivery],
    ways: Sequence[Way], now: datetime,
) -> tuple[NewDelivery, ...]:  # fmt: skip
    """Further ways for what wakes people and failed for good everywhere it went: nobody heard of it."""
    hopeful = {DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.FAILED_FOR_NOW} | ARRIVED
    disabled = {way.name for way in ways if way.disabled is not None}
    if purpose not in WAKES or any(
        one.state in hopeful and one.destination not in disabled for one in deliveries
    ):
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
