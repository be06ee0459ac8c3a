"""What a try means for its delivery: done, again and when, or never. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nexus.notify.destination import Attempt, Outcome
from nexus.notify.router import URGENT, WAKES, purpose_of
from nexus.store.outbox import DeliveryState, KeptAttempt, MessageDelivery, Saying, Settled

#: The first pause, by what it grows, and the longest one: of what wakes people of a P0 or P1, of all else.
FIRST, GROWS = timedelta(seconds=2), 3
LONGEST_URGENT, LONGEST = timedelta(minutes=1), timedelta(minutes=2)
#: What does not wake people is given up so long after it was said.
GIVE_UP = timedelta(days=1)
#: So often something is sent of which nobody knows whether it arrived. Behind that the repeats go on.
MOST_UNCERTAIN = 5
_STATES = {
    Outcome.ACCEPTED: DeliveryState.ACCEPTED,
    Outcome.DELIVERED: DeliveryState.DELIVERED,
    Outcome.FAILED_FOR_NOW: DeliveryState.FAILED_FOR_NOW,
    Outcome.FAILED_FOR_GOOD: DeliveryState.FAILED_FOR_GOOD,
    Outcome.UNKNOWN: DeliveryState.UNKNOWN,
}


def wakes(delivery: MessageDelivery) -> bool:
    """Whether it wants somebody: a page itself or its repeat, not that it was handled."""
    return delivery.saying in {Saying.FIRST, Saying.REPEAT} and purpose_of(delivery.content)[0] in WAKES


def pause(tries: int, urgency: int, chance: float) -> timedelta:
    """How long it is until the next try.

    Args:
        tries: how many were made.
        urgency: of the delivery.
        chance: from 0 to 1, so that what failed together is not tried together.
    """
    longest = LONGEST_URGENT if urgency <= URGENT else LONGEST
    grown: timedelta = min(FIRST * GROWS ** min(max(tries, 1) - 1, 12), longest)
    return grown * (0.8 + 0.4 * chance)


@dataclass(frozen=True)
class Judge:
    """Turns the answers of a destination into what is kept.

    Args:
        owner: whose tries they are.
        now: when the try ended.
        chance: as `pause` has it.
    """

    owner: str
    now: datetime
    chance: float

    def settled(self, delivery: MessageDelivery, attempt: Attempt, reason: str) -> Settled:
        """What is kept of a try; `reason` is free of secrets."""
        state = _STATES[attempt.outcome]
        next_at = self._next(delivery, attempt)
        if state is DeliveryState.FAILED_FOR_NOW and next_at is None:
            state, reason = DeliveryState.FAILED_FOR_GOOD, f"given up after {delivery.tries} tries: {reason}"
        return Settled(
            delivery=delivery.number,
            owner=self.owner,
            state=state,
            reason=reason,
            next_at=next_at,
            reference=attempt.reference,
            attempt=KeptAttempt(at=self.now, outcome=_STATES[attempt.outcome], reason=reason),
        )

    def _next(self, delivery: MessageDelivery, attempt: Attempt) -> datetime | None:
        wait = pause(delivery.tries, delivery.urgency, self.chance)
        match attempt.outcome:
            case Outcome.UNKNOWN:
                again = wakes(delivery) and delivery.tries < MOST_UNCERTAIN
                return self.now + wait if again else None
            case Outcome.FAILED_FOR_NOW:
                if not wakes(delivery) and self.now - delivery.content.at > GIVE_UP:
                    return None
                return self.now + max(wait, attempt.retry_after or timedelta())
            case _:
                return None

    def withheld(self, delivery: MessageDelivery, why: str) -> Settled:
        """What is kept of something that is not sent any more: no try was made."""
        return Settled(
            delivery=delivery.number, owner=self.owner, state=DeliveryState.WITHHELD, reason=why, next_at=None
        )


def lost(delivery: MessageDelivery, owner: str, now: datetime, chance: float) -> Settled:
    """What is kept of a try whose process is gone: nobody knows what became of it."""
    attempt = Attempt(outcome=Outcome.UNKNOWN)
    reason = "who sent it ended before it was noted what became of it"
    return Judge(owner, now, chance).settled(delivery, attempt, reason)
