"""What a recording takes from the run folder, and what it leaves out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.collect import Period, logs, spans

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
PERIOD = Period(START, START + timedelta(seconds=100))


def _span(trace: str, second: float, *, parent: str = "") -> dict[str, str | int]:
    return {
        "time": (START + timedelta(seconds=second)).isoformat(timespec="microseconds"),
        "duration_us": 10,
        "trace_id": trace.rjust(32, "0"),
        "span_id": f"{trace}{second}",
        "parent_id": parent,
        "service": "web",
        "operation": "GET /",
        "status": "ok",
    }


def _log(level: str, second: float) -> dict[str, str]:
    return {
        "time": (START + timedelta(seconds=second)).isoformat(timespec="microseconds"),
        "level": level,
        "service": "web",
        "instance": "web-1",
        "message": f"{level} at {second}",
        "trace_id": "0123456789abcdef" * 2,
        "span_id": "0123456789abcdef",
    }


def _write(file: Path, *lines: dict[str, str] | dict[str, str | int]) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_debug_lines_and_lines_outside_the_period_stay_out(tmp_path: Path) -> None:
    lines = [_log("info", -1), _log("error", 5), _log("info", 0), _log("debug", 3), _log("warn", 100)]
    _write(tmp_path / "logs" / "web.jsonl", *lines)

    kept = logs(tmp_path, PERIOD)

    assert kept["message"].to_list() == ["info at 0", "error at 5"]
    assert kept["time"][0] == START
    assert set(kept["trace_id"]) == {"0123456789abcdef"}


def test_a_trace_over_the_edge_is_left_out_whole(tmp_path: Path) -> None:
    inside = [_span("a", 1), _span("a", 2, parent="a1")]
    over = [_span("b", 99), _span("b", 101, parent="b99")]
    before = [_span("c", -1), _span("c", 1, parent="c-1")]
    _write(tmp_path / "traces" / "web.jsonl", *inside, *over, *before)

    assert spans(tmp_path, PERIOD, keep=1.0)["span_id"].to_list() == ["a1", "a2"]


def test_thinning_keeps_whole_traces_and_about_the_share_asked_for(tmp_path: Path) -> None:
    pairs = [[_span(f"{n:x}t", n / 100), _span(f"{n:x}t", n / 100 + 0.001)] for n in range(2000)]
    _write(tmp_path / "traces" / "web.jsonl", *(span for pair in pairs for span in pair))

    kept = spans(tmp_path, PERIOD, keep=0.4)

    assert set(kept["trace_id"].value_counts()["count"]) == {2}
    assert 0.35 < kept["trace_id"].n_unique() / 2000 < 0.45
    assert kept.equals(spans(tmp_path, PERIOD, keep=0.4))
