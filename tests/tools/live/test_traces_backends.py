"""Jaeger, Tempo and files of spans: ids, parents, status, limits."""

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
from tests.tools.live.fakes.traces import identity, jaeger, tempo
from tools.analysis import TRACES_SCHEMA
from tools.clock import VirtualClock
from tools.live.secrets import Secrets
from tools.live.settings import Jaeger, Tempo, TraceFiles, TraceSpec
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


async def asked_of(
    handler: Handler, kind: type[Jaeger | Tempo], **more: Any
) -> tuple[pl.DataFrame, list[str]]:
    with serving(handler) as server:
        port = port_of(kind.model_validate({"kind": kind.__name__.lower(), "url": server.url, **more}))
        try:
            with collect_gaps() as gaps:
                return await port.spans(WINDOW), gaps
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


@pytest.mark.parametrize(("fake", "kind"), [(jaeger, Jaeger), (tempo, Tempo)])
async def test_more_traces_than_were_asked_for_are_a_gap(fake: Any, kind: type[Jaeger | Tempo]) -> None:
    frame, gaps = await asked_of(fake(SPANS), kind, limit=1)
    assert 0 < frame.height < 3
    assert "was asked for 1 traces" in gaps[0]
    assert "had more" in gaps[0]


async def test_a_trace_that_is_gone_is_not_there_and_a_partial_one_is_named() -> None:
    handler = tempo(SPANS)

    def handle(asked: Asked) -> Answer:
        if asked.path.endswith(identity("b" * 32, 16).hex()):
            return Answer("trace not found", 404)
        answer = handler(asked)
        if "/v2/" in asked.path:
            return told({**json.loads(answer.body), "status": "PARTIAL"})
        return answer

    frame, gaps = await asked_of(handle, Tempo)
    assert frame.height == 2
    assert gaps[0].endswith("gives some traces only in part, they are too large for it")


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
