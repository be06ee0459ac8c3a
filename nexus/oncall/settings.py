"""`oncall` of `nexus.yaml`: where it is planned who is on duty, one schedule each."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, model_validator

from incidents.change_limits import Day
from incidents.value import Value
from tools.live.secrets import SecretRef
from tools.live.settings_http import Http


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it as UTC or Europe/Berlin") from None
    return name


#: A time zone by its name.
Zone = Annotated[str, AfterValidator(_zone)]


def _as_time(text: Any) -> Any:
    """YAML 1.1 reads `9:00` as 540 minutes; a time is asked for in quotes."""
    if isinstance(text, bool | int):
        raise ValueError(f"write the time in quotes, as '09:00': YAML reads {text}")  # noqa: TRY004
    return text


WallTime = Annotated[
    time, BeforeValidator(_as_time), PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str)
]


class Schedule(Value):
    """The base of a schedule; each kind adds `kind`."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    services: tuple[str, ...] = Field(default=(), description="of the catalogue; none: all")
    time_zone: Zone = Field(default="UTC", description="in which it is shown; of floating times, too")

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.time_zone)


class Hours(Value):
    """The hours of a day in which a layer is on duty; `until` before `start` reaches into the next day."""

    days: tuple[Day, ...] = Field(default=tuple(Day), min_length=1)
    start: WallTime = Field(alias="from")
    until: WallTime

    @property
    def weekdays(self) -> frozenset[int]:
        """By their numbers, Monday 0."""
        return frozenset(list(Day).index(day) for day in self.days)


class Layer(Value):
    """People who follow each other; a later layer goes before an earlier one where it has somebody."""

    people: tuple[str, ...] = Field(min_length=1, description="in their order")
    begins: date = Field(description="the day of the first handover")
    handover: WallTime = Field(default=time(9), description="on the wall clock of `time_zone`")
    every: Literal["day", "week"] | int = Field(default="week", description="or so many days")
    hours: Hours | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.days < 1 or self.days > 365:
            raise ValueError("every: write day, week or 1 to 365 days")
        return self

    @property
    def days(self) -> int:
        """How many days a turn lasts."""
        return {"day": 1, "week": 7}.get(str(self.every)) or int(self.every)


class Override(Value):
    """Somebody else for a while; a later one goes before an earlier one."""

    person: str = Field(min_length=1)
    start: AwareDatetime = Field(alias="from")
    until: AwareDatetime

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.until <= self.start:
            raise ValueError("`until` has to lie after `from`")
        return self


class RotationSettings(Schedule):
    """A small rotation that stands here."""

    kind: Literal["rotation"]
    layers: tuple[Layer, ...] = Field(min_length=1)
    overrides: tuple[Override, ...] = ()


class CalendarSettings(Schedule):
    """An iCalendar feed: of Google, of a paging tool, of any calendar; a file, too."""

    kind: Literal["calendar"]
    url: SecretRef = Field(description="its address by reference, for it lets in whoever knows it")
    person: Literal["auto", "summary", "attendee"] = Field(
        default="auto", description="what names who is on duty; auto: the attendees, else the title"
    )
    timeout: Annotated[timedelta, Field(gt=timedelta(), le=timedelta(minutes=2))] = timedelta(seconds=10)


class _Asked(Schedule):
    """A tool that is asked over HTTP; its key stands in `api.auth`."""

    api: Http
    schedule: str = Field(min_length=1, description="its id there")


class PagerDutySettings(_Asked):
    """PagerDuty; `api.auth.headers.Authorization` is a reference to `Token token=…`."""

    kind: Literal["pagerduty"]


class OpsgenieSettings(_Asked):
    """Opsgenie or Jira Service Management; `api.auth.headers.Authorization` refers to `GenieKey …`."""

    kind: Literal["opsgenie"]


class GoAlertSettings(_Asked):
    """GoAlert; `api.auth.bearer` is a reference to an API key with the right to read schedules."""

    kind: Literal["goalert"]


class GrafanaSettings(_Asked):
    """Grafana OnCall or IRM; `api.auth.headers.Authorization` is a reference to its token."""

    kind: Literal["grafana"]


AnySchedule = Annotated[
    RotationSettings
    | CalendarSettings
    | PagerDutySettings
    | OpsgenieSettings
    | GoAlertSettings
    | GrafanaSettings,
    Field(discriminator="kind"),
]


def covers(schedule: Schedule, service: str | None) -> bool:
    """Whether a schedule is of a service; None: of any."""
    return service is None or not schedule.services or service in schedule.services


def as_local(moment: datetime, schedule: Schedule) -> str:
    """A moment on the wall clock of a schedule: `Tue 2026-12-01 08:00 Europe/Berlin`."""
    return f"{moment.astimezone(schedule.zone):%a %Y-%m-%d %H:%M} {schedule.time_zone}"
