"""Schedules of paging tools, asked over HTTP: written from the documents of each.

PagerDuty `GET /oncalls` (REST API v2), Opsgenie and JSM `GET /v2/schedules/{id}/timeline`, GoAlert's GraphQL,
Grafana OnCall and IRM `GET /api/v1/schedules/{id}/final_shifts`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from incidents.errors import ToolFailed
from incidents.value import iso
from nexus.oncall.settings import (
    GoAlertSettings,
    GrafanaSettings,
    OpsgenieSettings,
    PagerDutySettings,
)
from nexus.oncall.shifts import Shift, in_order
from tools.live.http import Backend, Reply
from tools.live.secrets import Secrets

#: So many pages of an answer are read: a window of duty has few.
MOST_PAGES = 20


class _Asked:
    """The base: one schedule at one tool."""

    def __init__(
        self,
        product: str,
        settings: PagerDutySettings | OpsgenieSettings | GoAlertSettings | GrafanaSettings,
        secrets: Secrets,
    ) -> None:
        self.name = settings.name
        self._schedule = settings.schedule
        self._backend = Backend(product, settings.api, secrets)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    def _overlapping(self, found: Iterable[Shift], start: datetime, end: datetime) -> tuple[Shift, ...]:
        return tuple(
            in_order(one for one in found if one.start < end and (one.end is None or one.end > start))
        )


class _User(Reply):
    summary: str | None = None
    name: str | None = None
    email: str | None = None


class _PagerDutyShift(Reply):
    user: _User
    start: datetime | None = None
    end: datetime | None = None
    escalation_level: int = 1


class _PagerDutyPage(Reply):
    oncalls: tuple[_PagerDutyShift, ...]
    more: bool = False


class PagerDuty(_Asked):
    """Implements `nexus.oncall.shifts.OnCall`."""

    def __init__(self, settings: PagerDutySettings, secrets: Secrets) -> None:
        super().__init__("PagerDuty", settings, secrets)

    async def shifts(self, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """The shifts of a window; one without a beginning or end is always on."""
        found: list[_PagerDutyShift] = []
        for _ in range(MOST_PAGES):
            query: dict[str, str | int] = {
                "schedule_ids[]": self._schedule, "since": iso(start), "until": iso(end), "time_zone": "UTC",
                "include[]": "users", "limit": 100, "offset": len(found),
            }  # fmt: skip
            headers = {"Accept": "application/vnd.pagerduty+json;version=2"}
            answer = await self._backend.ask("GET", "/oncalls", query=query, headers=headers)
            page = self._backend.read(_PagerDutyPage, answer)
            found += page.oncalls
            if not page.more or not page.oncalls:
                break
        # One person stands there once for each escalation policy that uses the schedule.
        once = {(one.user.summary or one.user.name, one.start, one.end): one for one in found}
        made = (
            Shift(
                person=one.user.name or one.user.summary or one.user.email or "somebody without a name",
                also=tuple(said for said in (one.user.email,) if said),
                start=_utc(one.start) if one.start else start, end=_utc(one.end) if one.end else None,
            )
            for one in once.values()
        )  # fmt: skip
        return self._overlapping(made, start, end)


class _Recipient(Reply):
    name: str | None = None
    type: str = "user"


class _Period(Reply):
    startDate: datetime  # noqa: N815 - as it is sent
    endDate: datetime | None = None  # noqa: N815
    type: str = ""
    recipient: _Recipient | None = None


class _OpsgenieRotation(Reply):
    name: str = ""
    periods: tuple[_Period, ...] = ()


class _Timeline(Reply):
    rotations: tuple[_OpsgenieRotation, ...] = ()


class _TimelineData(Reply):
    finalTimeline: _Timeline  # noqa: N815


class _TimelineAnswer(Reply):
    data: _TimelineData


class Opsgenie(_Asked):
    """Implements `nexus.oncall.shifts.OnCall`; people are named by their mail addresses."""

    def __init__(self, settings: OpsgenieSettings, secrets: Secrets) -> None:
        super().__init__("Opsgenie", settings, secrets)

    async def shifts(self, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """The final timeline of a window: overrides are in it."""
        days = max(1, -(-(end - start) // timedelta(days=1)))
        query: dict[str, str | int] = {
            "identifierType": "id",
            "interval": days,
            "intervalUnit": "days",
            "date": iso(start),
        }
        path = f"/v2/schedules/{quote(self._schedule, safe='')}/timeline"
        answer = self._backend.read(_TimelineAnswer, await self._backend.ask("GET", path, query=query))
        made = (
            Shift(
                person=one.recipient.name, start=_utc(one.startDate),
                end=_utc(one.endDate) if one.endDate else None, layer=rotation.name,
            )
            for rotation in answer.data.finalTimeline.rotations
            for one in rotation.periods
            if one.recipient is not None and one.recipient.name and one.recipient.type == "user"
        )  # fmt: skip
        return self._overlapping(made, start, end)


_SHIFTS = """query ($id: ID!, $start: ISOTimestamp!, $end: ISOTimestamp!) {
  schedule(id: $id) { shifts(start: $start, end: $end) { user { name email } start end } }
}"""


class _GoAlertShift(Reply):
    user: _User | None = None
    start: datetime
    end: datetime


class _GoAlertSchedule(Reply):
    shifts: tuple[_GoAlertShift, ...]


class _GoAlertData(Reply):
    schedule: _GoAlertSchedule | None = None


class _GraphqlError(Reply):
    message: str = ""


class _GoAlertAnswer(Reply):
    data: _GoAlertData | None = None
    errors: tuple[_GraphqlError, ...] = ()


class GoAlert(_Asked):
    """Implements `nexus.oncall.shifts.OnCall`."""

    def __init__(self, settings: GoAlertSettings, secrets: Secrets) -> None:
        super().__init__("GoAlert", settings, secrets)

    async def shifts(self, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """The shifts of a window."""
        asked = {"id": self._schedule, "start": iso(start), "end": iso(end)}
        body = {"query": _SHIFTS, "variables": asked}
        answer = self._backend.read(
            _GoAlertAnswer, await self._backend.ask("POST", "/api/graphql", body=body)
        )
        if answer.errors or answer.data is None or answer.data.schedule is None:
            why = self._backend.quoted("; ".join(one.message for one in answer.errors) or "no such schedule")
            raise ToolFailed(f"GoAlert at {self._backend.where} tells no shifts: {why}")
        made = (
            Shift(
                person=one.user.name or one.user.email or "somebody without a name",
                also=(one.user.email,) if one.user.email else (),
                start=_utc(one.start), end=_utc(one.end),
            )
            for one in answer.data.schedule.shifts
            if one.user is not None
        )  # fmt: skip
        return self._overlapping(made, start, end)


class _GrafanaShift(Reply):
    user_email: str | None = None
    user_username: str | None = None
    shift_start: datetime
    shift_end: datetime


class _GrafanaPage(Reply):
    results: tuple[_GrafanaShift, ...]
    next: str | None = None


class Grafana(_Asked):
    """Implements `nexus.oncall.shifts.OnCall`."""

    def __init__(self, settings: GrafanaSettings, secrets: Secrets) -> None:
        super().__init__("Grafana OnCall", settings, secrets)

    async def shifts(self, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """The final shifts of the days of a window; its days are UTC's, so that one more is asked for."""
        first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date() + timedelta(days=1)
        path = f"/api/v1/schedules/{quote(self._schedule, safe='')}/final_shifts"
        found: list[_GrafanaShift] = []
        for number in range(1, MOST_PAGES + 1):
            query: dict[str, str | int] = {
                "start_date": first.isoformat(),
                "end_date": last.isoformat(),
                "page": number,
            }
            page = self._backend.read(_GrafanaPage, await self._backend.ask("GET", path, query=query))
            found += page.results
            if page.next is None:
                break
        made = (
            Shift(
                person=one.user_username or one.user_email or "somebody without a name",
                also=tuple(said for said in (one.user_email,) if said and said != one.user_username),
                start=_utc(one.shift_start), end=_utc(one.shift_end),
            )
            for one in found
        )  # fmt: skip
        return self._overlapping(made, start, end)


def _utc(moment: datetime) -> datetime:
    """A moment without a zone is UTC's: each tool was asked for that."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
