"""Lines of containers and units that come through a backend are read as those of a file are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from incidents.findings import Window
from tests.tools.live.fakes.logs import elasticsearch, gatewayd, loki
from tests.tools.live.fakes.server import serving
from tests.tools.live.test_logs_forms import FORMS, written
from tools.analysis import LOGS_SCHEMA
from tools.clock import VirtualClock
from tools.live.logs import live_logs
from tools.live.logs.lines import LogLine
from tools.live.logs.told import told
from tools.live.secrets import Secrets
from tools.live.settings import Elastic, Journal, LogSpec, Loki

NOW = datetime(2026, 5, 7, 9, 31, tzinfo=UTC)
BACKENDS = [(loki, Loki, "loki"), (elasticsearch, Elastic, "elasticsearch"), (gatewayd, Journal, "journal")]
TRACE = """\
2026-05-07 09:30:01.250  INFO 7 --- [main] com.shop.Cart : cart 12 saved
2026-05-07 09:30:02.250 ERROR 7 --- [main] com.shop.Pay  : charge failed
java.lang.IllegalStateException: gateway timeout
	at com.shop.Pay.charge(Pay.java:42)
Caused by: java.net.SocketTimeoutException: Read timed out
	... 12 more
2026-05-07 09:30:03.250  WARN 7 --- [main] com.shop.Pay  : sending alert email
"""


def frame_of(text: str, apart: timedelta = timedelta(milliseconds=1)) -> pl.DataFrame:
    """The lines of a container as a backend keeps them: each at its own time, without a level."""
    start = NOW - timedelta(minutes=1)
    lines = text.splitlines()
    rows = [(start + apart * n, "web", "web-1", "", line, "", "") for n, line in enumerate(lines)]
    return pl.DataFrame(rows, schema=LOGS_SCHEMA, orient="row")


async def read(fake: Any, kind: type[LogSpec], name: str, lines: pl.DataFrame) -> pl.DataFrame:
    with serving(fake(lines)) as server:
        spec = kind.model_validate({"kind": name, "url": server.url})
        port = live_logs([spec], ("web",), Secrets({}), VirtualClock(NOW))
        try:
            return await port.logs(Window(start=NOW - timedelta(minutes=10), end=NOW))
        finally:
            await port.aclose()


@pytest.mark.parametrize(("fake", "kind", "name"), BACKENDS)
async def test_a_trace_is_one_event_and_a_head_is_no_text(fake: Any, kind: type[LogSpec], name: str) -> None:
    lines = frame_of(TRACE)
    frame = await read(fake, kind, name, lines)
    assert frame["message"].to_list() == [
        "cart 12 saved",
        "charge failed\njava.lang.IllegalStateException: gateway timeout\n"
        "\tat com.shop.Pay.charge(Pay.java:42)\nCaused by: java.net.SocketTimeoutException: Read timed out\n"
        "\t... 12 more",
        "sending alert email",
    ]
    assert frame["level"].to_list() == ["info", "error", "warn"]
    # The backend's times stay.
    assert frame["time"].to_list() == [lines["time"][0], lines["time"][1], lines["time"][6]]


async def test_the_lines_of_a_trace_may_be_of_one_moment() -> None:
    frame = await read(loki, Loki, "loki", frame_of(TRACE, timedelta()))
    assert frame["level"].to_list() == ["info", "error", "warn"]
    assert frame["message"][1].endswith("... 12 more")


@pytest.mark.parametrize("form", FORMS, ids=[form["name"] for form in FORMS])
def test_every_form_is_read_through_a_backend(form: dict[str, Any]) -> None:
    text, expected = written(form)
    lines = [
        LogLine(NOW + timedelta(milliseconds=n), "web", "web-1", "", line, "", "")
        for n, line in enumerate(text.splitlines())
        if line.strip()
    ]
    found = told(lines)
    if form["precision"] == "none" or "batch" in form["name"]:
        return
    assert [line.level for line in found] == [event.level for event in expected]
    assert all(event.text in line.message for line, event in zip(found, expected, strict=True))


def test_the_level_of_a_backend_stays_unless_it_is_that_of_a_stream() -> None:
    klog = [
        LogLine(NOW, "web", "n-1", "info", f"{letter}0507 09:30:01.250000       1 pay.go:42] {text}", "", "")
        for letter, text in (("I", "cart saved"), ("W", "slow"), ("E", "no answer"))
    ]
    assert [line.level for line in told(klog)] == ["info"] * 3
    assert [line.level for line in told(klog, own_level=True)] == ["info", "warn", "error"]
    assert [line.message for line in told(klog)] == ["cart saved", "slow", "no answer"]


def test_lines_of_two_writers_are_not_one_event() -> None:
    one = [LogLine(NOW, "web", "a", "", "2026-05-07 09:30:01 ERROR charge failed", "", "")] * 2
    other = [LogLine(NOW, "web", "b", "", "started", "", "")]
    assert len(told(one)) == 2
    assert [line.message for line in told(other)] == ["started"]


def test_an_empty_line_stays_what_it_is() -> None:
    line = LogLine(NOW, "web", "a", "info", "", "", "")
    assert told([line]) == [line]
    assert told([]) == []
