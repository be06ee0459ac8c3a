"""Duty out of iCalendar feeds, as RFC 5545 has them and as calendars write them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from incidents.errors import ToolFailed
from nexus.oncall.settings import CalendarSettings
from tests.tools.live.extras_here import needs_calendar

pytestmark = needs_calendar

BERLIN = """BEGIN:VTIMEZONE
TZID:Our Office
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


def calendar(*events: str, before: str = "") -> bytes:
    inside = "".join(f"BEGIN:VEVENT\n{one.strip()}\nEND:VEVENT\n" for one in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//shop//duty//EN\n{before}{inside}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def shown(body: bytes, start: str, end: str, **more: Any) -> list[tuple[str, str, str]]:
    from nexus.oncall.calendar import shifts_of  # noqa: PLC0415 - an extra

    settings = CalendarSettings.model_validate(
        {"name": "first", "kind": "calendar", "url": "env:X", "time_zone": "Europe/Berlin"} | more
    )
    found = shifts_of(body, settings, utc(start), utc(end))
    return [(one.person, f"{one.start:%m-%d %H:%M}", f"{one.end:%m-%d %H:%M}") for one in found if one.end]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WEEK = "UID:1\nDTSTART;TZID=Our Office:20261019T090000\nDTEND;TZID=Our Office:20261026T090000\n"


def test_a_rule_in_a_zone_of_its_own_keeps_to_the_clock_across_summer_time() -> None:
    body = calendar(f"{WEEK}RRULE:FREQ=WEEKLY;INTERVAL=2\nSUMMARY:Ann Bell", before=BERLIN)
    assert shown(body, "2026-10-19T00:00", "2026-11-20T00:00") == [
        ("Ann Bell", "10-19 07:00", "10-26 08:00"), ("Ann Bell", "11-02 08:00", "11-09 08:00"),
        ("Ann Bell", "11-16 08:00", "11-23 08:00"),
    ]  # fmt: skip


def test_an_exception_a_moved_day_and_a_cancelled_one() -> None:
    daily = "UID:d\nDTSTART:20261001T080000Z\nDTEND:20261001T160000Z\nRRULE:FREQ=DAILY;COUNT=5\n"
    body = calendar(
        f"{daily}EXDATE:20261002T080000Z\nSUMMARY:Ann",
        "UID:d\nRECURRENCE-ID:20261003T080000Z\nDTSTART:20261003T100000Z\nDTEND:20261003T120000Z\nSUMMARY:Kim",
        "UID:d\nRECURRENCE-ID:20261004T080000Z\nDTSTART:20261004T080000Z\nDTEND:20261004T160000Z\n"
        "STATUS:CANCELLED\nSUMMARY:Ann",
        "UID:e\nDTSTART:20261006T080000Z\nDTEND:20261006T160000Z\nSTATUS:CANCELLED\nSUMMARY:Sam",
    )
    assert shown(body, "2026-10-01T00:00", "2026-10-09T00:00") == [
        ("Ann", "10-01 08:00", "10-01 16:00"), ("Kim", "10-03 10:00", "10-03 12:00"),
        ("Ann", "10-05 08:00", "10-05 16:00"),
    ]  # fmt: skip


def test_whole_days_and_floating_times_are_of_the_schedules_zone() -> None:
    body = calendar(
        "UID:a\nDTSTART;VALUE=DATE:20261024\nDTEND;VALUE=DATE:20261026\nSUMMARY:Ann",
        "UID:b\nDTSTART:20261027T090000\nDTEND:20261027T170000\nSUMMARY:Kim",
        "UID:c\nDTSTART;VALUE=DATE:20261028\nSUMMARY:Sam",
    )
    assert shown(body, "2026-10-20T00:00", "2026-10-31T00:00") == [
        ("Ann", "10-23 22:00", "10-25 23:00"),  # two days, of which the second has 25 hours
        ("Kim", "10-27 08:00", "10-27 16:00"), ("Sam", "10-27 23:00", "10-28 23:00"),
    ]  # fmt: skip
    tokyo = shown(body, "2026-10-27T00:00", "2026-10-27T12:00", time_zone="Asia/Tokyo")
    assert tokyo == [("Kim", "10-27 00:00", "10-27 08:00")]


def test_folded_lines_are_one_name_and_escapes_are_undone() -> None:
    body = calendar(
        "UID:f\nDTSTART:20261001T080000Z\nDURATION:PT8H\nSUMMARY:Ann Beatrice Ch\n ristina B\\, ell"
    )
    assert shown(body, "2026-10-01T00:00", "2026-10-02T00:00") == [
        ("Ann Beatrice Christina B, ell", "10-01 08:00", "10-01 16:00")
    ]


def test_two_people_are_both_on_duty_and_who_declined_is_not() -> None:
    body = calendar(
        "UID:g\nDTSTART:20261001T080000Z\nDTEND:20261001T160000Z\nSUMMARY:Duty of the shop\n"
        "ORGANIZER:mailto:boss@shop.example.org\n"
        "ATTENDEE;CN=Ann Bell;PARTSTAT=ACCEPTED:mailto:ann@shop.example.org\n"
        "ATTENDEE;CN=Kim;PARTSTAT=DECLINED:mailto:kim@shop.example.org\n"
        "ATTENDEE;CUTYPE=ROOM:mailto:room@shop.example.org\n"
        "ATTENDEE:MAILTO:sam@shop.example.org",
        "UID:h\nDTSTART:20261001T120000Z\nDTEND:20261001T200000Z\nSUMMARY:Lee",
    )
    window = ("2026-10-01T00:00", "2026-10-02T00:00")
    assert [person for person, *_ in shown(body, *window)] == ["Ann Bell", "sam@shop.example.org", "Lee"]
    titles = shown(body, *window, person="summary")
    assert [person for person, *_ in titles] == ["Duty of the shop", "Lee"]
    assert len(shown(body, *window, person="attendee")) == 2


def test_an_empty_calendar_is_a_plan_without_anybody_and_several_in_one_file_are_one() -> None:
    assert shown(calendar(), "2026-10-01T00:00", "2026-10-02T00:00") == []
    event = "UID:{}\nDTSTART:20261001T080000Z\nDTEND:20261001T160000Z\nSUMMARY:{}"
    both = calendar(event.format(1, "Ann")) + calendar(event.format(2, "Kim"))
    assert [one[0] for one in shown(both, "2026-10-01T00:00", "2026-10-02T00:00")] == ["Ann", "Kim"]


@pytest.mark.parametrize("body", [b"", b"<html>log in</html>", b'{"error": "no"}', b"\xff\xfe\x00"])
def test_what_is_no_calendar_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ToolFailed, match="no calendar"):
        shown(body, "2026-10-01T00:00", "2026-10-02T00:00")


def test_a_window_of_a_rule_without_an_end_is_read_and_no_more() -> None:
    body = calendar("UID:z\nDTSTART:20100101T000000Z\nDTEND:20100101T010000Z\nRRULE:FREQ=DAILY\nSUMMARY:Ann")
    assert len(shown(body, "2026-10-01T00:00", "2026-10-15T00:00")) == 14


NIGHTS = [  # of the nights from 23 to 26 October: how they begin and end in UTC
    ("Ann", "10-23 20:00", "10-24 04:00"),
    ("Ann", "10-24 20:00", "10-25 04:00"),
    ("Ann", "10-25 21:00", "10-26 05:00"),
]


@pytest.mark.parametrize(
    "zone",
    ["DTSTART;TZID=Europe/Berlin:", "DTSTART;TZID=Our Office:", "DTSTART:"],
    ids=["named", "own", "none"],
)
def test_hours_of_a_duration_are_exact_when_summer_time_ends(zone: str) -> None:
    night = f"UID:n\n{zone}20261023T220000\nDURATION:PT8H\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:Ann"
    assert shown(calendar(night, before=BERLIN), "2026-10-23T00:00", "2026-10-28T00:00") == NIGHTS
    alone = f"UID:n\n{zone}20261024T220000\nDURATION:PT8H\nSUMMARY:Ann"
    assert shown(calendar(alone, before=BERLIN), "2026-10-23T00:00", "2026-10-28T00:00") == NIGHTS[1:2]


@pytest.mark.parametrize(
    ("written", "autumn", "spring"),
    [  # from 22:00 in Berlin on the eve of the change
        ("PT8H", "10-25 04:00", "03-29 05:00"),
        ("PT24H", "10-25 20:00", "03-29 21:00"),
        ("P1D", "10-25 21:00", "03-29 20:00"),
        ("P1W", "10-31 21:00", "04-04 20:00"),
        ("P1DT2H", "10-25 23:00", "03-29 22:00"),
        ("PT90M", "10-24 21:30", "03-28 22:30"),
        ("P0DT10H30M", "10-25 06:30", "03-29 07:30"),
        ("+PT8H", "10-25 04:00", "03-29 05:00"),
    ],
)
def test_days_are_of_the_calendar_and_hours_are_exact(written: str, autumn: str, spring: str) -> None:
    event = "UID:n\nDTSTART;TZID=Europe/Berlin:{}T220000\nDURATION:{}\nSUMMARY:Ann"
    found = shown(calendar(event.format("20261024", written)), "2026-10-24T00:00", "2026-11-04T00:00")
    assert [end for *_, end in found] == [autumn]
    found = shown(calendar(event.format("20260328", written)), "2026-03-28T00:00", "2026-04-08T00:00")
    assert [end for *_, end in found] == [spring]


def test_the_last_hour_of_a_duty_is_found_although_the_clock_was_put_on() -> None:
    night = "UID:n\nDTSTART;TZID=Europe/Berlin:20260328T220000\nDURATION:PT8H\nSUMMARY:Ann"
    assert shown(calendar(night), "2026-03-29T04:30", "2026-03-29T04:45") == [
        ("Ann", "03-28 21:00", "03-29 05:00")
    ]


def test_an_end_stays_by_the_clock_as_calendars_show_it_and_a_folded_duration_is_one() -> None:
    by_end = (
        "UID:e\nDTSTART;TZID=Europe/Berlin:20261023T220000\nDTEND;TZID=Europe/Berlin:20261024T060000\n"
        "RRULE:FREQ=DAILY;COUNT=2\nSUMMARY:Kim"
    )
    assert [end for *_, end in shown(calendar(by_end), "2026-10-23T00:00", "2026-10-28T00:00")] == [
        "10-24 04:00", "10-25 05:00",
    ]  # fmt: skip
    folded = (
        "UID:f\nDTSTART;TZID=Europe/Berlin:20261024T220000\nDURATION;X-SAID-BY=office:PT\n 8H\nSUMMARY:Ann"
    )
    assert shown(calendar(folded), "2026-10-23T00:00", "2026-10-28T00:00") == NIGHTS[1:2]


def test_an_occurrence_of_another_length_keeps_its_own() -> None:
    night = "UID:n\nDTSTART;TZID=Europe/Berlin:20261023T220000\nDURATION:PT8H\nRRULE:FREQ=DAILY;COUNT=3\n"
    shorter = (
        "UID:n\nRECURRENCE-ID;TZID=Europe/Berlin:20261024T220000\n"
        "DTSTART;TZID=Europe/Berlin:20261024T230000\n"
    )
    body = calendar(
        f"{night}RDATE;VALUE=PERIOD:20261027T200000Z/PT2H\nSUMMARY:Ann",
        f"{shorter}DURATION:PT5H\nSUMMARY:Kim",
    )
    assert shown(body, "2026-10-23T00:00", "2026-10-29T00:00") == [
        NIGHTS[0], ("Kim", "10-24 21:00", "10-25 02:00"), NIGHTS[2], ("Ann", "10-27 20:00", "10-27 22:00"),
    ]  # fmt: skip
