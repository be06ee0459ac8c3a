"""The page that says who is on duty: for each service now, for each schedule the days ahead, with gaps."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from incidents.value import Moment, Value
from nexus.service.oncall import DutyShift, OnCallView, ScheduleView


class DutyRow(Value):
    """A time of a schedule, on its own wall clock.

    Attributes:
        person: who is on duty; empty: nobody.
        known: whether they are one of `people`.
        start: `Mon 2026-10-26 08:00`.
        end: as `start`; empty: it is not known to end in these days.
        now: whether it is on.
    """

    person: str
    known: bool
    start: str
    end: str
    now: bool


class SchedulePart(Value):
    """One schedule: who is on duty in a sentence, who follows, then the days ahead in their order."""

    name: str
    kind: str
    services: tuple[str, ...]
    time_zone: str
    said: str
    uncovered: bool
    next: tuple[DutyRow, ...]
    rows: tuple[DutyRow, ...]
    gaps: int
    overrides: tuple[DutyRow, ...]
    unknown: tuple[str, ...]
    stale: str | None
    read_at: Moment | None


class ServiceDuty(Value):
    """One service: who is on duty for it now, and by which schedules."""

    name: str
    people: tuple[str, ...]
    schedules: tuple[str, ...]


class DutyPage(Value):
    """Who is on duty at a moment, and until when it looks ahead."""

    at: Moment
    until: Moment
    services: tuple[ServiceDuty, ...]
    schedules: tuple[SchedulePart, ...]

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The services for which nobody is on duty now."""
        return tuple(one.name for one in self.services if not one.people)


def duty_page(found: OnCallView, services: Sequence[str]) -> DutyPage:
    """The page of what was read. Pure.

    Args:
        found: every schedule as it was read.
        services: those of `nexus.yaml`.
    """
    return DutyPage(
        at=found.at,
        until=found.until,
        services=tuple(_of_service(name, found.schedules) for name in services),
        schedules=tuple(_part(one, found.at) for one in found.schedules),
    )


def _of_service(name: str, schedules: Sequence[ScheduleView]) -> ServiceDuty:
    its = [one for one in schedules if not one.services or name in one.services]
    people = dict.fromkeys(shift.person for one in its for shift in one.now)
    return ServiceDuty(name=name, people=tuple(people), schedules=tuple(one.name for one in its))


def _part(one: ScheduleView, at: datetime) -> SchedulePart:
    zone = ZoneInfo(one.time_zone)
    gaps = [DutyShift(person="", known=True, start=gap.start, end=gap.end) for gap in one.gaps]
    days = sorted([*one.shifts, *gaps], key=lambda shift: (shift.start, shift.person))
    return SchedulePart(
        name=one.name, kind=one.kind, services=one.services, time_zone=one.time_zone, said=one.said,
        uncovered=not one.now, next=tuple(_row(shift, zone, at) for shift in one.next),
        rows=tuple(_row(shift, zone, at) for shift in days), gaps=len(one.gaps),
        overrides=tuple(_row(shift, zone, at) for shift in one.overrides),
        unknown=one.unknown, stale=one.stale, read_at=one.read_at,
    )  # fmt: skip


def _row(shift: DutyShift, zone: ZoneInfo, at: datetime) -> DutyRow:
    return DutyRow(
        person=shift.person, known=shift.known, start=_local(shift.start, zone),
        end=_local(shift.end, zone) if shift.end is not None else "",
        now=shift.start <= at and (shift.end is None or at < shift.end),
    )  # fmt: skip


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"
