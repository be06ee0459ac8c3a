"""The small rotation of `nexus.yaml`: handovers by the wall clock, overrides, layers, gaps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nexus.oncall.rotation import person_at, rotated
from nexus.oncall.settings import RotationSettings
from nexus.oncall.shifts import gaps, on_duty

BERLIN = "Europe/Berlin"


def rotation(*layers: dict[str, Any], zone: str = BERLIN, **more: Any) -> RotationSettings:
    made = {"name": "first", "kind": "rotation", "time_zone": zone, "layers": layers, **more}
    return RotationSettings.model_validate(made)


def week(*people: str, **more: Any) -> dict[str, Any]:
    return {"people": people, "begins": "2026-10-12", "handover": "09:00", **more}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(made: RotationSettings, start: str, end: str) -> list[tuple[str, str, str]]:
    return [
        (one.person, f"{one.start:%m-%d %H:%M}", f"{one.end:%m-%d %H:%M}")
        for one in rotated(made, utc(start), utc(end))
        if one.end is not None
    ]


def test_the_handover_stays_at_nine_on_the_wall_when_summer_time_ends() -> None:
    made = rotation(week("Ann", "Kim"))
    assert shown(made, "2026-10-12T07:00", "2026-11-02T08:00") == [
        ("Ann", "10-12 07:00", "10-19 07:00"),
        ("Kim", "10-19 07:00", "10-26 08:00"),  # an hour longer
        ("Ann", "10-26 08:00", "11-02 08:00"),
    ]


def test_a_handover_that_the_clock_leaves_out_is_when_it_goes_on() -> None:
    made = rotation({"people": ["Ann", "Kim"], "begins": "2027-03-27", "handover": "02:30", "every": "day"})
    # 02:30 is not shown on 2027-03-28 in Berlin: 02:00 is 03:00, which is 01:00 UTC.
    assert shown(made, "2027-03-27T01:30", "2027-03-29T00:30") == [
        ("Ann", "03-27 01:30", "03-28 01:00"), ("Kim", "03-28 01:00", "03-29 00:30"),
    ]  # fmt: skip


def test_a_handover_that_the_clock_shows_twice_is_the_first() -> None:
    made = rotation({"people": ["Ann", "Kim"], "begins": "2026-10-24", "handover": "02:30", "every": "day"})
    assert shown(made, "2026-10-24T00:30", "2026-10-26T01:30") == [
        ("Ann", "10-24 00:30", "10-25 00:30"), ("Kim", "10-25 00:30", "10-26 01:30"),
    ]  # fmt: skip


def test_lord_howe_moves_its_clock_by_half_an_hour() -> None:
    made = rotation({"people": ["Ann", "Kim"], "begins": "2026-10-03", "handover": "02:15", "every": "day"},
                    zone="Australia/Lord_Howe")  # fmt: skip
    # 2026-10-04 02:00 becomes 02:30 there, which is 15:30 UTC of the day before.
    assert person_at(made, utc("2026-10-03T15:29")) == "Ann"
    assert person_at(made, utc("2026-10-03T15:30")) == "Kim"


def test_before_it_begins_nobody_is_on_duty() -> None:
    made = rotation(week("Ann"))
    start, end = utc("2026-10-10T00:00"), utc("2026-10-13T00:00")
    assert gaps(rotated(made, start, end), start, end)[0].end == utc("2026-10-12T07:00")
    assert person_at(made, utc("2026-10-12T06:59")) is None


def test_an_override_goes_before_and_the_later_one_before_that() -> None:
    christmas = {"person": "Sam", "from": "2026-10-20T18:00:00+02:00", "until": "2026-10-22T18:00:00+02:00"}
    hour = {"person": "Ann", "from": "2026-10-21T18:00:00+02:00", "until": "2026-10-21T19:00:00+02:00"}
    made = rotation(week("Ann", "Kim"), overrides=[christmas, hour])
    assert shown(made, "2026-10-20T00:00", "2026-10-23T00:00") == [
        ("Kim", "10-20 00:00", "10-20 16:00"), ("Sam", "10-20 16:00", "10-21 16:00"),
        ("Ann", "10-21 16:00", "10-21 17:00"), ("Sam", "10-21 17:00", "10-22 16:00"),
        ("Kim", "10-22 16:00", "10-23 00:00"),
    ]  # fmt: skip


def test_a_layer_of_hours_goes_before_the_one_beneath_and_leaves_gaps_without_one() -> None:
    office = week(
        "Sam", hours={"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "until": "17:00"}
    )
    assert shown(rotation(week("Ann"), office), "2026-10-16T00:00", "2026-10-19T12:00") == [
        ("Ann", "10-16 00:00", "10-16 07:00"), ("Sam", "10-16 07:00", "10-16 15:00"),
        ("Ann", "10-16 15:00", "10-19 07:00"), ("Sam", "10-19 07:00", "10-19 12:00"),
    ]  # fmt: skip
    alone, start, end = rotation(office), utc("2026-10-16T00:00"), utc("2026-10-19T12:00")
    free = gaps(rotated(alone, start, end), start, end)
    assert [(f"{one.start:%d %H}", f"{one.end:%d %H}") for one in free] == [
        ("16 00", "16 07"),
        ("16 15", "19 07"),
    ]


def test_hours_that_reach_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    night = week("Ann", hours={"days": ["sat"], "from": "22:00", "until": "06:00"})
    assert shown(rotation(night), "2026-10-23T00:00", "2026-10-27T00:00") == [
        ("Ann", "10-24 20:00", "10-25 05:00"),  # nine hours, for the clock goes back in this night
    ]


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001
    hours=st.integers(1, 24 * 40), at=st.floats(0, 1), days=st.integers(1, 9),
    zone=st.sampled_from((BERLIN, "UTC", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu")),
    handover=st.times().map(lambda one: one.replace(microsecond=0, second=0)), limited=st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_shifts_and_gaps_fill_every_window_and_say_what_each_moment_does(
    start: datetime, hours: int, at: float, days: int, zone: str, handover: Any, limited: bool
) -> None:
    only = {"hours": {"days": ["mon", "sun"], "from": "21:00", "until": "03:00"}} if limited else {}
    layer = {"people": ["a", "b", "c"], "begins": "2026-02-01", "handover": handover, "every": days, **only}
    made = rotation(layer, zone=zone)
    begins = start.replace(tzinfo=UTC)
    ends = begins + timedelta(hours=hours)
    shifts = rotated(made, begins, ends)
    free = gaps(shifts, begins, ends)
    spans = sorted(
        [*((one.start, one.end or ends) for one in shifts), *((one.start, one.end) for one in free)]
    )
    assert spans[0][0] == begins
    assert spans[-1][1] == ends
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    moment = begins + at * (ends - begins) * 0.999
    who = person_at(made, moment)
    assert [one.person for one in on_duty(shifts, moment)] == ([who] if who else [])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"time_zone": "Mars/Base"}, "'Mars/Base' is no time zone"),
        ({"layers": [week("Ann", handover=540)]}, "write the time in quotes"),
        ({"layers": [week("Ann", every=0)]}, "1 to 365 days"),
        ({"layers": [{"people": [], "begins": "2026-01-01"}]}, "at least 1 item"),
        ({"overrides": [{"person": "x", "from": "2026-10-20T18:00:00Z", "until": "2026-10-20T18:00:00Z"}]},
         "`until` has to lie after `from`"),
        ({"overrides": [{"person": "x", "from": "2026-10-20T18:00:00", "until": "2026-10-21T18:00:00Z"}]},
         "timezone"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(wrong: dict[str, Any], says: str) -> None:
    right = {"name": "first", "kind": "rotation", "time_zone": BERLIN, "layers": [week("Ann")]}
    with pytest.raises(ValidationError, match=says):
        RotationSettings.model_validate(right | wrong)
