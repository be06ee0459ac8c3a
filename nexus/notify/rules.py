"""Who is told what, as `notify` of `nexus.yaml` says it: routes, quiet hours, repeats."""

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from incidents.duration import Duration, DurationOrNone
from incidents.severity import Severity
from incidents.value import Value
from nexus.notify.notice import Audience, Purpose

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _clock(text: Any) -> Any:
    if isinstance(text, time):
        return text
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError('write it as "22:00", with the quotation marks')
    return time(int(found[1]), int(found[2]))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one such as Europe/Berlin or UTC") from None
    return name


def _shown(at: time) -> str:
    return f"{at:%H:%M}"


#: A time of day, `"22:00"`.
Clock = Annotated[time, BeforeValidator(_clock), PlainSerializer(_shown, return_type=str, when_used="json")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Route(Value):
    """To which destinations something goes; every route that fits counts. What is left out limits nothing."""

    to: tuple[str, ...] = Field(min_length=1, description="names of destinations")
    severities: tuple[Severity, ...] = Field(
        default=(), description="with any, what is not classified yet fits where P0 does"
    )
    services: tuple[str, ...] = ()
    events: tuple[Purpose, ...] = Field(default=(), description="page, decision, escalation, update, …")
    audiences: tuple[Audience, ...] = ()

    def fits(
        self, purpose: Purpose, audience: Audience, severity: Severity | None, services: tuple[str, ...]
    ) -> bool:
        """Whether it speaks of such a message; one that nobody has classified may be a P0."""
        return (
            (not self.events or purpose in self.events)
            and (not self.audiences or audience in self.audiences)
            and (not self.severities or (severity or Severity.P0) in self.severities)
            and (not self.services or bool(set(services) & set(self.services)))
        )


class QuietHours(Value):
    """When nobody is disturbed by what can wait; what comes meanwhile is said when they are over."""

    start: Clock = Field(description="time of day at which they begin")
    end: Clock = Field(description="time of day at which they are over; before `start`: on the next day")
    zone: Annotated[str, AfterValidator(_zone)] = Field(description="time zone, as Europe/Berlin")
    days: tuple[Day, ...] = Field(default=_DAYS, description="the days on which they begin")
    destinations: tuple[str, ...] = Field(default=(), description="which keep them; none: all")
    severities: tuple[Severity, ...] = Field(
        default=(Severity.P2, Severity.P3), description="what waits; a P0 or P1 only if it stands here"
    )

    def until(self, moment: datetime) -> datetime | None:
        """The moment at which they are over that hold at a moment, or None."""
        local = moment.astimezone(ZoneInfo(self.zone))
        for back in (0, 1):  # those that began today, or yesterday
            day = local.date() - timedelta(days=back)
            if _DAYS[day.weekday()] not in self.days:
                continue
            last = day if self.end > self.start else day + timedelta(days=1)
            begun = datetime.combine(day, self.start, ZoneInfo(self.zone))
            over = datetime.combine(last, self.end, ZoneInfo(self.zone))
            # As moments: of two wall times of one zone Python compares what the clocks show.
            if begun.timestamp() <= moment.timestamp() < over.timestamp():
                return datetime.fromtimestamp(over.timestamp(), moment.tzinfo)
        return None


class Repeats(Value):
    """What wants somebody is said again until somebody acts."""

    every: dict[Severity, Duration] = Field(
        default={Severity.P0: timedelta(minutes=5), Severity.P1: timedelta(minutes=15)},
        description="how long nobody may be silent; what is not classified counts as a P1; {}: never again",
    )
    widen_after: int = Field(
        default=1, ge=0, description="after so many repeats it is said on every way, whatever routes say"
    )

    def pause(self, severity: Severity | None) -> timedelta | None:
        """How long it is until something is said again, or None if it is not."""
        return self.every.get(severity or Severity.P1)


class Rules(Value):
    """Everything by which is decided who is told what."""

    routes: tuple[Route, ...] = Field(
        default=(), description="without any everything goes to every destination that carries it"
    )
    quiet: tuple[QuietHours, ...] = ()
    bundle: DurationOrNone = Field(
        default=timedelta(), description="lines of the channel are collected so long and said as one"
    )
    repeat: Repeats = Repeats()
