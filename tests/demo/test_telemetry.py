"""Logs and spans: joined by trace ids, whole lines, honest statuses."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from demo.shop.telemetry import Telemetry, TraceContext, current_trace


@pytest.mark.parametrize(
    "header",
    [None, "", "00-abc-def-01", f"00-{'g' * 32}-{'1' * 16}-01", f"00-{'1' * 32}-{'1' * 16}", "\n"],
)
def test_a_malformed_traceparent_starts_a_new_trace(header: str | None) -> None:
    assert TraceContext.parse(header) is None


def test_a_traceparent_survives_the_wire() -> None:
    context = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert TraceContext.parse(context.header) == context


def test_spans_nest_and_log_lines_belong_to_them(tmp_path: Path) -> None:
    telemetry = Telemetry(service="checkout", instance="checkout-1", folder=tmp_path)
    with telemetry.span("outer"):
        telemetry.log("info", "within")
        with pytest.raises(ValueError, match="broken"), telemetry.span("inner"):
            raise ValueError("broken")
    telemetry.log("warn", "outside")
    telemetry.close()

    inner, outer = _lines(tmp_path / "traces" / "checkout.jsonl")
    assert (inner["operation"], inner["status"]) == ("inner", "error")
    assert (outer["operation"], outer["status"], outer["parent_id"]) == ("outer", "ok", "")
    assert inner["trace_id"] == outer["trace_id"]
    assert inner["parent_id"] == outer["span_id"]
    within, outside = _lines(tmp_path / "logs" / "checkout.jsonl")
    assert (within["trace_id"], within["span_id"]) == (outer["trace_id"], outer["span_id"])
    assert (outside["trace_id"], outside["span_id"]) == ("", "")
    assert datetime.fromisoformat(within["time"]).tzinfo is not None
    assert current_trace() is None


def _lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text().splitlines()]
