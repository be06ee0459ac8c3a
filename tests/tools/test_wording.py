"""Numbers carry units, times carry their zone, untrusted text is one clean line."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.findings import Window
from tools.wording import clock_time, plain, quantity, rows, share, span, unmasked

AT = datetime(2026, 3, 12, 10, 3, 40, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.431, "ratio", "43.1 %"),
        (43.1, "percent", "43.1 %"),
        (0.18, "seconds", "0.18 s"),
        (12.5, "per_second", "12.5/s"),
        (1_200_000_000.0, "bytes", "1.2 GB"),
        (3.0, "millicores", "3 millicores"),
        (12345.0, "count", "12345"),
        (0.0, "ratio", "0 %"),
        (None, "ratio", "no data"),
    ],
)
def test_quantities(value: float | None, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_no_data_is_not_zero() -> None:
    assert share(None) == "unknown"
    assert share(0.0) == "0 %"
    assert clock_time(None) == "unknown"


def test_times_are_utc() -> None:
    assert clock_time(AT) == "2026-03-12T10:03:40Z"
    assert span(Window(start=AT, end=AT + timedelta(minutes=10))).endswith("10:13:40 UTC (10 min)")
    assert "2026-03-14" in span(Window(start=AT, end=AT + timedelta(days=2)))


def test_what_was_left_out_is_said() -> None:
    assert rows(["one"], 3, "ask again") == "- one\n(3 more left out; ask again)"
    assert rows(["one"], 0, "ask again") == "- one"


@given(st.text(max_size=400), st.integers(2, 300))
def test_untrusted_text_is_one_short_line(text: str, longest: int) -> None:
    line = plain(text, longest)
    assert len(line) <= longest
    assert "\n" not in line
    assert "\x1b" not in line


def test_a_long_line_keeps_its_head_and_its_tail() -> None:
    line = plain(f"Request failed; {'nested ' * 80}No instances available for orders", 240)
    assert len(line) == 240
    assert line.startswith("Request failed; nested")
    assert line.endswith("nested No instances available for orders")


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("attempt # of #: TimeoutError", "attempt … of …: TimeoutError"),
        ("catalogue #.#.# cannot start", "catalogue … cannot start"),
        ("session b#e#ad# expired after #ms", "session … expired after …ms"),
        ("at #-#-# the node left", "at … the node left"),
        ("see ticket #42", "see ticket #42"),
        ("nothing varies in face", "nothing varies in face"),
    ],
)
def test_what_varies_in_a_line_is_left_out_for_people(template: str, told: str) -> None:
    assert unmasked(template) == told
