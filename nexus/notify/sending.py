"""One try of one delivery, and how a destination that fails is left alone for a while."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from incidents.communications import decided_by_key
from incidents.incident import Incident
from incidents.paging import pause_of_paging
from incidents.severity import Severity
from nexus.notify.composing import bundled, notice_of
from nexus.notify.destination import Attempt, Can, Editing, Outcome, not_carried
from nexus.notify.following import unreached
from nexus.notify.handling import Handled, handled
from nexus.notify.notice import Notice
from nexus.notify.reading import Known, TellingStore
from nexus.notify.router import BUNDLED, REPLACED, URGENT, Way, purpose_of
from nexus.notify.setup import Setup
from nexus.notify.trying import Judge, wakes
from nexus.notify.wiring import Opened
from nexus.store.leases import this_process
from nexus.store.outbox import DeliveryState, Disabled, MessageDelivery, Saying, Sender
from nexus.store.records import Message, MessageKind
from tools.redaction.redact import redact
from tools.wording import plain

log = structlog.get_logger(__name__)

#: How long a destination that fails is left alone, by how often it did so in a row.
_REST, _LONGEST_REST = timedelta(seconds=1), timedelta(seconds=30)
#: So long a reason may be, in characters.
_REASON = 300
#: How long a try may take beyond its own limit before it counts as lost.
_MARGIN = timedelta(seconds=30)
_MINUTE = timedelta(minutes=1)
#: How often, and every how many seconds, an incident is looked at that does not hold yet what was told of it.
_LOOKS, _LOOK = 40, 0.05
#: So many messages at most are said with another one.
_MOST_JOINED = 50
#: What its own limit is exceeded by before a try is broken off from outside, in seconds.
_GRACE = 2.0


@dataclass
class _Health:
    """How a destination does: failures in a row, and until when what can wait rests."""

    failures: int = 0
    rests_until: datetime | None = None


@dataclass
class Sending:
    """The tries of one process; see `nexus.notify.loop.DeliveryLoop` for what they have in common."""

    store: TellingStore
    site: str
    known: Known
    now: Callable[[], datetime]
    chance: Callable[[], float]
    owner: str
    _health: dict[str, _Health] = field(default_factory=dict)
    _begun: dict[str, deque[datetime]] = field(default_factory=dict)

    def room(self, opened: Opened, free: int, now: datetime, most: int) -> tuple[int, int]:
        """How many of what urgency may be tried there now; one that rests is tried with what is urgent."""
        name, within = opened.destination.name, opened.settings.per_minute
        if within is not None and most > URGENT:
            begun = self._begun.setdefault(name, deque(maxlen=within))
            while begun and begun[0] <= now - _MINUTE:
                begun.popleft()
            if len(begun) >= within:
                free, most = min(free, 1), URGENT
            else:
                free = min(free, 1)  # one by one, so that what was held back is said with the first
        health = self._health.get(name, _Health())
        if health.rests_until is not None and now < health.rests_until:
            return min(free, 1), min(most, URGENT)
        return (min(free, 1) if health.failures else free), most

    def begun(self, opened: Opened, delivery: MessageDelivery, now: datetime) -> None:
        """A try has begun there, which counts among those of its minute."""
        within = opened.settings.per_minute
        if within is not None and delivery.urgency > URGENT:
            self._begun.setdefault(opened.destination.name, deque(maxlen=within)).append(now)

    async def one(
        self, delivery: MessageDelivery, opened: Opened, setup: Setup,
        ways: Callable[[], Awaitable[tuple[Way, ...]]],
    ) -> None:  # fmt: skip
        """Try it once and keep what became of it."""
        incident, severity = await self._with_what_is_asked(delivery)
        events = await self.store.unhandled((delivery.content.incident,))
        why = None
        if incident is not None:
            pause = pause_of_paging(incident, setup.bounds, self.now())
            why = handled(delivery.content, incident, events, pause)
        held = _pointless(delivery, why) or await self._replaced(delivery)
        if held is not None:
            judge = Judge(self.owner, self.now(), self.chance())
            await self.store.settle((judge.withheld(delivery, held),))
            return
        restricted = delivery.content.incident in await self.store.restricted()
        joined = () if restricted else await self._joined(delivery, opened, setup)
        notice = notice_of(delivery, incident, setup.public_url, why, restricted=restricted, chat=setup.chat)
        if notice.severity is None and severity is not None:
            notice = notice.model_copy(update={"severity": severity})
        if wakes(delivery) and not restricted:
            facts = notice.facts.model_copy(
                update={"on_duty": await setup.on_duty(notice.services, notice.language)}
            )
            notice = notice.model_copy(update={"facts": facts})
        attempt = await self._tried(delivery, bundled(notice, joined), opened)
        reason = opened.shown(plain(redact(attempt.reason), _REASON))
        now = self.now()
        await self._note(opened, attempt, now)
        judge = Judge(self.owner, now, self.chance())
        await self.store.settle(tuple(judge.settled(one, attempt, reason) for one in (delivery, *joined)))
        if attempt.disables:
            await self._disable(delivery, opened, reason, now)
        if attempt.outcome is not Outcome.ACCEPTED and attempt.outcome is not Outcome.DELIVERED:
            await self._elsewhere(delivery, await ways(), now)

    async def _with_what_is_asked(self, delivery: MessageDelivery) -> tuple[Incident | None, Severity | None]:
        """The incident; what is told of a proposal is kept a moment before the incident that holds it is."""
        asked = decided_by_key(delivery.content.key)
        for _ in range(_LOOKS):
            incident, severity = await self.known.incident(delivery.content.incident)
            if asked is None or incident is None or incident.proposal(asked) is not None:
                break
            await asyncio.sleep(_LOOK)
        return incident, severity

    def sender(self, opened: Opened, now: datetime) -> Sender:
        """Who sends there, and until when a try is this process's own."""
        until = now + opened.settings.limit + _MARGIN
        return Sender(owner=self.owner, process=this_process(), until=until)

    async def _joined(
        self, delivery: MessageDelivery, opened: Opened, setup: Setup
    ) -> tuple[MessageDelivery, ...]:
        """What is said as one with it: lines of the channel that were held back meanwhile."""
        alone = not setup.rules.bundle and opened.settings.per_minute is None
        bundles = purpose_of(delivery.content)[0] in BUNDLED and delivery.saying is Saying.FIRST
        if alone or not bundles or delivery.tries > 1:
            return ()
        return await self.store.join(self.site, delivery, self.sender(opened, self.now()), _MOST_JOINED)

    async def _replaced(self, delivery: MessageDelivery) -> str | None:
        """Why an update is not sent that waited too long: a newer one waits behind it."""
        if purpose_of(delivery.content)[0] not in REPLACED:
            return None
        every = await self.store.deliveries_of(delivery.content.incident)
        newer = any(
            one.message > delivery.message
            and one.destination == delivery.destination
            and one.content.kind is delivery.content.kind
            for one in every
        )
        return "a newer one is sent instead" if newer else None

    async def _tried(self, delivery: MessageDelivery, notice: Notice, opened: Opened) -> Attempt:
        seconds = opened.settings.limit.total_seconds() + _GRACE
        try:
            async with asyncio.timeout(seconds):
                return await self._said(delivery, notice, opened)
        except TimeoutError:
            return Attempt(outcome=Outcome.UNKNOWN, reason=f"no answer within {seconds:g} s")
        except Exception as error:  # a destination's edge: one that throws takes nothing else with it
            log.exception("a destination broke", destination=opened.destination.name)
            return Attempt(outcome=Outcome.UNKNOWN, reason=f"it broke: {type(error).__name__}")

    async def _said(self, delivery: MessageDelivery, notice: Notice, opened: Opened) -> Attempt:
        destination = opened.destination
        if (refused := not_carried(destination, notice)) is not None:
            return refused
        over = delivery.saying in {Saying.HANDLED, Saying.ENDED}
        if over and Can.EDIT in destination.can and isinstance(destination, Editing):
            reference = await self._reference(delivery)
            if reference is not None:
                return await destination.edit(reference, notice)
        return await destination.send(notice)

    async def _reference(self, delivery: MessageDelivery) -> str | None:
        """How the provider calls what was said there first, or last again."""
        every = await self.store.deliveries_of(delivery.content.incident)
        mine = [one for one in every if one.message == delivery.message and one.reference is not None]
        return next((one.reference for one in mine if one.destination == delivery.destination), None)

    async def _note(self, opened: Opened, attempt: Attempt, now: datetime) -> None:
        health = self._health.setdefault(opened.destination.name, _Health())
        if attempt.outcome in {Outcome.ACCEPTED, Outcome.DELIVERED, Outcome.FAILED_FOR_GOOD}:
            health.failures, health.rests_until = 0, None
            return
        health.failures += 1
        health.rests_until = now + min(_REST * 2 ** min(health.failures - 1, 10), _LONGEST_REST)
        if attempt.retry_after is not None:
            await self.store.rest(self.site, opened.destination.name, now + attempt.retry_after)

    async def _disable(self, delivery: MessageDelivery, opened: Opened, reason: str, now: datetime) -> None:
        name = opened.destination.name
        if not await self.store.disable(self.site, Disabled(destination=name, since=now, reason=reason)):
            return
        log.error("a destination is disabled", destination=name, why=reason)
        text = (
            f"Nothing is sent to {name} any more: {reason}. Mend it, then: nexus destinations enable {name}"
        )
        incident = delivery.content.incident
        key = f"disabled:{name}:{now:%Y-%m-%dT%H:%M:%S}"
        await self.store.send(
            Message(incident=incident, kind=MessageKind.ADMIN, key=key, at=now, title=name, text=text)
        )

    async def _elsewhere(self, delivery: MessageDelivery, ways: tuple[Way, ...], now: datetime) -> None:
        """Whom nobody was reached for where it should have gone is told on every other way."""
        if not wakes(delivery):
            return
        every = await self.store.deliveries_of(delivery.content.incident)
        mine = [one for one in every if one.message == delivery.message]
        purpose, _ = purpose_of(delivery.content)
        more = unreached(delivery.message, purpose, delivery.urgency, mine, ways, now)
        if more:
            await self.store.also(self.site, more)


def _pointless(delivery: MessageDelivery, why: Handled | None) -> str | None:
    """Why something is not sent any more that was to be: somebody acted meanwhile."""
    if why is None or why.before or not wakes(delivery) or delivery.content.kind is MessageKind.ADMIN:
        return None
    if delivery.state is DeliveryState.WITHHELD:
        return delivery.reason
    return why.sentence
