"""Jaeger's and Tempo's query APIs over a frame of spans, by their documents and sources."""

import base64
import hashlib
from typing import Any

import polars as pl

from tests.tools.live.fakes.server import Answer, Asked, Handler, told


def _traces(spans: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    moment = pl.col("time").dt.epoch("us").alias("us")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in spans.with_columns(moment).to_dicts():
        found.setdefault(row["trace_id"], []).append(row)
    return found


def jaeger(spans: pl.DataFrame) -> Handler:
    """`/api/services` and `/api/traces`: whole traces that a service took part in within a time."""
    traces = _traces(spans)

    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/services":
            return told({"data": sorted(spans["service"].unique()), "total": 0, "errors": None})
        if asked.path != "/api/traces":
            return Answer("<!doctype html><html></html>", 200, {"Content-Type": "text/html"})
        start, end = int(asked.one("start")), int(asked.one("end"))
        chosen = [
            trace
            for trace in traces.values()
            if any(one["service"] == asked.one("service") and start <= one["us"] <= end for one in trace)
        ]
        data = [_jaeger_trace(trace) for trace in chosen[: int(asked.one("limit", "20"))]]
        return told({"data": data, "total": 0, "limit": 0, "offset": 0, "errors": None})

    return handle


def _jaeger_trace(trace: list[dict[str, Any]]) -> dict[str, Any]:
    services = sorted({one["service"] for one in trace})
    marks = {"error": [{"key": "error", "type": "bool", "value": True}], "ok": [], "unset": []}
    ok = [{"key": "otel.status_code", "type": "string", "value": "OK"}]
    return {
        "traceID": trace[0]["trace_id"],
        "processes": {f"p{services.index(name)}": {"serviceName": name, "tags": []} for name in services},
        "warnings": None,
        "spans": [
            {
                "traceID": one["trace_id"],
                "spanID": one["span_id"],
                "operationName": one["operation"],
                "references": [
                    {"refType": "CHILD_OF", "traceID": one["trace_id"], "spanID": one["parent_id"]}
                ]
                if one["parent_id"]
                else [],
                "startTime": one["us"],
                "duration": one["duration_us"],
                "tags": ok if one["status"] == "ok" else marks[one["status"]],
                "logs": [],
                "processID": f"p{services.index(one['service'])}",
                "warnings": None,
            }
            for one in trace
        ],
    }


def identity(name: str, size: int) -> bytes:
    """Ids of a recording are short names; on the wire they are bytes."""
    return hashlib.sha256(name.encode()).digest()[:size] if name else b""


def tempo(spans: pl.DataFrame, *, second: bool = True) -> Handler:
    """`/api/search` and the trace by id; without `second` as it was before /api/v2/traces."""
    traces = {identity(name, 16).hex(): trace for name, trace in _traces(spans).items()}

    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/search":
            start, end = int(asked.one("start")), int(asked.one("end"))
            chosen = [
                {"traceID": name, "rootServiceName": trace[0]["service"], "durationMs": 1}
                for name, trace in traces.items()
                if any(start * 10**6 <= one["us"] <= end * 10**6 for one in trace)
            ]
            return told({"traces": chosen[: int(asked.one("limit", "20"))], "metrics": {}})
        *_, version, kind, name = ("", "", *asked.path.strip("/").split("/"))
        if kind != "traces" or name not in traces or (version == "v2" and not second):
            return Answer("trace not found", 404)
        batches = [_batch(one) for one in traces[name]]
        return told({"trace": {"resourceSpans": batches}} if version == "v2" else {"batches": batches})

    return handle


def _batch(one: dict[str, Any]) -> dict[str, Any]:
    codes = {"ok": "STATUS_CODE_OK", "error": "STATUS_CODE_ERROR"}
    span = {
        "traceId": base64.b64encode(identity(one["trace_id"], 16)).decode(),
        "spanId": base64.b64encode(identity(one["trace_id"] + one["span_id"], 8)).decode(),
        "name": one["operation"],
        "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": str(one["us"] * 1000),
        "endTimeUnixNano": str((one["us"] + one["duration_us"]) * 1000),
        "status": {"code": codes[one["status"]]} if one["status"] in codes else {},
    }
    if one["parent_id"]:
        span["parentSpanId"] = base64.b64encode(identity(one["trace_id"] + one["parent_id"], 8)).decode()
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": one["service"]}}]}
    return {"resource": resource, "scopeSpans": [{"scope": {}, "spans": [span]}]}
