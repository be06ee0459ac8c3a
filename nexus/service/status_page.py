"""The public status page as a value: how each component does, what is told of it, ninety days of each.

Everything here is made of what was published, and of nothing else: no incident is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Self

from pydantic import Field

from incidents.language import Language
from incidents.severity import PublicStatus
from incidents.status_page import Level, PublicUpdate
from incidents.texts import Sentences, forms_of
from incidents.value import Moment, Value
from nexus.config.site import Site
from nexus.store.port import IncidentStore
from nexus.store.status_page import Recorded

#: So many days are shown, today among them.
DAYS = 90
#: What is over stays listed for so many days.
LISTED = 14

#: As many components are named in the first line.
_NAMED = 2

#: What the page says, and what it tells of a disturbance that has ended elsewhere.
SENTENCES = Sentences("nexus.service", "status")


class DayShown(Value):
    """One day of a component; no level: it was not recorded then."""

    day: date
    level: Level | None
    words: str


class ComponentShown(Value):
    """A component as it does now, with its days, the oldest first."""

    name: str
    level: Level
    words: str
    days: tuple[DayShown, ...]
    summary: str = Field(description="the days in a sentence")

    @property
    def troubled(self) -> tuple[DayShown, ...]:
        """The days with trouble, the newest first."""
        return tuple(one for one in reversed(self.days) if one.level not in {None, Level.WORKS})


class UpdateShown(Value):
    """One update."""

    id: str
    at: Moment
    status: PublicStatus
    impact: str
    current_action: str
    next_update: Moment | None


class DisturbanceShown(Value):
    """What was told of one disturbance, the newest update first."""

    id: str
    title: str
    components: tuple[str, ...]
    level: Level
    began_at: Moment
    ended_at: Moment | None
    updates: tuple[UpdateShown, ...]

    @property
    def latest(self) -> UpdateShown:
        """What counts now."""
        return self.updates[0]

    @property
    def lasted(self) -> timedelta | None:
        """From its beginning to its end; None while it lasts."""
        return self.ended_at - self.began_at if self.ended_at is not None else None


class StatusPage(Value):
    """The whole page as of a minute."""

    title: str
    as_of: Moment
    headline: str
    level: Level
    components: tuple[ComponentShown, ...]
    now: tuple[DisturbanceShown, ...]
    past: tuple[DisturbanceShown, ...] = Field(description=f"what ended within {LISTED} days, newest first")


@dataclass(frozen=True)
class PublicPage:
    """The page of one site."""

    store: IncidentStore
    site: Site

    async def install(self, now: datetime) -> None:
        """From now on what is named in public is recorded; what was recorded before stays so."""
        for name in public_names(self.site):
            await self.store.keep_component(self.site.site, name, now)

    async def shown(self, now: datetime) -> StatusPage:
        """The page as of the minute that a moment lies in."""
        minute = now.astimezone(UTC).replace(second=0, microsecond=0)
        recorded = await self.store.recorded(self.site.site)
        updates = await self.store.published(self.site.site, minute - timedelta(days=DAYS + 30))
        title, language = self.site.status.title, self.site.language
        return page_of(title, public_names(self.site), recorded, updates, minute, language)


def public_names(site: Site) -> tuple[str, ...]:
    """The components of the page, in the order of the catalogue."""
    return tuple(dict.fromkeys(one.public for one in site.services if one.public))


def page_of(
    title: str,
    names: Sequence[str],
    recorded: Iterable[Recorded],
    updates: Iterable[PublicUpdate],
    now: datetime,
    language: Language = Language.EN,
) -> StatusPage:
    """The page.

    Args:
        title: whose it is.
        names: of its components; one that has left the catalogue is not shown any more.
        recorded: since when each is recorded.
        updates: what was published, in that order.
        now: the moment.
        language: of what stands around the updates, which have that of their incident.
    """
    told = tuple(_disturbances(updates, frozenset(names), language))
    running = tuple(one for one in told if one.ended_at is None)
    since = {one.name: one.since for one in recorded}
    components = tuple(_component(name, told, since.get(name, now), now, language) for name in names)
    level = max((one.level for one in components), key=lambda one: one.rank, default=Level.WORKS)
    over = [one for one in told if one.ended_at is not None and now - one.ended_at < timedelta(days=LISTED)]
    return StatusPage(
        title=title,
        as_of=now,
        headline=_headline(components, language),
        level=level,
        components=components,
        now=tuple(sorted(running, key=lambda one: (-one.level.rank, one.began_at))),
        past=tuple(sorted(over, key=lambda one: one.ended_at or now, reverse=True)),
    )


@dataclass(frozen=True)
class _Span:
    """How a component did from one update to the next."""

    start: datetime
    end: datetime
    level: Level

    @classmethod
    def of(cls, disturbance: DisturbanceShown, levels: Sequence[Level], now: datetime) -> tuple[Self, ...]:
        oldest_first = disturbance.updates[::-1]
        starts = [disturbance.began_at, *(one.at for one in oldest_first[1:])]
        ends = [*(one.at for one in oldest_first[1:]), disturbance.ended_at or now]
        return tuple(cls(*span) for span in zip(starts, ends, levels, strict=True))


def _disturbances(
    updates: Iterable[PublicUpdate], names: frozenset[str], language: Language
) -> Iterable["_Told"]:
    threads = defaultdict[str, list[PublicUpdate]](list)
    for update in updates:
        threads[update.thread].append(update)
    for thread, told in threads.items():
        components = tuple(name for name in told[-1].components if name in names)
        if components:
            yield _disturbance(thread, components, told, language)


class _Told(DisturbanceShown):
    """A disturbance with how bad it was at each of its updates, the oldest first."""

    levels: tuple[Level, ...] = Field(exclude=True)


def _disturbance(
    thread: str, components: tuple[str, ...], told: Sequence[PublicUpdate], language: Language
) -> _Told:
    last = told[-1]
    over = last.status is PublicStatus.RESOLVED
    worst = max((one.level for one in told), key=lambda level: level.rank)
    return _Told(
        id=thread,
        title=_title(components, worst if over else last.level, language, over=over),
        components=components,
        level=last.level,
        began_at=min(one.began_at for one in told),
        ended_at=last.at if over else None,
        updates=tuple(
            UpdateShown(
                id=one.id,
                at=one.at,
                status=one.status,
                impact=one.impact,
                current_action=one.current_action,
                next_update=one.next_update,
            )
            for one in reversed(told)
        ),
        levels=tuple(one.level for one in told),
    )


def _title(names: Sequence[str], level: Level, language: Language, *, over: bool = False) -> str:
    key = f"title.was_{level}" if over else f"title.{level}"
    return SENTENCES.said(language, key, count=len(names), names=forms_of(language).listed(names))


def _component(
    name: str, told: Sequence[_Told], since: datetime, now: datetime, language: Language
) -> ComponentShown:
    mine = [one for one in told if name in one.components]
    level = max((one.level for one in mine), key=lambda one: one.rank, default=Level.WORKS)
    spans = [span for one in mine for span in _Span.of(one, one.levels, now)]
    days, words = tuple(_days(spans, since, now, language)), SENTENCES.said(language, f"level.{level}")
    return ComponentShown(name=name, level=level, words=words, days=days, summary=_summary(days, language))


def _days(spans: Sequence[_Span], since: datetime, now: datetime, language: Language) -> Iterable[DayShown]:
    said = partial(SENTENCES.said, language)
    first = now.date() - timedelta(days=DAYS - 1)
    for day in (first + timedelta(days=n) for n in range(DAYS)):
        start = datetime.combine(day, time(), UTC)
        end = min(start + timedelta(days=1), now)
        hit = [
            (span.level, (max(span.start, start), min(span.end, end)))
            for span in spans
            if span.level is not Level.WORKS and span.start < end and span.end > start
        ]
        if hit:
            worst = max((level for level, _ in hit), key=lambda level: level.rank)
            minutes = max(1, round(_union([within for _, within in hit]).total_seconds() / 60))
            yield DayShown(
                day=day,
                level=worst,
                words=said(
                    "day.bad", level=_within(said(f"level.{worst}"), language), length=_length(minutes)
                ),
            )
        elif day < since.date():
            yield DayShown(day=day, level=None, words=said("day.unrecorded"))
        else:
            yield DayShown(day=day, level=Level.WORKS, words=said("day.calm"))


def _union(spans: Sequence[tuple[datetime, datetime]]) -> timedelta:
    """How long it was by the clock, also where two overlap."""
    total, reached = timedelta(), datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(spans):
        total += max(timedelta(), end - max(start, reached))
        reached = max(reached, end)
    return total


def _length(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def _within(word: str, language: Language) -> str:
    """A word that begins with a capital, where a sentence goes on with it; German keeps those of nouns."""
    return word if language is Language.DE else word[:1].lower() + word[1:]


def _summary(days: Sequence[DayShown], language: Language) -> str:
    said = partial(SENTENCES.said, language)
    recorded = [one for one in days if one.level is not None]
    bad = sum(one.level is not Level.WORKS for one in recorded)
    if not recorded:
        return said("days.none")
    of = len(recorded)
    told = said("days.bad" if bad else "days.calm", count=of, bad=str(bad), n=str(of))
    return told if len(recorded) == len(days) else said("days.since", told=told)


def _headline(components: Sequence[ComponentShown], language: Language) -> str:
    said = partial(SENTENCES.said, language)
    by = {
        level: [one.name for one in components if one.level is level]
        for level in (Level.DOWN, Level.DISTURBED, Level.RECOVERING)
    }
    affected = sum(len(names) for names in by.values())
    if affected > _NAMED:
        return said("headline.several", n=str(affected), all=str(len(components)))
    told = [_title(names, level, language) for level, names in by.items() if names]
    return "; ".join(told) or said("headline.works" if components else "headline.empty")
