"""A line that stands for equal ones counts as many, and what a limit dropped is said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.live.logs.lines import LogLine
from tools.live.logs.repeats import unrolled
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 5, 7, 9, 31, tzinfo=UTC)


def line(text: str, level: str = "", after: int = 0) -> LogLine:
    return LogLine(NOW + timedelta(seconds=after), "web", "", level, text, "", "")


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("message repeated 4 times: [ no answer]", 4),
        ("last message repeated 3 times", 3),
        ("host1 last message repeated 1 time", 1),
        ("--- last message repeated 2 times ---", 2),
        ("Last message 'no answer' repeated 7 times, suppressed by syslog-ng on host1", 7),
        ("Internal log [no answer] has been suppressed 5 times.", 5),
        ("no answer (repeated 6 times)", 6),
        ("uid=1000(app) worker identical 2 lines", 2),
    ],
)
def test_a_line_that_stands_for_equal_ones_is_as_many(text: str, times: int) -> None:
    found = unrolled([line("no answer", "error"), line(text, after=9)], "the log files")
    assert found == [line("no answer", "error"), *[line("no answer", "error", after=9)] * times]


def test_what_is_repeated_may_be_named_without_the_line_before() -> None:
    found = unrolled([line("message repeated 2 times: [ERROR no answer]")], "the log files")
    assert found == [line("ERROR no answer", "error")] * 2


@pytest.mark.parametrize(
    "text",
    [
        "Start request repeated too quickly.", "job repeated 3 times a day", "last message repeated",
        "suppressed the alert for 3 services", "message repeated 4 times",
    ],
)  # fmt: skip
def test_a_sentence_about_repeating_is_a_line(text: str) -> None:
    with collect_gaps() as gaps:
        assert unrolled([line("started"), line(text)], "the log files")[1:] == [line(text)]
    assert not gaps


@pytest.mark.parametrize(
    "text",
    [
        "Suppressed 3121 messages from shop.service",
        "imjournal: 3121 messages lost due to rate-limiting (20000 allowed within 600 seconds)",
        "net_ratelimit: 3121 callbacks suppressed",
        "3121 log lines were dropped due to rate limits",
    ],
)
def test_what_a_limit_dropped_is_said(text: str) -> None:
    with collect_gaps() as gaps:
        assert unrolled([line(text)], "the log files") == [line(text)]
    assert gaps == [
        "the log files: 3,121 lines were dropped by the limits of those who write them, as they say"
    ]


def test_repeated_lines_are_bounded() -> None:
    with collect_gaps() as gaps:
        found = unrolled([line("no answer"), line("last message repeated 999999999999 times")], "it")
    assert len(found) == 10_001
    assert gaps == ["it: repeated lines count as no more than 10,000"]


@given(texts=st.lists(st.text(max_size=40)))
def test_other_lines_stay_as_they_are(texts: list[str]) -> None:
    lines = [line(text) for text in texts if "repeat" not in text and "identical" not in text]
    assert unrolled(lines, "it") == lines
