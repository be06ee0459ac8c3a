"""Who is told what. Pure: a message, the rules and the destinations give the deliveries.

Whom nobody thought of is not told nothing: what wakes people and fits no route goes to every destination.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from incidents.communications import decided_by_key
from incidents.severity import Severity
from incidents.value import Value
from nexus.notify.destination import Can
from nexus.notify.notice import Audience, Purpose
from nexus.notify.rules import QuietHours, Rules
from nexus.store.outbox import NewDelivery, Outgoing, Routed, Saying
from nexus.store.records import Message, MessageKind, urgency

#: What wants somebody: it is said again until somebody acts, and goes first.
WAKES = frozenset({Purpose.PAGE, Purpose.DECISION, Purpose.ESCALATION})
#: What may be said as one.
BUNDLED = frozenset({Purpose.CHANNEL})
#: Of these only the newest is of interest.
REPLACED = frozenset({Purpose.UPDATE, Purpose.BRIEF})
#: What is no less urgent than this has a slot of its own at each destination.
URGENT = 2
_KINDS = {
    MessageKind.UPDATE: (Purpose.UPDATE, Audience.CUSTOMERS),
    MessageKind.BRIEF: (Purpose.BRIEF, Audience.EXECUTIVES),
    MessageKind.ESCALATION: (Purpose.ESCALATION, Audience.ON_CALL),
    MessageKind.CHANNEL: (Purpose.CHANNEL, Audience.TEAM),
    MessageKind.PAGE: (Purpose.PAGE, Audience.ON_CALL),
    MessageKind.ADMIN: (Purpose.PAGE, Audience.ADMINS),
}
_ORDER = tuple(Purpose)


class Way(Value):
    """What is known of a destination: what it takes, what it can, why nothing is tried there (if so)."""

    name: str
    carries: frozenset[Purpose]
    can: frozenset[Can] = frozenset()
    disabled: str | None = None


def purpose_of(message: Message) -> tuple[Purpose, Audience]:
    """Why somebody is told, and who."""
    if message.kind is MessageKind.PAGE and decided_by_key(message.key) is not None:
        return Purpose.DECISION, Audience.APPROVERS
    return _KINDS[message.kind]


def urgency_of(purpose: Purpose, severity: Severity | None, alerted: Severity | None = None) -> int:
    """The place in a queue, 0 first: what wakes people of a P0, a P1, an unclassified one; then the rest."""
    rank = urgency(severity, alerted)
    if purpose in WAKES and rank <= URGENT:
        return rank
    return 10 * (rank + 1) + _ORDER.index(purpose)


def route(outgoing: Outgoing, rules: Rules, ways: Sequence[Way], now: datetime) -> Routed:
    """To whom a message goes, and when."""
    message = outgoing.message
    purpose, audience = purpose_of(message)
    severity = _most_severe(outgoing.severity, outgoing.alerted)
    chosen = _chosen(purpose, audience, severity, outgoing.services, rules, ways)
    if outgoing.shadow:
        return _withheld(outgoing, chosen, urgency_of(purpose, severity))
    asks = bool(chosen) and purpose in WAKES and audience is not Audience.ADMINS
    pause = rules.repeat.pause(severity) if asks else None
    how_urgent = urgency_of(purpose, severity)
    deliveries = tuple(
        _delivery(outgoing.number, way.name, how_urgent, purpose, severity, rules, now) for way in chosen
    )
    return Routed(
        message=outgoing.number,
        deliveries=deliveries,
        asks=asks,
        repeat_at=now + pause if pause is not None else None,
    )


def _withheld(outgoing: Outgoing, chosen: Sequence[Way], how_urgent: int) -> Routed:
    """Where a message of an incident in shadow would have gone: it asks for nobody and is never tried."""
    return Routed(
        message=outgoing.number,
        deliveries=tuple(
            NewDelivery(
                message=outgoing.number, destination=way.name, urgency=how_urgent, next_at=None,
                reason="in shadow: nobody is told",
            )
            for way in chosen
        ),
    )  # fmt: skip


def _most_severe(severity: Severity | None, alerted: Severity | None) -> Severity | None:
    """As the row has it, or as alerts say of which no turn has heard."""
    if severity is None or alerted is None:
        return severity or (alerted if alerted in (Severity.P0, Severity.P1) else None)
    return severity.at_least(alerted)


def _chosen(
    purpose: Purpose, audience: Audience, severity: Severity | None, services: tuple[str, ...],
    rules: Rules, ways: Sequence[Way],
) -> list[Way]:  # fmt: skip
    able = [way for way in ways if purpose in way.carries]
    if not rules.routes or audience is Audience.ADMINS:
        return able
    fitting = [one for one in rules.routes if one.fits(purpose, audience, severity, services)]
    named = {name for one in fitting for name in one.to}
    chosen = [way for way in able if way.name in named]
    reachable = [way for way in chosen if way.disabled is None]
    return chosen if reachable or purpose not in WAKES else able


def again(
    message: int, purpose: Purpose, repeat: int, severity: Severity | None, first: Iterable[str],
    rules: Rules, ways: Sequence[Way], now: datetime,
) -> tuple[NewDelivery, ...]:  # fmt: skip
    """The deliveries of a repeat: where it was said first, and after a while on every way."""
    wide, before = repeat > rules.repeat.widen_after, frozenset(first)
    named = [way.name for way in ways if purpose in way.carries and (wide or way.name in before)]
    return tuple(
        NewDelivery(
            message=message, destination=name, saying=Saying.REPEAT, repeat=repeat,
            urgency=urgency_of(purpose, severity), next_at=now,
        )
        for name in named
    )  # fmt: skip


def _delivery(
    message: int, destination: str, how_urgent: int, purpose: Purpose, severity: Severity | None,
    rules: Rules, now: datetime,
) -> NewDelivery:  # fmt: skip
    over = quiet_until(rules.quiet, destination, severity, now)
    if over is None and purpose in BUNDLED and rules.bundle:
        reason = "held back for a while, to be said as one with what comes meanwhile"
        return NewDelivery(
            message=message, destination=destination, urgency=how_urgent, next_at=now + rules.bundle,
            reason=reason,
        )  # fmt: skip
    return NewDelivery(
        message=message,
        destination=destination,
        urgency=how_urgent,
        next_at=over or now,
        reason=f"held back until {over:%Y-%m-%d %H:%M} UTC: quiet hours" if over is not None else "",
    )


def quiet_until(
    quiet: Sequence[QuietHours], destination: str, severity: Severity | None, now: datetime
) -> datetime | None:
    """When the quiet hours are over that hold a message back; what nobody has classified is never held."""
    ends = [
        one.until(now)
        for one in quiet
        if severity in one.severities and (not one.destinations or destination in one.destinations)
    ]
    return max((end for end in ends if end is not None), default=None)
