"""What holds for any log line: nothing breaks the reading, and a moment is the one that was written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.live.logs.learning import learnt
from tools.live.logs.levels import text_level
from tools.live.logs.lines import Keys
from tools.live.logs.reading import Reader
from tools.live.logs.times import Calendar

NOW = datetime(2026, 5, 7, 9, 31, tzinfo=UTC)
NEAR = st.datetimes(NOW.replace(tzinfo=None) - timedelta(days=300), NOW.replace(tzinfo=None))
#: A stamp, what of the time it holds, and whether it names its zone.
STAMPS = [
    ("%Y-%m-%d %H:%M:%S.%f", timedelta(microseconds=1)),
    ("%Y/%m/%d %H:%M:%S", timedelta(seconds=1)),
    ("%d/%b/%Y:%H:%M:%S", timedelta(seconds=1)),
    ("%d-%b-%Y %H:%M:%S.%f", timedelta(microseconds=1)),
    ("%b %d, %Y %I:%M:%S %p", timedelta(seconds=1)),
    ("%a %b %d %H:%M:%S %Y", timedelta(seconds=1)),
    ("%b %d %H:%M:%S", timedelta(seconds=1)),
    ("%m-%d %H:%M:%S.%f", timedelta(microseconds=1)),
    ("%y%m%d %H%M%S", timedelta(seconds=1)),
    ("%Y%m%dT%H%M%S", timedelta(seconds=1)),
]
WORDS = st.lists(
    st.one_of(
        st.sampled_from(
            ["INFO", "[error]", "level=warn", "{", "}", '{"time": 3}', "2026-05-07T09:30:00Z", "09:30:00",
             "-", "|", "1778146200", "<34>", "1", "host", "app[7]:", "\x1b[31m", "a=", "May  7 09:30:00",
             "Traceback (most recent call last):", "31/31/2026 99:99:99", "#Fields:", "%LINK-3-UPDOWN:",
             "stdout F", '{"log": "x"}']
        ),
        st.text(max_size=12),
    ),
    max_size=12,
)  # fmt: skip


@given(moment=NEAR, stamp=st.sampled_from(STAMPS), east=st.integers(-11, 13))
def test_a_moment_is_read_as_it_was_written(
    moment: datetime, stamp: tuple[str, timedelta], east: int
) -> None:
    form, step = stamp
    zone = timezone(timedelta(hours=east))
    expected = moment.replace(tzinfo=UTC)
    expected -= (expected - datetime(1970, 1, 1, tzinfo=UTC)) % step
    line = f"{expected.astimezone(zone):{form}} cart saved"
    found = learnt([line], Calendar(zone, NOW))
    assert [layout.time(line) for layout in found] == [expected]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(WORDS, min_size=1, max_size=12))
def test_no_line_breaks_the_reading(
    rows: list[list[str]],
) -> None:
    raws = [" ".join(row).replace("\n", " ").encode() for row in rows]
    reader = Reader(raws, Keys(), "web", Calendar(UTC, NOW))
    found = reader.read(raws).lines if not reader.blind else reader.without_time(raws, NOW)
    assert all(line.time.tzinfo is not None and line.service == "web" for line in found)
    assert all("\x1b" not in line.message for line in found)
    assert not reader.blind or len(found) <= len(raws)


@pytest.mark.parametrize(
    "text",
    [
        "sending alert email to customer 7", "the error was fixed", "no error", "info desk opens at nine",
        "critical path has 3 steps", "panic button pressed", "user fatal logged in", "errors: 0",
    ],
)  # fmt: skip
def test_a_word_in_a_sentence_is_no_level(text: str) -> None:
    assert text_level(text) == ""


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("ERROR no room", "error"), ("[warn] slow", "warn"), ("error: no room", "error"),
        ("PHP Warning:  x", "warn"), ("level=fatal x", "fatal"), ("%SYS-2-X: down", "fatal"),
        ("panic: nil map", "fatal"), ("Traceback (most recent call last):", "error"), ("<Error> x", "error"),
        ("web-1 | FATAL gone", "fatal"),
    ],
)  # fmt: skip
def test_a_level_that_says_so_is_one(text: str, level: str) -> None:
    assert text_level(text) == level
