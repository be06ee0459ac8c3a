"""Shifts out of an iCalendar feed (RFC 5545): rules, exceptions and zones are read by kept libraries.

Needs the extra `calendar` (icalendar, recurring-ical-events).
"""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from incidents.errors import ToolFailed
from nexus.oncall.durations import KEPT, exact_end, with_durations_kept
from nexus.oncall.settings import CalendarSettings
from nexus.oncall.shifts import Shift, in_order
from tools.live.http import LARGEST
from tools.live.link_local import guarded
from tools.live.secrets import Secrets
from tools.live.trust import system_trust

#: A window of a calendar holds no more: more is no plan of duty.
MOST_EVENTS = 5000
#: What the libraries take for the end of an event may lie this far from it: a clock was put on or back.
_CLOCK_CHANGE = timedelta(hours=3)
#: An attendee's answer or part that says that it is not them.
_NOT_THEM = {"DECLINED", "NON-PARTICIPANT"}


class CalendarFeed:
    """Implements `nexus.oncall.shifts.OnCall` for an address that answers a calendar.

    Args:
        settings: where it is.
        secrets: resolves its address.
    """

    def __init__(self, settings: CalendarSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets

    @property
    def name(self) -> str:
        """As `nexus.yaml` calls it."""
        return self._settings.name

    async def shifts(self, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """The shifts of a window; raises as the port says, without the address, which is a secret."""
        body = await self._fetched()
        return await asyncio.to_thread(shifts_of, body, self._settings, start, end)

    async def _fetched(self) -> bytes:
        address = self._secrets(self._settings.url).get_secret_value()
        limit = self._settings.timeout.total_seconds()
        try:
            async with (
                httpx2.AsyncClient(
                    timeout=limit, verify=system_trust(), event_hooks=guarded(), follow_redirects=True
                ) as client,
                client.stream("GET", address, headers={"Accept": "text/calendar"}) as answer,
            ):
                if answer.status_code != httpx2.codes.OK:
                    raise ToolFailed(f"the calendar of {self.name} answered {answer.status_code}")
                return await self._read(answer)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
            raise ToolFailed(
                f"the calendar of {self.name} does not answer ({type(error).__name__})"
            ) from None

    async def _read(self, answer: httpx2.Response) -> bytes:
        body = bytearray()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > LARGEST:
                raise ToolFailed(f"the calendar of {self.name} has more than {LARGEST:,} bytes")
        return bytes(body)

    async def aclose(self) -> None:
        """Nothing is kept open."""


def shifts_of(body: bytes, settings: CalendarSettings, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The shifts of a calendar that lie in a window or reach into it.

    Raises:
        ToolFailed: it is no calendar, or its rules cannot be followed.
        SettingsError: the extra is not installed.
    """
    icalendar, recurring = _libraries()
    try:
        first, *more = icalendar.Calendar.from_ical(with_durations_kept(body), multiple=True)
        events = [
            event
            for calendar in (first, *more)
            for event in islice(recurring.of(calendar).between(start - _CLOCK_CHANGE, end), MOST_EVENTS)
        ]
    except Exception as error:  # noqa: BLE001 - libraries over text of others: whatever they raise, it is no plan
        why = f"{type(error).__name__}: {str(error)[:100]}"
        raise ToolFailed(f"what {settings.name} answered is no calendar that can be read ({why})") from None
    found = (one for event in events for one in _shifts(event, settings))
    return tuple(in_order(one for one in found if one.start < end and (one.end is None or one.end > start)))


def _libraries() -> tuple[Any, Any]:
    from incidents.errors import SettingsError  # noqa: PLC0415
    from tools.extras import install_command, missing_extras  # noqa: PLC0415

    if missing_extras(("calendar",)):
        raise SettingsError(f"a calendar of duty needs the extra `calendar`; {install_command('calendar')}")
    import icalendar  # noqa: PLC0415 - an extra
    import recurring_ical_events  # noqa: PLC0415

    return icalendar, recurring_ical_events


def _shifts(event: Any, settings: CalendarSettings) -> Iterator[Shift]:
    """A shift for each person of an event; none of one that is cancelled."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    begins, ends = _span(event, settings.zone)
    if ends <= begins:
        return
    title = " ".join(str(event.get("SUMMARY", "")).split())
    attendees = list(_attendees(event)) if settings.person != "summary" else []
    if settings.person == "attendee" or attendees:
        for name, also in attendees:
            yield Shift(person=name, also=also, start=begins, end=ends, layer=title)
    elif title:
        yield Shift(person=title, start=begins, end=ends)


def _span(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = (_in_zone(at, zone) for at in (event.start, event.end))
    return start.astimezone(UTC), exact_end(str(event.get(KEPT, "")), start, end).astimezone(UTC)


def _attendees(event: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each with a name and what else is said of them: a mail address."""
    listed = event.get("ATTENDEE", [])
    for one in listed if isinstance(listed, list) else [listed]:
        told = getattr(one, "params", {})
        said = {str(told.get(name, "")).upper() for name in ("PARTSTAT", "ROLE")}
        kind = str(told.get("CUTYPE", "INDIVIDUAL")).upper()
        if said & _NOT_THEM or kind in {"ROOM", "RESOURCE"}:
            continue
        mail = str(one).strip()
        mail = mail[7:] if mail.lower().startswith("mailto:") else mail
        name = " ".join(str(told.get("CN", "")).split()) or mail
        if name:
            yield name, tuple(_others(name, mail))


def _others(name: str, mail: str) -> Iterable[str]:
    return (mail,) if mail and mail != name else ()


def _in_zone(at: object, zone: ZoneInfo) -> datetime:
    """A day begins at midnight of the schedule's zone, and a floating time is of that zone."""
    if isinstance(at, datetime):
        return at if at.tzinfo is not None else at.replace(tzinfo=zone)
    if isinstance(at, date):
        return datetime.combine(at, time(), zone)
    if isinstance(at, timedelta):  # pragma: no cover - no library gives one as an end
        raise ToolFailed("an event of the calendar has no end")
    raise ToolFailed("an event of the calendar has no time")
