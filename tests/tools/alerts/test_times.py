"""Every time that a sender may write is read, counts from the receipt, or is refused by its field's name."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import CLOCK_SKEW, OLDEST
from incidents.errors import AlertError
from tools.alerts.formats import parse_alerts, read_delivery
from tools.alerts.times import read_time

NOW = datetime(2026, 11, 29, 3, 30, tzinfo=UTC)
BEGAN = datetime(2026, 11, 29, 3, 28, 30, tzinfo=UTC)
ZONES = st.builds(timezone, st.integers(-1439, 1439).map(lambda minutes: timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=ZONES) | st.sampled_from(
    [limit.replace(tzinfo=zone) for limit in (datetime.min, datetime.max)  # noqa: DTZ901
     for zone in (UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12)))]
)  # fmt: skip
INPUTS = Path(__file__).parents[3] / ".." / "shared" / "inputs" / "alertmanager"
given_inputs = pytest.mark.skipif(not INPUTS.is_dir(), reason="the shared inputs are not beside the project")


@pytest.mark.parametrize(
    ("sent", "micro"),
    [
        (1795922910, 0),
        ("1795922910", 0),
        (1795922910.5, 500_000),
        ("1795922910.25", 250_000),
        (1795922910043, 43_000),
        (1795922910043350, 43_350),
        (1795922910043350784, 43_351),
        ("1795922910043350784", 43_351),
        ("2026-11-29T03:28:30Z", 0),
        ("2026-11-29T08:58:30.504447800+05:30", 504_447),
        ("2026-11-29 03:28:30.043Z", 43_000),
        ("2026-11-29T03:28:30+0000", 0),
        ("2026-11-29 03:28:30 UTC", 0),
        ("2026-11-29 03:28:30.043350784 +0000 UTC", 43_350),
        ("2026-11-29 04:28:30.1 +0100 CET m=+12.345", 100_000),
        ("2026-11-28 23:28:30 -0400 -04", 0),
        ("Sun, 29 Nov 2026 03:28:30 GMT", 0),
        ("Sun, 29 Nov 2026 08:58:30 +0530", 0),
        ("Sun Nov 29 03:28:30 UTC 2026", 0),
        ("1.79592291e9", 0),
        ("@1795922910", 0),
        ("1795922910s", 0),
        ("/Date(1795922910043)/", 43_000),
        ("2026-11-29T04:28:30+01:00[Europe/Berlin]", 0),
        ("2026-11-29T03:28:30.000000Z UTC", 0),
        ("2026-11-28 22:28:30 EST", 0),
        ("2026-11-29 04:28:30 UTC+1", 0),
        ("Sun Nov 29 2026 04:28:30 GMT+0100 (CET)", 0),
        ("Sun 29 Nov 2026 03:28:30 AM UTC", 0),
        ("November 29, 2026 3:28:30 AM UTC", 0),
        ("29/Nov/2026:04:28:30 +0100", 0),
        ("11/29/2026 3:28:30 AM +00:00", 0),
        ("29/11/2026 03:28:30 +00:00", 0),
    ],
)
def test_what_is_written_in_any_form_is_the_moment_that_is_meant(sent: object, micro: int) -> None:
    assert read_time(sent, NOW, "at") == (BEGAN.replace(microsecond=micro), True, None)


@pytest.mark.parametrize(
    "sent",
    [
        "2026-11-29T03:28:30", "2026-11-29 03:28:30", "Sun Nov 29 03:28:30 2026", "20261129032830",
        "11/29/2026 3:28:30 AM", "29.11.2026 03:28:30", "Nov 29, 2026 3:28:30 AM", "2026-11-29 3:28:30 AM",
    ],
)  # fmt: skip
def test_without_a_zone_it_is_utc_and_people_are_told(sent: str) -> None:
    read = read_time(sent, NOW, "alerts[0].startsAt")
    assert (read.at, read.sent) == (BEGAN, True)
    assert read.remark == f"alerts[0].startsAt: {sent!r} has no zone; it is read as UTC"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("", "is not set"),
        ("0001-01-01T00:00:00Z", r"is not set \(0001-01-01T00:00:00Z\)"),
        ("0001-01-01T00:00:00+01:00", "is not set"),
        ("0000-00-00 00:00:00", "is not set"),
        (0, "is not set"),
        ("0", "is not set"),
        ("null", "is not set"),
        ("1970-01-01T00:00:01Z", "over a year before"),
        (-62135596800, "over a year before"),
        (1795922910 // 1000, "over a year before"),
        (10**40, "in no calendar"),
        (-(10**40), "in no calendar"),
        ("9999-12-31T23:59:59-12:00", "in no calendar"),
        ("9999-12-31T23:59:59Z", "days ahead: the sender's clock runs ahead"),
        ("2026-11-29T05:30:00.043Z", "2 h ahead: the sender's clock runs ahead"),
        ("2026-11-29T03:31:30Z", "1 min ahead"),
        ("Sun Nov 29 04:28:30 CET 2026", "a zone that is not known"),
        ("2026-11-29 04:28:30 CET", "a zone that is not known"),
        ("N/A", "is not set"),
        ("1/1/0001 12:00:00 AM", "over a year before"),
    ],
)
def test_what_cannot_be_meant_counts_from_the_receipt_and_people_are_told(sent: object, why: str) -> None:
    read = read_time(sent, NOW, "at")
    assert (read.at, read.sent) == (NOW, False)
    assert read.remark is not None
    assert re.fullmatch(f"at.*{why}.*; it counts from its receipt", read.remark)


@pytest.mark.parametrize(
    "sent", ["yesterday", "2026-13-45T00:00:00Z", True, [1], {"a": 1}, float("nan"), "x" * 9999]
)
def test_what_is_no_time_is_refused_by_the_name_of_its_field(sent: object) -> None:
    with pytest.raises(AlertError, match=r"^started_at: .* is no time; write it as 20") as refused:
        read_time(sent, NOW, "started_at")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("received", "month", "day"), [(datetime(2026, 5, 12, tzinfo=UTC), 5, 11), (NOW, 11, 5)]
)
def test_of_two_ways_to_read_a_date_the_nearest_counts(received: datetime, month: int, day: int) -> None:
    read = read_time("11/05/2026 03:28:30", received, "at")
    assert (read.at.month, read.at.day, read.sent) == (month, day, True)


def test_clocks_that_drift_a_little_are_no_news() -> None:
    ahead = NOW + CLOCK_SKEW
    assert read_time(ahead.isoformat(), NOW, "at") == (ahead, True, None)


@given(sent=MOMENTS, received=MOMENTS)
def test_no_moment_of_any_calendar_and_zone_raises(sent: datetime, received: datetime) -> None:
    read = read_time(sent.isoformat(), received, "at")
    age = received - read.at
    assert -CLOCK_SKEW <= age <= OLDEST
    assert read.sent or (read.at == received and read.remark)


@given(st.floats() | st.integers() | st.text() | st.from_regex(r"[A-Z][a-z]{2},? [0-9A-Za-z :+-]{,40}"))
def test_whatever_is_sent_is_read_or_refused(sent: object) -> None:
    try:
        read = read_time(sent, NOW, "at")
    except AlertError as refused:
        assert str(refused).startswith("at: ")  # noqa: PT017 - either is right
    else:
        assert -CLOCK_SKEW <= NOW - read.at <= OLDEST


@given_inputs
@pytest.mark.parametrize(
    ("name", "micro"),
    {
        "seconds": 0, "seconds-text": 0, "float": 43_000, "milliseconds": 43_000, "microseconds": 43_350,
        "nanoseconds": 43_351, "nanoseconds-text": 43_351, "offset": 504_447, "space": 43_000, "go": 43_350,
        "rfc1123": 0, "no-zone": 43_000, "future": None, "empty": None, "year-one": None,
    }.items(),
)  # fmt: skip
def test_the_given_forms_are_read_as_their_table_says(name: str, micro: int | None) -> None:
    (alert,) = parse_alerts((INPUTS / "times" / f"{name}.json").read_bytes(), NOW)
    assert alert.firing
    assert alert.starts_at == (NOW if micro is None else BEGAN.replace(microsecond=micro))
    assert bool(alert.remarks) is (micro is None or name == "no-zone")


def test_an_end_that_is_not_set_counts_from_its_receipt_and_no_start_is_after_its_end() -> None:
    over = {"status": "resolved", "labels": {"alertname": "A"}, "startsAt": "0001-01-01T00:00:00Z"}
    ends = ("2026-11-29T03:29:00Z", "0001-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "1999-01-01T00:00:00Z")
    body = {"alerts": [over | {"endsAt": end} for end in ends]}
    alerts = parse_alerts(json.dumps(body).encode(), NOW)
    assert [alert.since for alert in alerts] == [NOW - timedelta(minutes=1), NOW, NOW, NOW]
    assert all(alert.starts_at <= alert.since for alert in alerts)
    assert not any(alert.start_sent for alert in alerts)


@pytest.mark.parametrize(
    ("sent", "remarks"),
    [
        ({}, ()),
        ({"startsAt": None}, ()),
        ({"startsAt": ""}, ("alerts[0].startsAt is not set; it counts from its receipt",)),
        ({"startsAt": "${START}"}, ("alerts[0].startsAt is not set; it counts from its receipt",)),
    ],
)
def test_a_start_that_stands_there_empty_is_told(sent: dict[str, str | None], remarks: tuple[str]) -> None:
    body = {"alerts": [{"status": "firing", "labels": {"alertname": "A"}, **sent}]}
    (alert,) = parse_alerts(json.dumps(body).encode(), NOW)
    assert (alert.starts_at, alert.start_sent, alert.remarks) == (NOW, False, remarks)


@pytest.mark.parametrize(
    ("finished", "at"),
    [
        ("2024-03-01T12:00:00Z", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        (1709294400, datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", NOW),
        ("2033-01-01T00:00:00Z", NOW),
        (None, NOW),
    ],
)
def test_a_change_that_is_told_late_keeps_its_own_time(finished: object, at: datetime) -> None:
    operation = {"phase": "Succeeded", "finishedAt": finished, "syncResult": {"revision": "abc1234"}}
    body = {"app": {"metadata": {"name": "mailer"}, "status": {"operationState": operation}}}
    (change,) = read_delivery(json.dumps(body).encode(), NOW, "argocd").changes
    assert change.time == at
