"""Loki, Elasticsearch and journal-gatewayd over a frame of log lines, by their API documents."""

import json
from typing import Any

import polars as pl

from tests.tools.live.fakes.server import Answer, Asked, Handler, told

PRIORITIES = {"debug": "7", "info": "6", "warn": "4", "error": "3", "fatal": "2", "": "6"}


def _rows(logs: pl.DataFrame) -> list[dict[str, Any]]:
    moment = pl.col("time").dt.epoch("us").alias("us")
    return logs.sort("time", maintain_order=True).with_columns(moment).to_dicts()


def loki(logs: pl.DataFrame) -> Handler:
    """`query_range`: start inclusive, end exclusive, newest first; no more than 5,000 lines, or a 400."""
    rows = _rows(logs)

    def handle(asked: Asked) -> Answer:
        if asked.path != "/loki/api/v1/query_range":
            return Answer("404 page not found", 404)
        limit = int(asked.one("limit", "100"))
        if limit > 5000:
            return Answer("max entries limit per query exceeded, limit > max_entries_limit (5000)", 400)
        start, end = int(asked.one("start")), int(asked.one("end"))
        chosen = [row for row in rows if start <= row["us"] * 1000 < end][-limit:][::-1]
        streams: dict[tuple[str, str, str], list[list[object]]] = {}
        for row in chosen:
            key = (row["service"], row["instance"], row["level"])
            value = [str(row["us"] * 1000), row["message"]]
            if row["trace_id"]:
                value.append({"trace_id": row["trace_id"], "span_id": row["span_id"]})
            streams.setdefault(key, []).append(value)
        result = [
            {"stream": {"service": service, "instance": instance, "level": level}, "values": values}
            for (service, instance, level), values in streams.items()
        ]
        return told({"status": "success", "data": {"resultType": "streams", "result": result, "stats": {}}})

    return handle


def elasticsearch(logs: pl.DataFrame) -> Handler:
    """`_search` with a range over `@timestamp`, sorted by it; more than 10,000 hits are refused."""
    rows = _rows(logs)

    def handle(asked: Asked) -> Answer:
        index, _, verb = asked.path.strip("/").partition("/")
        if verb != "_search" or index != "logs-*":
            error = {"type": "index_not_found_exception", "reason": f"no such index [{index}]"}
            return told({"error": error, "status": 404}, 404)
        body = json.loads(asked.body)
        if body["size"] > 10_000:
            return told({"error": {"reason": "Result window is too large"}, "status": 400}, 400)
        span = body["query"]["bool"]["filter"][0]["range"]["@timestamp"]
        # A date has milliseconds here, whatever the document says.
        chosen = [row for row in rows if span["gte"] <= row["us"] // 1000 < span["lt"]]
        hits = [_hit(index, row) for row in chosen[-body["size"] :][::-1]]
        shards = {"total": 3, "successful": 3, "skipped": 0, "failed": 0}
        return told({"took": 1, "timed_out": False, "_shards": shards, "hits": {"hits": hits}})

    return handle


def _hit(index: str, row: dict[str, Any]) -> dict[str, Any]:
    source: dict[str, Any] = {
        "@timestamp": row["time"].isoformat(),
        "message": row["message"],
        "log": {"level": row["level"]},
        "service": {"name": row["service"]},
        "host.name": row["instance"],
        "trace": {"id": row["trace_id"]},
    }
    identity = f"{row['us']}-{hash(row['message'])}"
    return {"_index": index, "_id": identity, "_source": source, "sort": [row["us"] // 1000]}


def gatewayd(logs: pl.DataFrame) -> Handler:
    """`/entries` as src/journal-remote/journal-gatewayd.c seeks: by cursor, skip and number of entries."""
    rows = _rows(logs)

    def handle(asked: Asked) -> Answer:
        if asked.path != "/entries":
            return Answer("Not found", 404)
        units = asked.query.get("_SYSTEMD_UNIT", [])
        found = [
            (number, row)
            for number, row in enumerate(rows)
            if not units or f"{row['service']}.service" in units
        ]
        cursor, skip, count = asked.headers["Range"].removeprefix("entries=").split(":")
        places = {f"c{number}": place for place, (number, _) in enumerate(found)}
        # Behind the tail, or at the cursor; going back by n + 1 from there lands n entries before the last.
        at = places[cursor] + 1 if cursor else len(found)
        first = max(0, at + int(skip) - 1) if int(skip) < 0 else at - 1
        lines = [_entry(number, row) for number, row in found[first : first + int(count)]]
        return Answer("".join(lines), headers={"Content-Type": asked.headers["Accept"]})

    return handle


def _entry(number: int, row: dict[str, Any]) -> str:
    entry = {
        "__CURSOR": f"c{number}",
        "__REALTIME_TIMESTAMP": str(row["us"]),
        "_SYSTEMD_UNIT": f"{row['service']}.service",
        "_HOSTNAME": row["instance"],
        "PRIORITY": PRIORITIES[row["level"]],
        "MESSAGE": row["message"],
    }
    return json.dumps(entry) + "\n"
