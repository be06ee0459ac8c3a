"""Who is on duty, for every door: now and next, the days ahead with their gaps, who is not known here."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import Field

from incidents.errors import UsageError
from incidents.value import Moment, Value, iso
from nexus.config.on_duty import name_of, person_of, said_of
from nexus.config.people import Person
from nexus.config.settings import Settings
from nexus.config.site import Site
from nexus.oncall.remembered import FOLDER, Remembered
from nexus.oncall.settings import AnySchedule, RotationSettings
from nexus.oncall.shifts import Gap, Plan, Shift, gaps, in_order, next_on_duty, on_duty
from nexus.oncall.sources import schedule_of
from tools.live.secrets import Secrets

#: As far ahead as is asked for.
MOST_DAYS = 90
_FAR = timedelta(days=5 * 366)


class DutyShift(Value):
    """A shift as it is shown: `person` is that of `people` where the source's name is known there.

    `end` None: it is not known to end within the days that were asked for.
    """

    person: str
    known: bool = Field(description="whether it is one of `people`")
    start: Moment
    end: Moment | None


class ScheduleView(Value):
    """One schedule.

    Attributes:
        said: who is on duty and until when, in a sentence.
        now: those on duty at the moment that was asked for.
        next: those who follow.
        shifts: of the days that were asked for.
        gaps: when nobody is on duty in them.
        unknown: what the source calls people who are not in `people`.
        stale: why the answer is an older one, with its age; null: it was given just now.
        read_at: when it was given; null: never.
        overrides: who stands in for somebody in these days, as far as `nexus.yaml` says so itself.
    """

    name: str
    kind: str
    services: tuple[str, ...]
    time_zone: str
    said: str
    now: tuple[DutyShift, ...]
    next: tuple[DutyShift, ...]
    shifts: tuple[DutyShift, ...]
    gaps: tuple[Gap, ...]
    unknown: tuple[str, ...]
    stale: str | None
    read_at: Moment | None
    overrides: tuple[DutyShift, ...]


class OnCallView(Value):
    """Who is on duty at a moment, and in the days from then on."""

    at: Moment
    until: Moment
    schedules: tuple[ScheduleView, ...]
    uncovered: tuple[str, ...] = Field(description="services for which nobody is on duty then")


async def oncall_view(
    site: Site,
    settings: Settings,
    secrets: Secrets,
    now: datetime,
    at: datetime | None = None,
    days: int = 14,
) -> OnCallView:
    """Ask every schedule at once; one that does not answer is shown as it was known last.

    Args:
        site: its schedules and people.
        settings: its home keeps the last answers.
        secrets: for what is asked over HTTP.
        now: the moment of the wall.
        at: about which moment is asked; None: now.
        days: how many from then on are shown.

    Raises:
        UsageError: the moment lies years away.
    """
    moment = at or now
    if abs(moment - now) > _FAR:
        raise UsageError(f"{iso(moment)} lies more than five years away; no schedule is planned so far")
    until = moment + timedelta(days=days)
    folder = settings.home / FOLDER
    plans = await asyncio.gather(*(_plan(one, secrets, folder, now, moment, until) for one in site.oncall))
    views = tuple(
        view_of(one, plan, site.people, now, moment, until)
        for one, plan in zip(site.oncall, plans, strict=True)
    )
    covered = {
        service
        for one, view in zip(site.oncall, views, strict=True)
        if view.now
        for service in one.services or site.catalogue.names
    }
    uncovered = tuple(name for name in site.catalogue.names if name not in covered) if site.oncall else ()
    return OnCallView(at=moment, until=until, schedules=views, uncovered=uncovered)


async def _plan(
    settings: AnySchedule, secrets: Secrets, folder: Path, now: datetime, at: datetime, until: datetime
) -> Plan | None:
    source = schedule_of(settings, secrets)
    try:
        if at < now - timedelta(hours=12):  # what has been is asked for as such, and not kept
            return Plan(shifts=await source.shifts(at, until), asked_at=now, start=at, end=until)
        return await Remembered(source, folder).plan(now, until)
    finally:
        await source.aclose()


def view_of(
    schedule: AnySchedule, plan: Plan | None, people: Sequence[Person], now: datetime, at: datetime,
    until: datetime,
) -> ScheduleView:  # fmt: skip
    """One schedule as it is shown. Pure; `plan` None: it never answered."""
    every = plan.shifts if plan is not None else ()
    seen = tuple(one for one in in_order(every) if one.start < until and (one.end is None or one.end > at))
    here, then = on_duty(every, at), next_on_duty(every, at)
    unknown = dict.fromkeys(one.person for one in seen if person_of(one, people) is None)
    return ScheduleView(
        name=schedule.name, kind=schedule.kind, services=schedule.services, time_zone=schedule.time_zone,
        said=f"on duty: {said_of(schedule, plan, people, at)}",
        now=tuple(_shown(one, plan, people) for one in here),
        next=tuple(_shown(one, plan, people) for one in then),
        shifts=tuple(_shown(one, plan, people) for one in seen),
        gaps=gaps(every, max(at, plan.start), min(until, plan.end)) if plan is not None else (),
        unknown=tuple(unknown), stale=_stale(plan, now),
        read_at=plan.asked_at if plan is not None else None,
        overrides=tuple(_shown(one, None, people) for one in _overrides(schedule, at, until)),
    )  # fmt: skip


def _overrides(schedule: AnySchedule, at: datetime, until: datetime) -> list[Shift]:
    """Of a rotation of `nexus.yaml`; other sources tell of theirs by the shifts alone."""
    every = schedule.overrides if isinstance(schedule, RotationSettings) else ()
    within = [one for one in every if one.start < until and one.until > at]
    return [Shift(person=one.person, start=one.start, end=one.until) for one in within]


def _shown(shift: Shift, plan: Plan | None, people: Sequence[Person]) -> DutyShift:
    known, end = person_of(shift, people) is not None, plan.end_of(shift) if plan is not None else shift.end
    return DutyShift(person=name_of(shift, people), known=known, start=shift.start, end=end)


def _stale(plan: Plan | None, now: datetime) -> str | None:
    if plan is None:
        return "it has never answered"
    if not plan.problem:
        return None
    minutes = max(0, round((now - plan.asked_at).total_seconds() / 60))
    age = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    return f"as known {age} ago, at {iso(plan.asked_at)}: {plan.problem}"
