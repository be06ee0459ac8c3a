"""Jaeger 1 and 2, Tempo and files of spans: ids, parents, status, limits."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tests.tools.live.fakes.traces import identity, jaeger, jaeger_v2, tempo
from tools.analysis import TRACES_SCHEMA
from tools.clock import VirtualClock
from tools.live.secrets import Secrets
from tools.live.settings import Jaeger, JaegerV2, Tempo, TraceFiles, TraceSpec
from tools.live.traces import LiveTraces, live_traces
from tools.live.traces.spans import status_of
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=30), end=NOW)
NAMES = ("web", "checkout")
SPANS = pl.DataFrame(
    [
        (NOW - timedelta(seconds=9), 5_000, "a" * 32, "1" * 16, "", "web", "GET /", "ok"),
        (NOW - timedelta(seconds=8), 3_000, "a" * 32, "2" * 16, "1" * 16, "checkout", "pay", "error"),
        (NOW - timedelta(seconds=7), 1_000, "b" * 32, "3" * 16, "", "web", "GET /", "unset"),
    ],
    schema=TRACES_SCHEMA,
    orient="row",
)


def port_of(spec: TraceSpec) -> LiveTraces:
    return live_traces(spec, NAMES, Secrets({}), VirtualClock(NOW))


KINDS: dict[type[Jaeger | JaegerV2 | Tempo], str] = {Jaeger: "jaeger", JaegerV2: "jaeger_v2", Tempo: "tempo"}
#: What Tempo's newest half minute lacks is said of every window that ends now.
LATE = "may not have found the traces of the last 30 s yet"


async def asked_of(
    handler: Handler, kind: type[Jaeger | JaegerV2 | Tempo], window: Window = WINDOW, **more: Any
) -> tuple[pl.DataFrame, list[str]]:
    with serving(handler) as server:
        port = port_of(kind.model_validate({"kind": KINDS[kind], "url": server.url, **more}))
        try:
            with collect_gaps() as gaps:
                return await port.spans(window), [gap for gap in gaps if LATE not in gap]
        finally:
            await port.aclose()


async def test_jaeger_gives_every_span_once_with_its_parent() -> None:
    frame, gaps = await asked_of(jaeger(SPANS), Jaeger)
    assert frame.equals(SPANS)
    assert not gaps


@pytest.mark.parametrize("second", [True, False])
async def test_tempo_gives_ids_as_hexadecimal_digits_in_both_versions(second: bool) -> None:
    frame, gaps = await asked_of(tempo(SPANS, second=second), Tempo)
    assert frame.drop("trace_id", "span_id", "parent_id").equals(
        SPANS.drop("trace_id", "span_id", "parent_id")
    )
    assert frame["trace_id"][0] == identity("a" * 32, 16).hex()
    assert frame["parent_id"][1] == frame["span_id"][0]
    assert not gaps


async def test_an_older_tempo_is_asked_in_the_newer_way_only_until_it_is_known() -> None:
    handler, paths = tempo(SPANS, second=False), []

    def handle(asked: Asked) -> Answer:
        paths.append(asked.path)
        return handler(asked)

    with serving(handle) as server:
        port = port_of(Tempo.model_validate({"kind": "tempo", "url": server.url}))
        await port.spans(WINDOW)
        paths.clear()
        await port.spans(WINDOW)
        await port.aclose()
    assert not [path for path in paths if "/v2/" in path]


async def test_jaeger_2_gives_every_span_once_and_no_traces_are_no_error() -> None:
    frame, gaps = await asked_of(jaeger_v2(SPANS), JaegerV2)
    ids = ("trace_id", "span_id", "parent_id")
    assert frame.drop(ids).equals(SPANS.drop(ids))
    assert frame["trace_id"][0] == identity("a" * 32, 16).hex()
    assert frame["parent_id"][1] == frame["span_id"][0]
    early = Window(start=WINDOW.start - timedelta(hours=2), end=WINDOW.start)
    nothing, none = await asked_of(jaeger_v2(SPANS), JaegerV2, early)
    assert (nothing.height, gaps, none) == (0, [], [])


def traces_of(count: int) -> pl.DataFrame:
    """So many traces of one span, the last one a second ago."""
    rows = [
        (NOW - timedelta(seconds=count - n), 1_000, f"{n:032x}", f"{n:016x}", "", "web", "GET /", "ok")
        for n in range(count)
    ]
    return pl.DataFrame(rows, schema=TRACES_SCHEMA, orient="row")


async def test_tempo_gives_the_newest_traces_and_says_what_a_search_may_not_find_yet() -> None:
    with serving(tempo(traces_of(40))) as server:
        port = port_of(Tempo.model_validate({"kind": "tempo", "url": server.url, "limit": 10}))
        with collect_gaps() as gaps:
            frame = await port.spans(WINDOW)
        await port.aclose()
        searches = [one for one in server.asked if one.path == "/api/search"]
    assert frame["time"].to_list() == traces_of(40)["time"].to_list()[-10:]
    assert "was asked for 10 traces and had more; what is missing" in gaps[0]
    assert LATE in gaps[1]
    # Asked again, for the newest half minute alone.
    assert [int(one.one("end")) - int(one.one("start")) for one in searches] == [5401, 3631]


async def test_a_trace_that_a_search_finds_late_is_found_when_it_is_asked_again() -> None:
    late, early, searches = tempo(traces_of(20)), tempo(traces_of(20).head(15)), []

    def handle(asked: Asked) -> Answer:
        searches.extend([asked] if asked.path == "/api/search" else [])
        return early(asked) if asked.path == "/api/search" and len(searches) == 1 else late(asked)

    frame, gaps = await asked_of(handle, Tempo)
    assert frame.height == 20
    assert not gaps


async def test_a_window_of_weeks_is_searched_in_parts_as_long_as_tempo_takes() -> None:
    spread = traces_of(20).with_columns(time=pl.lit(NOW) - pl.duration(days=pl.int_range(20), hours=1))
    window = Window(start=NOW - timedelta(days=30), end=NOW)
    for hours in (168, 50):
        frame, gaps = await asked_of(tempo(spread, hours=hours), Tempo, window)
        assert frame.height == 20
        assert not gaps


async def test_a_tempo_that_takes_a_lower_limit_is_asked_by_it() -> None:
    frame, gaps = await asked_of(tempo(traces_of(20), most=8), Tempo)
    assert frame.height == 8
    assert "was asked for 8 traces and had more" in gaps[0]


async def test_an_old_tempo_gives_any_traces_and_doctor_says_so() -> None:
    with serving(tempo(traces_of(20), second=False)) as server:
        port = port_of(Tempo.model_validate({"kind": "tempo", "url": server.url, "limit": 5}))
        with collect_gaps() as gaps:
            assert (await port.spans(WINDOW)).height == 5
        said = await port.check()
        await port.aclose()
    assert "had more, and does not tell which are the newest; what is missing" in gaps[0]
    assert said.endswith("; it is too old to give the newest traces first")


async def test_victoriatraces_behind_jaegers_door_is_asked_for_no_more_than_it_takes() -> None:
    frame, gaps = await asked_of(jaeger(traces_of(30), most=10), Jaeger)
    assert frame.height == 10
    assert "was asked for 10 traces of web and had more" in gaps[0]


@pytest.mark.parametrize(("fake", "kind"), [(jaeger, Jaeger), (jaeger_v2, JaegerV2)])
async def test_traces_that_are_too_large_for_one_answer_are_asked_for_in_smaller_numbers(
    fake: Any, kind: type[Jaeger | JaegerV2]
) -> None:
    handler: Handler = fake(traces_of(30))

    def handle(asked: Asked) -> Answer:
        answer = handler(asked)
        too_large = Answer("grpc: received message larger than max (9000000 vs. 4194304)", 500)
        return too_large if len(answer.body) > 8_000 else answer

    frame, gaps = await asked_of(handle, kind)
    assert 0 < frame.height < 30
    assert "and had more; what is missing is not known to be like the rest" in gaps[0]


@pytest.mark.parametrize(("fake", "kind"), [(jaeger, Jaeger), (jaeger_v2, JaegerV2), (tempo, Tempo)])
async def test_more_traces_than_were_asked_for_are_a_gap(
    fake: Any, kind: type[Jaeger | JaegerV2 | Tempo]
) -> None:
    frame, gaps = await asked_of(fake(SPANS), kind, limit=1)
    assert 0 < frame.height < 3
    assert "was asked for 1 traces" in gaps[0]
    assert "had more" in gaps[0]


async def test_a_trace_that_is_gone_is_not_there_and_a_partial_one_is_named() -> None:
    handler = tempo(SPANS)

    def handle(asked: Asked) -> Answer:
        if asked.path.endswith(identity("b" * 32, 16).hex()):
            return told({"trace": {}, "metrics": {}})  # seen in 3.1; before, 404
        answer = handler(asked)
        if "/v2/" in asked.path:
            return told({**json.loads(answer.body), "status": "PARTIAL"})
        return answer

    frame, gaps = await asked_of(handle, Tempo)
    assert frame.height == 2
    assert gaps[0].endswith("gives some traces only in part, they are too large for it")
    assert gaps[1].endswith("no longer has 1 of the 2 traces that its search found")


async def test_one_service_that_fails_is_a_gap() -> None:
    handler = jaeger(SPANS)
    frame, gaps = await asked_of(
        lambda asked: Answer("no", 400) if asked.one("service") == "web" else handler(asked), Jaeger
    )
    assert frame.height == 2
    assert gaps[0].startswith("web: Jaeger at ")


@pytest.mark.parametrize(
    ("marks", "status"),
    [
        ({"otel.status_code": "ERROR"}, "error"),
        ({"otel.status_code": "OK", "error": "true"}, "ok"),
        ({"error": "True"}, "error"),
        ({"error": "false"}, "unset"),
        ({"http.status_code": "503"}, "error"),
        ({"http.response.status_code": "404"}, "unset"),
        ({}, "unset"),
    ],
)
def test_the_marks_of_a_span_give_its_status(marks: dict[str, str], status: str) -> None:
    assert status_of(marks) == status


def test_ids_in_base64_are_told_from_ids_in_hexadecimal_by_their_length() -> None:
    assert {len(base64.b64encode(b"x" * size)) for size in (8, 16)} == {12, 24}


async def files(*paths: object) -> tuple[pl.DataFrame, list[str]]:
    spec = TraceFiles.model_validate({"kind": "files", "paths": [str(path) for path in paths]})
    with collect_gaps() as gaps:
        return await port_of(spec).spans(WINDOW), gaps


async def test_files_of_spans_skip_what_is_none(tmp_path: Path) -> None:
    rows = [json.dumps({**row, "time": row["time"].isoformat()}) for row in SPANS.to_dicts()]
    bad = ['{"time": "x"}', "", "[]", json.dumps({**json.loads(rows[0]), "span_id": "9", "duration_us": -1})]
    (tmp_path / "a.jsonl").write_text("\n".join([*rows, *bad]) + "\n")
    SPANS.with_columns(span_id=pl.col("span_id") + "p").drop("status", "parent_id").write_parquet(
        tmp_path / "b.parquet"
    )
    frame, gaps = await files(tmp_path / "*.jsonl", tmp_path / "*.parquet")
    assert frame.filter(~pl.col("span_id").str.ends_with("p")).equals(SPANS)
    assert frame.filter(pl.col("span_id").str.ends_with("p"))["status"].to_list() == ["unset"] * 3
    assert gaps == ["3 lines of a.jsonl are no spans and were skipped"]


@pytest.mark.parametrize("content", [b"", b"PAR1 broken PAR1", b"<html>"])
async def test_a_parquet_file_that_is_none_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(ToolFailed, match=r"a\.parquet cannot be read as"):
        await files(tmp_path / "*.parquet")


async def test_a_parquet_file_without_spans_is_a_sentence(tmp_path: Path) -> None:
    pl.DataFrame({"time": ["x"], "other": [1]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(ToolFailed, match=r"a\.parquet cannot be read as"):
        await files(tmp_path / "*.parquet")


async def test_no_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no file matches"):
        await files(tmp_path / "*.jsonl")


async def test_check_says_what_is_there(tmp_path: Path) -> None:
    SPANS.write_parquet(tmp_path / "a.parquet")
    spec = TraceFiles(kind="files", paths=(f"{tmp_path}/*.parquet",))
    assert await port_of(spec).check() == "1 files; the last span is of 2026-03-12 11:59:53 UTC, in a.parquet"
    with serving(jaeger(SPANS)) as first, serving(tempo(SPANS)) as second:
        one = port_of(Jaeger.model_validate({"kind": "jaeger", "url": first.url}))
        assert await one.check() == "it knows 2 services: checkout, web"
        other = port_of(Tempo.model_validate({"kind": "tempo", "url": second.url}))
        assert (await other.check()).startswith("it finds traces of the last 15 minutes; one has ")
        await one.aclose()
        await other.aclose()
