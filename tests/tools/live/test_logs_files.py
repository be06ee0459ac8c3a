"""Log files as they are found: large, rotated, half written, broken, in several formats."""

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from io import BufferedReader, BytesIO
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.clock import VirtualClock
from tools.live.files import window_lines
from tools.live.logs import live_logs
from tools.live.logs.lines import MOST_LINES
from tools.live.secrets import Secrets
from tools.live.settings import LogFiles
from tools.live.telemetry_rows import moment_of
from tools.live.unpacked import opened
from tools.live.zstd_frames import ZstdFrames
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
NAMES = ("web", "checkout")


def at(seconds: float) -> str:
    """So many seconds before now."""
    return (NOW - timedelta(seconds=seconds)).isoformat()


def lines_of(moments: Iterable[float], text: str = "order accepted") -> str:
    return "".join(json.dumps({"time": at(s), "level": "INFO", "message": text}) + "\n" for s in moments)


async def read(
    *paths: object, last: timedelta = timedelta(minutes=10), services: Sequence[str] = (), **keys: str
) -> tuple[pl.DataFrame, list[str]]:
    """The rows of the last minutes, and the gaps."""
    spec = LogFiles.model_validate({"kind": "files", "paths": [str(path) for path in paths], **keys})
    port = live_logs([spec], NAMES, Secrets({}), VirtualClock(NOW))
    with collect_gaps() as gaps:
        frame = await port.logs(Window(start=NOW - last, end=NOW), services)
    return frame, gaps


async def test_json_lines_give_their_fields_and_the_path_the_service(tmp_path: Path) -> None:
    row = {
        "time": at(9), "level": "WARNING", "message": "slow", "trace_id": "t1", "span_id": "s1",
        "instance": "w-1",
    }  # fmt: skip
    (tmp_path / "web.log").write_text(json.dumps(row) + "\n")
    frame, gaps = await read(tmp_path / "{service}.log")
    assert frame.row(0) == (NOW - timedelta(seconds=9), "web", "w-1", "warn", "slow", "t1", "s1")
    assert not gaps


async def test_keys_can_be_named_and_may_be_nested(tmp_path: Path) -> None:
    row = {"ts": NOW.timestamp() - 5, "log": {"level": "error"}, "service.name": "checkout", "msg": "no"}
    (tmp_path / "all.log").write_text(json.dumps(row) + "\n")
    frame, _ = await read(
        tmp_path / "*.log", time="ts", level="log.level", service="service.name", message="msg"
    )
    assert frame.select("service", "level", "message").row(0) == ("checkout", "error", "no")


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-03-12T11:59:30Z", 0),
        ("2026-03-12 11:59:30,250", 250_000),
        ("[2026-03-12 11:59:30.5]", 500_000),
        ("2026/03/12 11:59:30", 0),
        ("2026-03-12T12:59:30+01:00", 0),
    ],
)
async def test_text_lines_begin_with_their_time(tmp_path: Path, stamp: str, expected: int) -> None:
    (tmp_path / "web.log").write_text(f"{stamp} ERROR [pool-1] connection refused\n  at Pool.get\n\n")
    frame, gaps = await read(tmp_path / "{service}.log")
    moment = datetime(2026, 3, 12, 11, 59, 30, expected, tzinfo=UTC)
    assert frame.select("time", "level").row(0) == (moment, "error")
    # What has no time goes on the line above it.
    assert frame["message"].to_list() == ["connection refused\n  at Pool.get"]
    assert not gaps


async def test_lines_that_cannot_be_read_are_evidence_at_the_time_of_the_line_before(tmp_path: Path) -> None:
    broken = '{"time": "2026-03-12T11:59\n{"level": "info"}\n\x00\xff garbage\n[1, 2]\n'
    (tmp_path / "web.log").write_text(lines_of([9]) + broken + lines_of([8]), encoding="latin-1")
    frame, gaps = await read(tmp_path / "{service}.log")
    assert [(NOW - time).total_seconds() for time in frame["time"]] == [9, 9, 9, 9, 8]
    assert frame["message"].to_list()[1:4] == [
        '{"time": "2026-03-12T11:59',
        '{"level": "info"}',
        "\x00\ufffd garbage\n[1, 2]",
    ]
    assert gaps == ["3 lines of web.log tell no time and stand at that of the line before"]


async def test_what_a_dying_program_prints_between_objects_is_one_failure(tmp_path: Path) -> None:
    trace = 'Traceback (most recent call last):\n  File "web.py", line 3, in cart\nKeyError: 7\n'
    (tmp_path / "web.log").write_text(lines_of([9]) + trace + lines_of([8]))
    frame, _ = await read(tmp_path / "{service}.log")
    assert frame["level"].to_list() == ["info", "error", "info"]
    assert frame["message"][1] == trace.strip()


async def test_a_file_that_tells_no_time_is_evidence_of_when_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "web.log"
    file.write_text("warming up\nERROR no room on /data\n  at Store.write\n")
    os.utime(file, (NOW.timestamp() - 30,) * 2)
    frame, gaps = await read(tmp_path / "{service}.log")
    assert frame["message"].to_list() == ["warming up", "ERROR no room on /data\n  at Store.write"]
    assert frame["level"].to_list() == ["", "error"]
    assert set(frame["time"]) == {NOW - timedelta(seconds=30)}
    assert gaps == ["no line of web.log tells a time: its last 3 lines stand at the file's, 11:59:30 UTC"]


async def test_the_check_shows_the_first_line_that_tells_no_time_masked(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("cart saved, password=hunter2secret\ncart saved\n")
    spec = LogFiles(kind="files", paths=(f"{tmp_path}/web.log",))
    with pytest.raises(
        ToolFailed, match=r"no line with a time.*the first is: cart saved, password="
    ) as caught:
        await live_logs([spec], NAMES, Secrets({})).check()
    assert "hunter2secret" not in str(caught.value)


async def test_a_year_is_taken_from_the_file_and_a_zone_from_the_settings_and_both_are_said(
    tmp_path: Path,
) -> None:
    file = tmp_path / "web.log"
    file.write_text("Mar 12 13:59:30 host web[7]: cart saved\n")
    os.utime(file, (NOW.timestamp() - 30,) * 2)
    frame, gaps = await read(tmp_path / "{service}.log", zone="Europe/Athens")
    assert frame["time"].to_list() == [NOW - timedelta(seconds=30)]
    assert gaps == ["the lines of web.log hold no year: it is taken from the file's time"]
    spec = LogFiles.model_validate({"kind": "files", "paths": [str(file)], "zone": "Europe/Athens"})
    said = await live_logs([spec], NAMES, Secrets({}), VirtualClock(NOW)).check()
    assert "no year in the lines of web.log: it is that of the file's time" in said
    assert "no zone in the times of web.log: they are read as Europe/Athens (`zone`)" in said


@pytest.mark.parametrize(
    ("ahead", "zone", "said"),
    [
        (timedelta(hours=2), "UTC", "the last lies 2 h 00 min after its file"),
        (-timedelta(hours=5, minutes=30), "UTC", "the last lies 5 h 30 min before its file"),
        (timedelta(hours=2), "Europe/Athens", ""),
        (timedelta(minutes=7), "UTC", ""),
    ],
)
async def test_a_wrong_zone_is_said_also_where_it_moves_every_line_out_of_the_window(
    tmp_path: Path, ahead: timedelta, zone: str, said: str
) -> None:
    file = tmp_path / "web.log"
    written = NOW - timedelta(minutes=9)
    file.write_text(f"{written + ahead:%Y-%m-%d %H:%M:%S} INFO cart saved\n")
    os.utime(file, (written.timestamp(),) * 2)
    _, gaps = await read(tmp_path / "{service}.log", zone=zone)
    assert said in "".join(gaps)
    assert any("name their zone" in gap for gap in gaps) == bool(said)


async def test_lines_around_new_year_are_of_two_years(tmp_path: Path) -> None:
    file = tmp_path / "web.log"
    file.write_text("Dec 31 23:59:58 host web[7]: one\nDec 31 23:59:59 host web[7]: two\n"
                    "Jan  1 00:00:01 host web[7]: three\n")  # fmt: skip
    now = datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC)
    os.utime(file, (now.timestamp() - 4,) * 2)
    spec = LogFiles(kind="files", paths=(f"{tmp_path}/{{service}}.log",))
    port = live_logs([spec], NAMES, Secrets({}), VirtualClock(now))
    frame = await port.logs(Window(start=now - timedelta(minutes=10), end=now))
    assert [f"{at:%Y-%m-%d %H:%M:%S}" for at in frame["time"]] == [
        "2026-12-31 23:59:58", "2026-12-31 23:59:59", "2027-01-01 00:00:01",
    ]  # fmt: skip


@pytest.mark.parametrize("minutes", [30, 50, 75, 95])
async def test_the_hour_that_a_clock_shows_twice_is_two_hours(tmp_path: Path, minutes: int) -> None:
    zone, begin = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    moments = [begin + timedelta(seconds=30 * n) for n in range(300)]  # 01:30 CEST to 03:00 CET
    file = tmp_path / "web.log"
    file.write_text(
        "".join(f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} INFO {n}\n" for n, at in enumerate(moments))
    )
    now = moments[-1] + timedelta(seconds=1)
    os.utime(file, (now.timestamp(),) * 2)
    spec = LogFiles(kind="files", paths=(f"{tmp_path}/{{service}}.log",), zone="Europe/Berlin")
    port = live_logs([spec], NAMES, Secrets({}), VirtualClock(now))
    start = begin + timedelta(minutes=minutes)
    frame = await port.logs(Window(start=start, end=start + timedelta(minutes=20)))
    assert frame["message"].to_list() == [
        str(n) for n, at in enumerate(moments) if 0 <= (at - start).total_seconds() < 1200
    ]


async def test_lines_that_are_a_little_out_of_order_are_put_into_it(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text(lines_of([9, 30, 7, 8, 50, 6]))
    frame, _ = await read(tmp_path / "{service}.log")
    assert [(NOW - at).total_seconds() for at in frame["time"]] == [50, 30, 9, 8, 7, 6]


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "+99:00", "../UTC", ""])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError, match="a time zone such as"):
        LogFiles.model_validate({"kind": "files", "paths": ["x.log"], "zone": zone})


async def test_a_line_that_is_being_written_is_left_for_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "web.log"
    whole = lines_of([9, 8])
    file.write_text(whole[:-20])
    frame, gaps = await read(file, service="none")
    assert frame.height == 0
    frame, gaps = await read(tmp_path / "{service}.log")
    assert frame.height == 1
    assert not gaps
    file.write_text(whole.rstrip("\n"))
    frame, _ = await read(tmp_path / "{service}.log")
    assert frame.height == 2


async def test_rotated_and_compressed_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text(lines_of([5, 4]))
    (tmp_path / "web.log.1").write_text(lines_of([20, 10]))
    (tmp_path / "web.log-20260312").write_text(lines_of([40, 30]))
    (tmp_path / "web.log.2.gz").write_bytes(gzip.compress(lines_of([60]).encode()))
    (tmp_path / "web.log.3.bz2").write_bytes(bz2.compress(lines_of([70]).encode()))
    (tmp_path / "web-2026-03-11.log.xz").write_bytes(lzma.compress(lines_of([80]).encode()))
    (tmp_path / "web.1.log").write_text(lines_of([90]))
    (tmp_path / "web.log.4.zst").write_bytes(zstandard.compress(lines_of([85]).encode()))
    (tmp_path / "web.log.5.lz4").write_bytes(b"\x04\x22\x4d\x18 and more")
    (tmp_path / "web-admin.log").write_text(lines_of([95], "of another service"))
    frame, gaps = await read(tmp_path / "{service}.log")
    ages = [(NOW - moment).total_seconds() for moment in frame["time"]]
    assert ages == [90, 85, 80, 70, 60, 40, 30, 20, 10, 5, 4]
    assert gaps == ["files of this compression are not read: web.log.5.lz4"]


async def test_a_large_compressed_file_is_read_where_the_window_is(tmp_path: Path) -> None:
    text = "".join(f"{at(s)} INFO cart {s} saved and {'x' * 200}\n" for s in range(40_000, 0, -10))
    (tmp_path / "web.log.1.gz").write_bytes(gzip.compress(text.encode()))
    frame, gaps = await read(tmp_path / "{service}.log")
    assert frame.height == 60
    assert not gaps


async def test_a_file_that_is_still_being_compressed_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = gzip.compress(lines_of(range(500, 0, -1)).encode(), compresslevel=0)
    (tmp_path / "web.log.1.gz").write_bytes(whole[: len(whole) // 2])
    frame, gaps = await read(tmp_path / "{service}.log")
    assert 200 < frame.height < 300
    assert gaps == ["web.log.1.gz is broken or still being compressed: it was read as far as it goes"]


def test_frames_of_zstd_are_read_one_after_the_other_and_one_that_is_cut_off_is_told() -> None:
    noise = os.urandom(300_000)
    packed = zstandard.compress(noise) + zstandard.compress(b"the end")
    assert BufferedReader(ZstdFrames(BytesIO(packed))).read() == noise + b"the end"
    cut = BufferedReader(ZstdFrames(BytesIO(packed[:200_000])))
    assert cut.read(100_000) == noise[:100_000]
    with pytest.raises(EOFError, match="cut off"):
        cut.read()
    with pytest.raises(OSError, match="zstd"):
        BufferedReader(ZstdFrames(BytesIO(b"\x28\xb5\x2f\xfd and more"))).read()


def test_what_is_unpacked_is_bounded(tmp_path: Path) -> None:
    file = tmp_path / "web.log.1.gz"
    file.write_bytes(gzip.compress(bytes(3_000_000)))
    with opened(file, most=1_000_000) as plain:
        assert len(plain.read()) == 1_000_000


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
async def test_text_of_windows_is_read(tmp_path: Path, codec: str) -> None:
    text = f"{at(9)} INFO Größe geändert\r\n{at(8)} ERROR 保存失敗\r\n"
    (tmp_path / "web.log").write_bytes(text.encode(codec))
    frame, gaps = await read(tmp_path / "{service}.log")
    assert frame.select("level", "message").rows() == [("info", "Größe geändert"), ("error", "保存失敗")]
    assert not gaps


async def test_a_line_that_is_no_utf8_is_read_as_windows_writes_it(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_bytes(f"{at(9)} INFO Größe für 5 € geändert\n".encode("cp1252"))
    frame, _ = await read(tmp_path / "{service}.log")
    assert frame["message"].to_list() == ["Größe für 5 € geändert"]


async def test_of_a_file_and_its_copy_one_is_read(tmp_path: Path) -> None:
    text = lines_of(range(100, 0, -1))
    (tmp_path / "web.log").write_text(text)
    (tmp_path / "web.log.1").write_text(text[: len(text) // 2])  # copytruncate copies before it empties
    (tmp_path / "web.log.1.gz").write_bytes(gzip.compress(text.encode()))  # gzip removes when it is done
    frame, gaps = await read(tmp_path / "{service}.log")
    assert frame.height == 100
    assert not gaps


class Rotating(VirtualClock):
    """A clock that rotates the logs when a file is about to be read, so many times."""

    def __init__(self, folder: Path, times: int) -> None:
        super().__init__(NOW)
        self._folder, self._times, self._asked, self._lock = folder, times, 0, Lock()

    def now(self) -> datetime:
        with self._lock:  # every file is read in a thread of its own
            self._asked += 1
            if self._asked > 1 and self._times:
                self._times -= 1
                self._rotate()
        return super().now()

    def _rotate(self) -> None:
        for number in (9, 8, 7, 6, 5, 4, 3, 2, 1):
            if (old := self._folder / f"web.log.{number}").exists():
                old.rename(self._folder / f"web.log.{number + 1}")
        (self._folder / "web.log").rename(self._folder / "web.log.1")
        (self._folder / "web.log").write_text(lines_of([1 - self._times / 10]))


@pytest.mark.parametrize(("times", "said"), [(1, False), (9, True)])
async def test_files_that_are_rotated_while_they_are_read_are_read_again(
    tmp_path: Path, times: int, said: bool
) -> None:
    (tmp_path / "web.log").write_text(lines_of([5, 4]))
    (tmp_path / "web.log.1").write_text(lines_of([20, 10]))
    spec = LogFiles(kind="files", paths=(f"{tmp_path}/{{service}}.log",))
    with collect_gaps() as gaps:
        port = live_logs([spec], NAMES, Secrets({}), Rotating(tmp_path, times))
        frame = await port.logs(Window(start=NOW - timedelta(minutes=10), end=NOW))
    if not said:
        assert [(NOW - moment).total_seconds() for moment in frame["time"]] == [20, 10, 5, 4, 1]
    assert any("rotated while they were read" in gap for gap in gaps) is said


async def test_files_that_ended_before_the_window_are_not_opened(tmp_path: Path) -> None:
    old = tmp_path / "web.log.7"
    old.write_bytes(b"\x00" * 100)
    (tmp_path / "web.log").write_text(lines_of([5]))
    os.utime(old, (NOW.timestamp() - 9000,) * 2)
    _, gaps = await read(tmp_path / "{service}.log")
    assert not gaps


async def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "web.log")
    (tmp_path / "checkout.log").write_text(lines_of([5]))
    frame, _ = await read(tmp_path / "{service}.log")
    assert frame["service"].to_list() == ["checkout"]


async def test_no_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"no file matches .*web\.log.*; check the paths"):
        await read(tmp_path / "{service}.log")


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    window = Window(start=NOW - timedelta(minutes=1), end=NOW)
    (tmp_path / "logs").mkdir()
    with pytest.raises(ToolFailed, match="logs cannot be read: Is a directory"):
        window_lines(tmp_path / "logs", window, lambda _: None, 10)


async def test_lines_of_services_that_nobody_knows_are_a_gap(tmp_path: Path) -> None:
    (tmp_path / "all.log").write_text(json.dumps({"time": at(3), "message": "x", "service": "ghost"}) + "\n")
    frame, gaps = await read(tmp_path / "all.log")
    assert frame.height == 0
    assert gaps == ["the lines of the log files name no service of the catalogue; they name ghost"]


async def test_an_endless_line_is_cut(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text(lines_of([5], "x" * 1_000_000))
    frame, _ = await read(tmp_path / "{service}.log")
    assert len(frame["message"][0]) == 4_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 MB of one day in 200,000 lines, a little out of order."""
    folder = tmp_path_factory.mktemp("large")
    begin, step = NOW - timedelta(days=1), timedelta(days=1) / 200_000
    pad = "y" * 230
    with (folder / "web.log").open("w") as file:
        for index in range(0, 200_000, 2):
            late, early = begin + (index + 1) * step, begin + index * step
            for moment in (late, early):
                file.write(f'{{"time":"{moment.isoformat()}","level":"info","message":"{pad}"}}\n')
    return folder


async def test_of_a_large_file_the_window_is_read_and_little_else(large: Path) -> None:
    assert (large / "web.log").stat().st_size > 50_000_000
    spec = LogFiles(kind="files", paths=(f"{large}/{{service}}.log",))
    port = live_logs([spec], NAMES, Secrets({}), VirtualClock(NOW))
    for ago in (timedelta(minutes=20), timedelta(hours=12), timedelta(hours=23, minutes=59)):
        window = Window(start=NOW - ago, end=NOW - ago + timedelta(minutes=10))
        with collect_gaps() as gaps:
            frame = await port.logs(window)
        assert abs(frame.height - 200_000 / 144) <= 2
        assert not gaps
        # Of 200,000 lines those of the window, of a minute on either side, and of two blocks are read.
        chunk = window_lines(large / "web.log", window, lambda line: moment_of(line[9:41].decode()), 200_000)
        assert len(chunk.lines) < 4_000


async def test_more_lines_than_a_question_bears_are_cut_to_the_newest(large: Path) -> None:
    spec = LogFiles(kind="files", paths=(f"{large}/{{service}}.log",))
    port = live_logs([spec], NAMES, Secrets({}), VirtualClock(NOW))
    with collect_gaps() as gaps:
        frame = await port.logs(Window(start=NOW - timedelta(days=1), end=NOW))
    assert MOST_LINES - 10 <= frame.height <= MOST_LINES
    assert frame.filter(pl.col("time") > NOW - timedelta(seconds=2)).height > 0
    assert gaps[0].startswith("web.log is too large for one question: lines before 06:")


async def test_check_tells_how_far_the_files_go(large: Path, tmp_path: Path) -> None:
    spec = LogFiles(kind="files", paths=(f"{large}/{{service}}.log",))
    said = await live_logs([spec], NAMES, Secrets({}), VirtualClock(NOW)).check()
    assert said == "the log files: 1 files; the last line is of 2026-03-12 11:59:59 UTC, in web.log"
    (tmp_path / "web.log").write_text('{"when": 3}\n')
    wrong = LogFiles(kind="files", paths=(f"{tmp_path}/web.log",))
    with pytest.raises(ToolFailed, match="no line with a time at its end; JSON lines need the key 'time'"):
        await live_logs([wrong], NAMES, Secrets({})).check()


async def test_what_is_remembered_of_lines_outlives_no_file(tmp_path: Path) -> None:
    """However a file changes between two questions, the port says what one says that never read it."""
    path, before = tmp_path / "web.log", tmp_path / "web.log.1"
    spec = LogFiles.model_validate({"kind": "files", "paths": [str(path)]})
    port = live_logs([spec], NAMES, Secrets({}), VirtualClock(NOW))

    async def both() -> pl.DataFrame:
        window = Window(start=NOW - timedelta(minutes=10), end=NOW)
        fresh, _ = await read(path)
        assert_frame_equal(await port.logs(window), fresh)
        return fresh

    named = {"service": "web"}
    path.write_text(lines_of(range(60, 50, -1)) + "no JSON\n")
    assert (await both()).height == 0  # no line names its service
    path.write_text(
        "".join(
            json.dumps({**json.loads(line), **named}) + "\n"
            for line in lines_of(range(60, 50, -1)).splitlines()
        )
    )
    assert (await both()).height == 10
    with path.open("a") as file:  # it grows, in the middle of a line
        file.write(json.dumps({"time": at(9), "message": "grown", **named}) + "\n" + '{"time": "2026-')
    assert (await both())["message"].to_list()[-1] == "grown"
    path.rename(before)  # it is rotated
    path.write_text(json.dumps({"time": at(5), "message": "rotated", **named}) + "\n")
    assert (await both()).height == 12
    path.write_text(json.dumps({"time": at(4), "message": "truncated", **named}) + "\n")
    assert (await both())["message"].to_list()[-2:] == ["grown", "truncated"]


@pytest.mark.parametrize("pattern", ["*.log", "we*", "*", "web.log"])
async def test_every_file_of_a_pattern_is_read_once(tmp_path: Path, pattern: str) -> None:
    for number, name in enumerate(("web.log", "web.log.1", "web.log-20260312"), start=1):
        row = {"time": at(number), "service": "web", "message": name}
        (tmp_path / name).write_text(json.dumps(row) + "\n")
    (tmp_path / "other.txt").write_text(
        json.dumps({"time": at(9), "service": "web", "message": "other"}) + "\n"
    )
    frame, _ = await read(tmp_path / pattern)
    expected = ["web.log-20260312", "web.log.1", "web.log"]
    assert frame["message"].to_list() == (["other", *expected] if pattern == "*" else expected)
