"""The outbox of the store's twin in memory."""

from dataclasses import dataclass, replace
from datetime import datetime

from nexus.store.audit import Deed
from nexus.store.leases import is_alive
from nexus.store.memory_hindsight import MemoryHindsight
from nexus.store.outbox import (
    Asking,
    AskingMessage,
    Backlogged,
    DeliveryState,
    Disabled,
    Followed,
    MessageDelivery,
    NewDelivery,
    Outgoing,
    Routed,
    Saying,
    Sender,
    Settled,
)
from nexus.store.records import Message, MessageKind, Summary
from tools.redaction.redact import redact_secrets
from tools.redaction.tree import redact_value


@dataclass(frozen=True)
class _Row:
    """What is known of a message beside itself."""

    message: Message
    routed: bool
    asks: Asking | None = None
    repeats: int = 0
    repeat_at: datetime | None = None


class MemoryOutbox(MemoryHindsight):
    """Implements `nexus.store.outbox.Outbox` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._rows_out: dict[int, _Row] = {}
        self._deliveries_out: dict[int, tuple[str, MessageDelivery, Sender | None]] = {}
        self._resting: dict[tuple[str, str], datetime] = {}
        self._disabled: dict[tuple[str, str], Disabled] = {}

    async def send(self, message: Message) -> bool:
        """Keep a communication. False if its key was sent before."""
        self._known(message.incident)
        key = (message.incident, message.kind, message.key)
        if not self._messages.insert(key, message):
            return False
        live = self._waiting[message.incident].site is not None
        self._rows_out[len(self._rows_out) + 1] = _Row(self._messages[key], routed=not live)
        self._writes += 1
        return True

    async def messages(self, incident: str) -> tuple[Message, ...]:
        """Everything that was sent, oldest first."""
        return self._messages.of(incident)

    async def unrouted(self, site: str, limit: int) -> tuple[Outgoing, ...]:
        """So many messages of which nobody knows yet to whom they go."""
        found = []
        for number, row in self._rows_out.items():
            whose = row.message.incident
            if row.routed or self._site_of(whose) != site:
                continue
            line = Summary.of(*self._incidents[whose])
            found.append(
                Outgoing(
                    number=number, message=row.message, severity=line.severity,
                    alerted=self._waiting[whose].alerted, services=line.services, shadow=line.shadow,
                )
            )  # fmt: skip
        wakes = {MessageKind.PAGE, MessageKind.ESCALATION}
        return tuple(sorted(found, key=lambda one: one.message.kind not in wakes)[:limit])

    def _site_of(self, incident: str) -> str | None:
        return self._waiting[incident].site if incident in self._waiting else None

    async def route(self, site: str, routed: tuple[Routed, ...]) -> None:
        """Keep to whom messages go."""
        for one in routed:
            row = self._rows_out.get(one.message)
            if row is None or row.routed:
                continue
            asks = Asking.OPEN if one.asks else None
            self._rows_out[one.message] = replace(row, routed=True, asks=asks, repeat_at=one.repeat_at)
            if one.asks:
                for number, other in self._rows_out.items():
                    if other.message.incident == row.message.incident and number < one.message:
                        self._rows_out[number] = replace(other, repeat_at=None)
            self._add(site, one.deliveries)

    def _add(self, site: str, deliveries: tuple[NewDelivery, ...]) -> None:
        for one in deliveries:
            key = (one.message, one.destination, one.saying, one.repeat)
            known = {
                (d.message, d.destination, d.saying, d.repeat) for _, d, _ in self._deliveries_out.values()
            }
            if key in known or one.message not in self._rows_out:
                continue
            number = max(self._deliveries_out, default=0) + 1
            made = MessageDelivery(
                number=number, message=one.message, content=self._rows_out[one.message].message,
                destination=one.destination, saying=one.saying, repeat=one.repeat, urgency=one.urgency,
                state=DeliveryState.QUEUED if one.next_at is not None else DeliveryState.WITHHELD,
                next_at=one.next_at, reason=one.reason,
            )  # fmt: skip
            self._deliveries_out[number] = site, redact_value(made), None

    async def asking(self, site: str) -> tuple[AskingMessage, ...]:
        """Every message that wants somebody."""
        return tuple(
            AskingMessage(
                number=number,
                message=row.message,
                asks=row.asks,
                repeats=row.repeats,
                repeat_at=row.repeat_at,
            )
            for number, row in self._rows_out.items()
            if row.asks is not None and self._site_of(row.message.incident) == site
        )

    async def follow(self, site: str, step: Followed) -> bool:
        """Keep what comes next of a message that asks."""
        number, row = step.known.number, self._rows_out.get(step.known.number)
        if row is None or (row.asks, row.repeats) != (step.known.asks, step.known.repeats):
            return False
        self._rows_out[number] = replace(row, asks=step.asks, repeats=step.repeats, repeat_at=step.repeat_at)
        if step.withhold is not None:
            said = {Saying.FIRST, Saying.REPEAT}
            for its, one, _ in tuple(self._deliveries_out.values()):
                if one.message == number and one.saying in said and one.next_at is not None:
                    why = {"state": DeliveryState.WITHHELD, "next_at": None, "reason": step.withhold}
                    self._deliveries_out[one.number] = its, one.model_copy(update=why), None
        self._add(site, step.deliveries)
        return True

    async def also(self, site: str, deliveries: tuple[NewDelivery, ...]) -> None:
        """Keep further deliveries."""
        self._add(site, deliveries)

    def _waits(self, site: str, now: datetime) -> list[MessageDelivery]:
        of_it = (one for its, one, _ in self._deliveries_out.values() if its == site)
        return [one for one in of_it if one.next_at is not None and one.next_at <= now]

    async def due_destinations(self, site: str, now: datetime) -> tuple[str, ...]:
        """The destinations for which something is due."""
        return tuple(sorted({one.destination for one in self._waits(site, now)}))

    async def take(
        self, site: str, destination: str, sender: Sender, now: datetime, limit: int, most_urgency: int
    ) -> tuple[MessageDelivery, ...]:
        """Take so many that are due."""
        found = [one for one in self._waits(site, now) if one.destination == destination]
        found = [one for one in found if one.urgency <= most_urgency]
        return self._take(site, sorted(found, key=lambda one: (one.urgency, one.number))[:limit], sender)

    async def join(
        self, site: str, one: MessageDelivery, sender: Sender, limit: int
    ) -> tuple[MessageDelivery, ...]:
        """Take so many more of that kind, incident and destination."""
        like = (one.destination, one.content.incident, one.content.kind, Saying.FIRST, DeliveryState.QUEUED)
        found = [
            other
            for its, other, _ in self._deliveries_out.values()
            if its == site and other.next_at is not None
            and (other.destination, other.content.incident, other.content.kind, other.saying, other.state)
            == like
        ]  # fmt: skip
        return self._take(site, found[:limit], sender)

    def _take(self, site: str, found: list[MessageDelivery], sender: Sender) -> tuple[MessageDelivery, ...]:
        taken = []
        for one in found:
            change = {"state": DeliveryState.SENDING, "next_at": None, "tries": one.tries + 1}
            sent = one.model_copy(update=change)
            self._deliveries_out[one.number] = site, sent, sender
            taken.append(self._as_read(sent))
        return tuple(taken)

    def _as_read(self, one: MessageDelivery) -> MessageDelivery:
        tried = any(attempt.outcome is DeliveryState.UNKNOWN for attempt in one.attempts)
        return one.model_copy(update={"uncertain": tried, "attempts": ()})

    async def settle(self, settled: tuple[Settled, ...]) -> None:
        """Keep what became of tries."""
        for one in settled:
            site, kept, sender = self._deliveries_out.get(one.delivery, ("", None, None))
            if kept is None or sender is None or sender.owner != one.owner:
                continue
            change = {
                "state": one.state, "next_at": one.next_at, "reason": redact_secrets(one.reason),
                "reference": one.reference or kept.reference,
                "attempts": (*kept.attempts, *([redact_value(one.attempt)] if one.attempt else [])),
            }  # fmt: skip
            self._deliveries_out[one.delivery] = site, kept.model_copy(update=change), None

    async def lost(self, site: str, now: datetime) -> tuple[tuple[MessageDelivery, str], ...]:
        """What was being sent by a process that sends it no more."""
        return tuple(
            (self._as_read(one), sender.owner)
            for its, one, sender in self._deliveries_out.values()
            if its == site and sender is not None
            and (sender.until <= now or is_alive(sender.process) is False)
        )  # fmt: skip

    async def deliveries_of(self, incident: str) -> tuple[MessageDelivery, ...]:
        """Every delivery of an incident with its attempts."""
        every = (one for _, one, _ in self._deliveries_out.values() if one.content.incident == incident)
        return tuple(one.model_copy(update={"uncertain": self._as_read(one).uncertain}) for one in every)

    async def told_at(self, site: str, reference: str) -> str | None:
        """The incident of which something was told there."""
        its = (one for own, one, _ in self._deliveries_out.values() if own == site)
        return next((one.content.incident for one in its if one.reference == reference), None)

    async def backlogged(self, site: str) -> tuple[Backlogged, ...]:
        """Every destination for which something waits."""
        waits = [one for its, one, _ in self._deliveries_out.values() if its == site]
        found = []
        for name in sorted({one.destination for one in waits}):
            its_own = [(one.next_at, one) for one in waits if one.destination == name and one.next_at]
            failing = [one for _, one in its_own if one.tries]
            if its_own:
                found.append(
                    Backlogged(
                        destination=name, waiting=len(its_own), failing=len(failing),
                        oldest=min(at for at, _ in its_own),
                        reason=max((one.reason for one in failing), default=""),
                    )
                )  # fmt: skip
        return tuple(found)

    async def rest(self, site: str, destination: str, until: datetime) -> None:
        """Leave it alone until a moment."""
        key = (site, destination)
        self._resting[key] = max(until, self._resting.get(key, until))

    async def resting(self, site: str, now: datetime) -> tuple[str, ...]:
        """The destinations that are left alone."""
        return tuple(
            name for (its, name), until in sorted(self._resting.items()) if its == site and until > now
        )

    async def disable(self, site: str, disabled: Disabled) -> bool:
        """Try nothing more there."""
        key = (site, disabled.destination)
        new = key not in self._disabled
        self._disabled.setdefault(key, redact_value(disabled))
        return new

    async def enable(self, site: str, destination: str, deed: Deed | None = None) -> bool:
        """Try it again."""
        changed = self._disabled.pop((site, destination), None) is not None
        self._done(deed if changed else None)
        return changed

    async def disabled(self, site: str) -> tuple[Disabled, ...]:
        """The destinations at which nothing is tried."""
        return tuple(one for (its, _), one in sorted(self._disabled.items()) if its == site)

    def _erase_outbox(self, incident: str) -> None:
        gone = [n for n, row in self._rows_out.items() if row.message.incident == incident]
        for number in gone:
            # The number stays taken: the next message gets a new one.
            self._rows_out[number] = replace(self._rows_out[number], routed=True, asks=None)
        for number, (_, one, _) in tuple(self._deliveries_out.items()):
            if one.message in gone:
                del self._deliveries_out[number]
