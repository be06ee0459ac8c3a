"""A schedule for `nexus oncall`: who is on duty in a sentence, then the days ahead with their gaps."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.text import Text

from nexus.cli.terminal.style import LABEL, plain, table
from nexus.service.oncall import DutyShift, ScheduleView


def schedule_view(schedule: ScheduleView) -> RenderableType:
    """One schedule; times are of its own zone."""
    where = ", ".join(schedule.services) or "every service"
    head = Text.assemble((schedule.name, "bold"), (f"  {schedule.kind}, of {where}", LABEL))
    made = table("From", "Until", "On duty", title=None)
    for one in _rows(schedule):
        made.add_row(*one)
    return Group(head, plain(schedule.said), made, Text())


def _rows(schedule: ScheduleView) -> list[tuple[Text, Text, Text]]:
    zone = ZoneInfo(schedule.time_zone)
    shifts = [(one.start, one.end, _person(one)) for one in schedule.shifts]
    free = [(one.start, one.end, Text("nobody", "bold red")) for one in schedule.gaps]
    ordered = sorted([*shifts, *free], key=lambda row: row[0])
    return [(_local(start, zone), _local(end, zone), who) for start, end, who in ordered]


def _person(shift: DutyShift) -> Text:
    return plain(shift.person) if shift.known else plain(f"{shift.person} (none of `people`)", "yellow")


def _local(moment: datetime | None, zone: ZoneInfo) -> Text:
    if moment is None:
        return Text("open", LABEL)
    return Text(f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}")
