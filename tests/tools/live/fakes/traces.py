"""Jaeger's and Tempo's query APIs over a frame of spans: stand-ins."""

import base64
import hashlib
from datetime import datetime
from typing import Any

import polars as pl

from tests.tools.live.fakes.server import Answer, Asked, Handler, told


def _traces(spans: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    moment = pl.col("time").dt.epoch("us").alias("us")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in spans.with_columns(moment).to_dicts():
        found.setdefault(row["trace_id"], []).append(row)
    return found


def jaeger(spans: pl.DataFrame, *, most: int = 10**9) -> Handler:
    """`/api/services` and `/api/traces`: whole traces that a service took part in within a time.

    With `most` as VictoriaTraces was seen to refuse more of them (1,000).
    """
    traces = _traces(spans)

    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/services":
            return told({"data": sorted(spans["service"].unique()), "total": 0, "errors": None})
        if asked.path != "/api/traces":
            return Answer("<!doctype html><html></html>", 200, {"Content-Type": "text/html"})
        if int(asked.one("limit", "20")) > most:
            return Answer(f"incorrect trace query params: limit should be not higher than {most}", 400)
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


def jaeger_v2(spans: pl.DataFrame) -> Handler:
    """`/api/v3/services` and `/api/v3/traces`, from Jaeger's source: ids in hexadecimal, codes as numbers."""
    traces = _traces(spans)

    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/v3/services":
            return told({"services": sorted(spans["service"].unique())})
        if asked.path != "/api/v3/traces":
            return Answer("404 page not found", 404)
        bounds = [asked.one(f"query.start_time_{bound}") for bound in ("min", "max")]
        start, end = (datetime.fromisoformat(bound).timestamp() * 1e6 for bound in bounds)
        wanted, count = asked.one("query.service_name"), int(asked.one("query.num_traces", "100"))
        chosen = [
            trace
            for trace in traces.values()
            if any(one["service"] == wanted and start <= one["us"] <= end for one in trace)
        ][:count]
        if not chosen:
            return told({"error": {"httpCode": 404, "message": "No traces found"}}, 404)
        batches = [_batch(one, hexadecimal=True) for trace in chosen for one in trace]
        return told({"result": {"resourceSpans": batches}})

    return handle


def tempo(spans: pl.DataFrame, *, second: bool = True, hours: int = 168, most: int = 262_144) -> Handler:
    """`/api/search` and the trace by id, from what Tempo 3.1 was seen to do.

    Without `most_recent` a search gives the oldest; it writes ids without leading zeros; a trace that is not
    there is an empty one with 200. Without `second` as before /api/v2/traces, when there was no hint either.
    """
    traces = {identity(name, 16).hex(): trace for name, trace in _traces(spans).items()}

    def search(asked: Asked) -> Answer:
        start, end, limit = int(asked.one("start")), int(asked.one("end")), int(asked.one("limit", "20"))
        newest = asked.one("q") == "{} with (most_recent=true)"
        if newest and not second:
            return Answer("invalid TraceQL query: parse error at line 1, col 4: syntax error", 400)
        if limit > most:
            return Answer(f"limit {limit} exceeds max limit {most}", 400)
        if end - start > hours * 3600:
            return Answer(f"range specified by start and end exceeds {hours}h0m0s", 400)
        chosen = [
            {"traceID": name.lstrip("0"), "rootServiceName": trace[0]["service"], "durationMs": 1}
            for name, trace in sorted(traces.items(), key=lambda one: one[1][0]["us"], reverse=newest)
            if any(start * 10**6 <= one["us"] <= end * 10**6 for one in trace)
        ]
        return told({"traces": chosen[:limit], "metrics": {}})

    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/search":
            return search(asked)
        *_, version, kind, name = ("", "", *asked.path.strip("/").split("/"))
        if kind == "traces" and version == "v2" and second:
            held = {"resourceSpans": [_batch(one) for one in traces[name]]} if name in traces else {}
            return told({"trace": held, "metrics": {}})
        if kind != "traces" or name not in traces or version == "v2":
            return Answer("trace not found", 404)
        return told({"batches": [_batch(one) for one in traces[name]]})

    return handle


def _batch(one: dict[str, Any], *, hexadecimal: bool = False) -> dict[str, Any]:
    names = {"ok": "STATUS_CODE_OK", "error": "STATUS_CODE_ERROR"}
    codes: dict[str, object] = {"ok": 1, "error": 2} if hexadecimal else dict(names)

    def spelled(name: str, size: int) -> str:
        found = identity(name, size)
        return found.hex() if hexadecimal else base64.b64encode(found).decode()

    span = {
        "traceId": spelled(one["trace_id"], 16),
        "spanId": spelled(one["trace_id"] + one["span_id"], 8),
        "name": one["operation"],
        "kind": 2 if hexadecimal else "SPAN_KIND_SERVER",
        "startTimeUnixNano": str(one["us"] * 1000),
        "endTimeUnixNano": str((one["us"] + one["duration_us"]) * 1000),
        "status": {"code": codes[one["status"]]} if one["status"] in codes else {},
    }
    if one["parent_id"]:
        span["parentSpanId"] = spelled(one["trace_id"] + one["parent_id"], 8)
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": one["service"]}}]}
    return {"resource": resource, "scopeSpans": [{"scope": {}, "spans": [span]}]}
