"""When nothing may be changed, and how much at once: freezes, one incident per service, a limit per hour.

Pure. The store asks `conflict` in the same transaction that begins a change, so that two incidents cannot
both pass.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from incidents.severity import Severity
from incidents.value import Moment, Value, minute

_HOUR = timedelta(hours=1)


class Day(StrEnum):
    """A day of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Freeze(Value):
    """A time in which nothing is changed: from one moment to another, or on days of every week.

    Attributes:
        start: the first moment of a single freeze; `end` the moment after it.
        days: the days of a weekly one; between `opens` and `closes` of each, or all day.
        zone: the time zone of days and hours.
        services: which ones; none: all.
        unless: severities that the freeze does not hold back.
    """

    reason: str = Field(min_length=1)
    start: Moment | None = None
    end: Moment | None = None
    days: tuple[Day, ...] = ()
    opens: time = time.min
    closes: time = time.max
    zone: str = "UTC"
    services: tuple[str, ...] = ()
    unless: tuple[Severity, ...] = (Severity.P0,)

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{zone!r} is no time zone; write it as UTC or Europe/Berlin") from None
        return zone

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        single = self.start is not None and self.end is not None
        if single == bool(self.days):
            raise ValueError("a freeze has either start and end, or days")
        if self.start and self.end and self.start >= self.end:
            raise ValueError("a freeze must start before it ends")
        if self.opens >= self.closes:
            raise ValueError(
                "`opens` must be before `closes`; a freeze over midnight is two, one for each day"
            )
        return self

    def holds(self, service: str, severity: Severity | None, now: datetime) -> bool:
        """Whether it keeps a service from being changed at a moment."""
        if (self.services and service not in self.services) or severity in self.unless:
            return False
        if self.start is not None and self.end is not None:
            return self.start <= now < self.end
        local = now.astimezone(ZoneInfo(self.zone))
        return list(Day)[local.weekday()] in self.days and self.opens <= local.time() <= self.closes


class Begun(Value):
    """A change that was begun earlier, by any incident. `open`: agents work on that incident."""

    incident: str
    service: str
    at: Moment
    open: bool


class Limits(Value):
    """How much may be changed at once in a live world."""

    changes_per_hour: int = Field(default=6, ge=1, le=1000)


def frozen(freezes: Sequence[Freeze], service: str, severity: Severity | None, now: datetime) -> str | None:
    """Why a service may not be changed now, or None."""
    for freeze in freezes:
        if freeze.holds(service, severity, now):
            until = f" until {minute(freeze.end)}" if freeze.end else ""
            return f"{service} is frozen{until}: {freeze.reason}"
    return None


def conflict(
    incident: str, service: str, now: datetime, limits: Limits, earlier: Sequence[Begun]
) -> str | None:
    """Why a change may not begin beside those that were begun earlier, or None."""
    for one in earlier:
        if one.open and one.incident != incident and one.service == service:
            return f"{one.incident} has changed {service} and is still open; two incidents never act on one"
    lately = [one for one in earlier if now - one.at < _HOUR]
    if len(lately) >= limits.changes_per_hour:
        return f"{len(lately)} changes were made in the last hour, the limit is {limits.changes_per_hour}"
    return None
