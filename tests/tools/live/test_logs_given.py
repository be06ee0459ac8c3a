"""The log files beside the project are read as their table says, through the adapter as it is configured."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from incidents.findings import Window
from tools.clock import VirtualClock
from tools.live.logs import live_logs
from tools.live.secrets import Secrets
from tools.live.settings import LogFiles

GIVEN = Path(__file__).resolve().parents[4] / "shared" / "inputs" / "logs"
pytestmark = pytest.mark.skipif(
    not GIVEN.is_dir(), reason="the given logs (../shared/inputs/logs) are not beside this checkout"
)
NOW = datetime(2026, 11, 29, 3, 31, tzinfo=UTC)
FIRST = datetime(2026, 11, 29, 3, 27, 39, 179_000, tzinfo=UTC)
#: Files whose times have no fractions.
WHOLE = {"syslog3164", "php-fpm", "control-nginx-error", "control-bracketed"}
#: Files without a level.
SILENT = {"nolevel-alert", "control-nolevel-reminder"}
KEYS = {
    "pino": {"time": "time", "message": "msg"},
    "gelf": {"time": "timestamp", "message": "short_message"},
    "docker-json": {"message": "log"},
    "control-zap": {"time": "ts", "message": "msg"},
    "control-clef": {"time": "@t", "message": "@m", "level": "@l"},
}
#: Files whose text is all that is expected, and nothing before it.
EXACT = {
    "klog", "logfmt", "ansi-spring", "php-fpm", "nolevel-alert", "pino", "gelf", "control-json",
    "control-zap", "control-clef", "control-nolevel-reminder",
}  # fmt: skip
FILES = sorted(GIVEN.glob("*.log")) if GIVEN.is_dir() else []


async def read(keys: dict[str, str], folder: Path) -> pl.DataFrame:
    spec = LogFiles.model_validate({"kind": "files", "paths": [f"{folder}/{{service}}.log"], **keys})
    port = live_logs([spec], ("payment",), Secrets({}), VirtualClock(NOW))
    return await port.logs(Window(start=NOW - timedelta(minutes=10), end=NOW))


@pytest.mark.parametrize("named", [True, False], ids=["keys named", "keys found"])
@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
async def test_a_given_file_is_read_as_its_table_says(file: Path, named: bool, tmp_path: Path) -> None:
    shutil.copyfile(file, tmp_path / "payment.log")
    frame = await read(KEYS.get(file.stem, {}) if named else {}, tmp_path)
    assert frame.height == 20
    first = FIRST.replace(microsecond=0) if file.stem in WHOLE else FIRST
    assert frame["time"][0] == first
    silent = file.stem in SILENT
    levels = [""] * 20 if silent else ["info"] * 14 + ["warn"] + ["error"] * 5
    assert frame["level"].to_list() == levels
    text = "sending news to customer 1001" if silent else "charge accepted order=1001"
    if file.stem == "control-nginx-error":
        text = "charge accepted"
    message = frame["message"][0]
    assert (message == text) if file.stem in EXACT else message.endswith(text)
    assert not any(sign in line for line in frame["message"] for sign in ("\x1b", "\r"))
