"""Which past alerts would have been one incident: told again in their order, by the rules of the intake."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incidents.alert import Alert
from incidents.catalogue import Catalogue
from incidents.correlate import correlate
from incidents.join_rules import Candidate, keys_of
from incidents.lessons import Lessons
from incidents.value import Moment, Value
from tools.recorded import CaseAlert

#: What has ended, or was opened, so long ago is joined by nothing any more.
_OVER, _OLD = timedelta(minutes=30), timedelta(days=1)
_PLAIN = re.compile(r"[^a-z0-9]+")


class Told(Value):
    """A delivery of the past with what is read in it, and who told it."""

    delivery: CaseAlert
    alerts: tuple[Alert, ...]
    source: str


class Occurrence(Value):
    """Alerts that would have been one incident.

    Attributes:
        id: also the name of its folder: the day, the minute and the title.
        at: when the first of them came.
        ended_at: when the last of them had ended; None: an end is not known.
        services: those that the alerts name.
        sources: who told of it.
    """

    id: str
    title: str
    at: Moment
    ended_at: Moment | None
    services: tuple[str, ...]
    sources: tuple[str, ...]
    deliveries: tuple[CaseAlert, ...]


@dataclass
class _Open:
    """One that grows."""

    number: int
    candidate: Candidate
    told: list[Told]
    firing: dict[str, datetime] = field(default_factory=dict)
    ended_at: datetime | None = None

    def take(self, told: Told, alerts: Sequence[Alert]) -> None:
        if not self.told or self.told[-1] is not told:
            self.told.append(told)
        for alert in alerts:
            if alert.firing:
                self.candidate = self.candidate.with_alert(alert)
                self.firing[alert.fingerprint] = alert.received_at
            elif self.firing.pop(alert.fingerprint, None) is not None:
                self.ended_at = max(alert.ends_at or alert.received_at, self.ended_at or alert.starts_at)

    def joinable(self, now: datetime) -> bool:
        over = not self.firing and self.ended_at is not None and now - self.ended_at > _OVER
        return not over and now - self.candidate.opened_at < _OLD


def occurrences(
    told: Iterable[Told], catalogue: Catalogue, join_within: timedelta | None
) -> tuple[Occurrence, ...]:
    """What would have been incidents, oldest first.

    What people taught later (lessons of merging and splitting) is not known here: it was not known then.

    Args:
        told: deliveries, in any order.
        catalogue: who calls whom.
        join_within: as `intake.join_within`; None: alerts of connected services are never joined.
    """
    found: list[_Open] = []
    for one in sorted(told, key=lambda each: each.delivery.at):
        now = one.delivery.at
        open_ = {each.candidate.id: each for each in found if each.joinable(now)}
        after = now - join_within if join_within is not None else now
        opened: dict[int, _Open] = {}
        candidates = [each.candidate for each in open_.values()]
        placed = correlate(one.alerts, candidates, catalogue, Lessons(), after)
        for alert, place in zip(one.alerts, placed, strict=True):
            if place.incident is not None:
                open_[place.incident].take(one, [alert])
            elif place.opens in opened:
                opened[place.opens].take(one, [alert])
            elif place.opens is not None:
                number = len(found)
                candidate = Candidate(id=str(number), opened_at=now, keys=keys_of(alert))
                opened[place.opens] = fresh = _Open(number, candidate, [])
                fresh.take(one, [alert])
                found.append(fresh)
    return tuple(_named([_occurrence(one) for one in found]))


def _occurrence(one: _Open) -> Occurrence:
    first = next(alert for told in one.told for alert in told.alerts if alert.firing)
    begun = one.told[0].delivery.at
    return Occurrence(
        id=f"{begun:%Y-%m-%d-%H%M}-{_PLAIN.sub('-', first.title.casefold()).strip('-')[:48].strip('-')}",
        title=first.title,
        at=begun,
        ended_at=one.ended_at if not one.firing else None,
        services=tuple(sorted(one.candidate.services)),
        sources=tuple(dict.fromkeys(told.source for told in one.told)),
        deliveries=tuple(told.delivery for told in one.told),
    )


def _named(found: Sequence[Occurrence]) -> Iterable[Occurrence]:
    """Each with a name of its own: of several of one minute and title the later ones are numbered."""
    seen: dict[str, int] = {}
    for one in found:
        count = seen[one.id] = seen.get(one.id, 0) + 1
        yield one if count == 1 else one.model_copy(update={"id": f"{one.id}-{count}"})
