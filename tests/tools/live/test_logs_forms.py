"""Every form of log lines that loggers and servers write gives time, level and text of every event."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
import yaml

from incidents.findings import Window
from tools.clock import VirtualClock
from tools.live.logs import live_logs
from tools.live.secrets import Secrets
from tools.live.settings import LogFiles
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 5, 7, 9, 31, tzinfo=UTC)
FORMS = yaml.safe_load((Path(__file__).parent / "log_lines" / "forms.yaml").read_text())
_STEP = {"s": timedelta(seconds=1), "ms": timedelta(milliseconds=1), "us": timedelta(microseconds=1)}


class Event(NamedTuple):
    """What was logged: 14 times that all is well, once a warning, and five failures."""

    time: datetime
    level: str
    text: str


def events() -> list[Event]:
    start = NOW - timedelta(minutes=4, microseconds=-812_345)
    fine = [Event(start + timedelta(seconds=9 * n), "info", f"cart {4001 + n} saved") for n in range(14)]
    slow = Event(start + timedelta(seconds=139), "warn", "store slow, sending alert email about cart 4015")
    failed = [
        Event(start + timedelta(seconds=140 + n * 0.25), "error", f"cart {4016 + n} lost: no answer in 5s")
        for n in range(5)
    ]
    return [*fine, slow, *failed]


def written(form: dict[str, Any]) -> tuple[str, list[Event]]:
    """The file in a form, and what is to be read in it."""
    lines, expected = [], []
    precision, _, ahead = form["precision"].partition("+")
    for number, event in enumerate(events(), start=1):
        said = dict(zip(("info", "warn", "error"), form.get("levels", ["", "", ""]), strict=True))[
            event.level
        ]
        word, level = said if isinstance(said, list) else (said, event.level if "levels" in form else "")
        at = event.time + timedelta(hours=int(ahead or 0))
        micros = round(event.time.timestamp() * 1_000_000)
        line = form["line"].format(
            t=at, ms=f"{at.microsecond // 1000:03d}", us=f"{at.microsecond:06d}", h12=int(f"{at:%I}"),
            Es=micros // 1_000_000, Ems=f"{micros // 1000 / 1000:.3f}", Eus=micros, Ens=f"{micros}000",
            nanos=at.microsecond * 1000, Emillis=micros // 1000,
            L=word, C=word[:1], n=number, m=event.text, m2=event.text.replace(" ", "+"),
        )  # fmt: skip
        failed = event.level == "error"
        lines.append(f"{line}\n{form['below']}" if failed and "below" in form else line)
        step = _STEP.get(precision)
        shown = event.time - (event.time - datetime(1970, 1, 1, tzinfo=UTC)) % step if step else event.time
        text = event.text.replace(" ", "+") if "{m2}" in form["line"] else event.text
        expected.append(Event(shown, level, text))
    return "\n".join(lines) + "\n", expected


async def read(path: Path, **more: str) -> tuple[pl.DataFrame, list[str]]:
    spec = LogFiles.model_validate({"kind": "files", "paths": [str(path)], **more})
    port = live_logs([spec], ("web",), Secrets({}), VirtualClock(NOW))
    with collect_gaps() as gaps:
        return await port.logs(Window(start=NOW - timedelta(minutes=10), end=NOW)), gaps


@pytest.mark.parametrize("form", FORMS, ids=[form["name"] for form in FORMS])
async def test_a_form_gives_time_level_and_text_of_every_event(tmp_path: Path, form: dict[str, Any]) -> None:
    text, expected = written(form)
    file = tmp_path / "web.log"
    file.write_text(text)
    os.utime(file, (NOW.timestamp() - 20,) * 2)
    frame, _ = await read(tmp_path / "{service}.log")
    assert frame["level"].to_list() == [event.level for event in expected]
    if form["precision"] != "none":
        assert frame["time"].to_list() == [event.time for event in expected]
    last = form.get("below", "").rsplit("\n", 1)[-1].strip()
    for row, event in zip(frame.iter_rows(named=True), expected, strict=True):
        assert event.text in row["message"]
        assert last in row["message"] or event.level != "error"
