"""Files of servers, of five to twenty lines each, are read as they are meant, event by event."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from incidents.findings import Window
from tools.clock import VirtualClock
from tools.live.logs import live_logs
from tools.live.secrets import Secrets
from tools.live.settings import LogFiles

NOW = datetime(2026, 5, 7, 10, 5, tzinfo=UTC)
LINES = Path(__file__).parent / "log_lines"
#: A time at the beginning of a message is not taken off.
STAMP = re.compile(r"\W*(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d)")


class Event(NamedTuple):
    """What is to be read: any of the times (none: whichever), any of the levels, a part of the message."""

    times: list[datetime]
    levels: list[str]
    text: str


class File(NamedTuple):
    """A log file and its events in the order of their times."""

    name: str
    text: str
    events: list[Event]


def files(name: str) -> list[File]:
    """The files of a collection."""
    found = []
    for part in re.split(r"(?m)^=== ", (LINES / name).read_text())[1:]:
        title, _, rest = part.partition("\n")
        text, _, events = rest.rpartition("\n---\n")
        found.append(File(title, f"{text}\n", [event(line) for line in events.splitlines() if line]))
    return found


def event(line: str) -> Event:
    head, _, text = line.partition(" |")
    times, levels = head.split()
    moments = [] if "?" in times else [datetime.fromisoformat(f"2026-05-07T{at}Z") for at in times.split("/")]
    return Event(moments, [level.strip("-") for level in levels.split("/")], text.strip())


FILES = [*files("servers.txt"), *files("agents.txt")]


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
async def test_a_file_of_a_server_is_read_as_it_is_meant(file: File, tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text(file.text)
    os.utime(log, (NOW.timestamp() - 300,) * 2)
    spec = LogFiles(kind="files", paths=(f"{tmp_path}/{{service}}.log",))
    port = live_logs([spec], ("web",), Secrets({}), VirtualClock(NOW))
    frame = await port.logs(Window(start=NOW - timedelta(hours=11), end=NOW))
    assert frame.height == len(file.events)
    for row, expected in zip(frame.iter_rows(named=True), file.events, strict=True):
        assert expected.text in row["message"]
        assert row["level"] in expected.levels, row["message"]
        assert not expected.times or row["time"] in expected.times, row["message"]
        assert not STAMP.match(row["message"])
