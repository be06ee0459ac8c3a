"""Loki, Elasticsearch, OpenSearch, VictoriaLogs and journal-gatewayd over a frame of log lines: stand-ins."""

import json
from datetime import timedelta
from typing import Any

import polars as pl

from tests.tools.live.fakes.server import Answer, Asked, Handler, told

#: Loki's parts send each other no larger messages, in bytes.
GRPC = 4_194_304
PRIORITIES = {"debug": "7", "info": "6", "warn": "4", "error": "3", "fatal": "2", "": "6"}


def _rows(logs: pl.DataFrame) -> list[dict[str, Any]]:
    moment = pl.col("time").dt.epoch("us").alias("us")
    return logs.sort("time", maintain_order=True).with_columns(moment).to_dicts()


def loki(
    logs: pl.DataFrame, *, most: int = 5_000, longest: timedelta = timedelta(days=30, hours=1)
) -> Handler:
    """A stand-in for `query_range`, from what Loki 3.8 was seen to do.

    Start inclusive, end exclusive; newest first within a stream, one stream after the other. Structured
    metadata is merged into the labels, with `service_name` and `detected_level` that nobody sent. The same
    line of one nanosecond is one. Its limits answer 400 in plain text; instead of an answer over 4 MiB it
    says nothing for a minute, then this (here at once).
    """
    rows = _rows(logs)
    longest_us = longest // timedelta(microseconds=1)

    def handle(asked: Asked) -> Answer:
        if asked.path != "/loki/api/v1/query_range":
            return Answer("404 page not found", 404)
        limit = int(asked.one("limit", "100"))
        if limit > most:
            why = f"limit > max_entries_limit_per_query ({limit} > {most})"
            return Answer(f"max entries limit per query exceeded, {why}", 400)
        start, end = int(asked.one("start")), int(asked.one("end"))
        if start > end:
            return Answer("end timestamp must not be before or equal to start time", 400)
        if end - start > longest_us * 1000:
            lengths = f"query length: {_spelled((end - start) // 1000)}, limit: {_spelled(longest_us)}"
            return Answer(f"the query time range exceeds the limit ({lengths})", 400)
        chosen = [row for row in rows if start <= row["us"] * 1000 < end][-limit:][::-1]
        streams: dict[frozenset[tuple[str, str]], dict[tuple[str, str], None]] = {}
        for row in chosen:
            value = (str(row["us"] * 1000), row["message"])
            streams.setdefault(_labels(row), {}).setdefault(value)
        result = [
            {"stream": dict(labels), "values": [*map(list, values)]} for labels, values in streams.items()
        ]
        body = json.dumps(
            {"status": "success", "data": {"resultType": "streams", "result": result, "stats": {}}}
        )
        if len(body) > GRPC:
            sizes = f"received message larger than max ({len(body)} vs. {GRPC})"
            why = f"rpc error: code = ResourceExhausted desc = grpc: {sizes}"
            return Answer(why, 500)
        return Answer(body, 200, {"Content-Type": "application/json"})

    return handle


def _spelled(microseconds: int) -> str:
    """A span as Loki writes it."""
    hours, rest = divmod(microseconds // 10**6, 3600)
    return f"{hours}h{rest // 60}m{rest % 60}s"


def _labels(row: dict[str, Any]) -> frozenset[tuple[str, str]]:
    labels = {name: row[name] for name in ("service", "instance", "level")}
    metadata = {name: row[name] for name in ("trace_id", "span_id") if row[name]}
    told = {"service_name": row["service"], "detected_level": row["level"] or "unknown"}
    return frozenset({**labels, **metadata, **told}.items())


class Elasticsearch:
    """A stand-in for `_search` and points in time of Elasticsearch, or of OpenSearch, from their documents.

    No server was tried. Elasticsearch adds a tiebreaker to a sort at a point in time, OpenSearch does not; a
    name that the other one uses is answered with 400 `no handler found`. Over 10,000 hits are refused.

    Attributes:
        open: the points in time that were not closed.
    """

    def __init__(self, logs: pl.DataFrame, *, opensearch: bool = False, points: bool = True) -> None:
        self._rows = _rows(logs)
        self._opensearch = opensearch
        self._points = points
        self.open: set[str] = set()
        self._count = 0

    def __call__(self, asked: Asked) -> Answer:
        index, _, verb = asked.path.strip("/").partition("/")
        own = "_search/point_in_time" if self._opensearch else "_pit"
        if asked.path in (f"/{own}", "/_search") or verb in (own, "_search"):
            if index not in ("logs-*", "_search", "_pit"):
                error = {"type": "index_not_found_exception", "reason": f"no such index [{index}]"}
                return told({"error": error, "status": 404}, 404)
            if own in (verb, asked.path.strip("/")):
                return self._point(asked)
            return self._search(index, json.loads(asked.body))
        why = f"no handler found for uri [{asked.path}] and method [{asked.method}]"
        return told({"error": why, "status": 400}, 400)

    def _point(self, asked: Asked) -> Answer:
        if not self._points:
            error = {"type": "security_exception", "reason": "action [open_point_in_time] is unauthorized"}
            return told({"error": error, "status": 403}, 403)
        if asked.method == "DELETE":
            given = json.loads(asked.body)["pit_id" if self._opensearch else "id"]
            self.open -= set(given) if isinstance(given, list) else {given}
            return told({"succeeded": True})
        self._count += 1
        name = f"point-{self._count}"
        self.open.add(name)
        return told({"pit_id" if self._opensearch else "id": name})

    def _search(self, index: str, body: dict[str, Any]) -> Answer:
        if body["size"] > 10_000:
            return told({"error": {"reason": "Result window is too large"}, "status": 400}, 400)
        if "pit" in body and body["pit"]["id"] not in self.open:
            return told({"error": {"reason": "No search context found"}, "status": 404}, 404)
        span = body["query"]["bool"]["filter"][0]["range"]["@timestamp"]
        # A date has milliseconds here, whatever the document says.
        found = [
            ((row["us"] // 1000, *([number] if "pit" in body and not self._opensearch else [])), row)
            for number, row in enumerate(self._rows)
            if span["gte"] <= row["us"] // 1000 <= span["lte"]
        ]
        after = tuple(body.get("search_after", ()))
        ordered = sorted(found, key=lambda one: one[0][0], reverse=True)
        if not self._opensearch and "pit" in body:
            ordered = sorted(found, key=lambda one: (-one[0][0], one[0][1]))
            behind = [one for one in ordered if not after or (-one[0][0], one[0][1]) > (-after[0], after[1])]
        else:
            behind = [one for one in ordered if not after or one[0][0] < after[0]]
        hits = [_hit("logs-1", row, list(sort)) for sort, row in behind[: body["size"]]]
        shards = {"total": 3, "successful": 3, "skipped": 0, "failed": 0}
        return told({"took": 1, "timed_out": False, "_shards": shards, "hits": {"hits": hits}})


def elasticsearch(logs: pl.DataFrame) -> Handler:
    """Elasticsearch over these lines."""
    return Elasticsearch(logs)


def opensearch(logs: pl.DataFrame) -> Handler:
    """OpenSearch over these lines."""
    return Elasticsearch(logs, opensearch=True)


def victorialogs(logs: pl.DataFrame) -> Handler:
    """A stand-in for `/select/logsql/query`, from its documents and source (app/vlselect/logsql/logsql.go).

    With a limit the newest lines of a window, both ends of which are in, oldest first; equal lines stay.
    """
    rows = _rows(logs)

    def handle(asked: Asked) -> Answer:
        if asked.path != "/select/logsql/query":
            return Answer(f"unsupported path requested: {asked.path}", 400)
        start, end = int(asked.one("start")), int(asked.one("end"))
        chosen = [row for row in rows if start <= row["us"] * 1000 <= end][-int(asked.one("limit")) :]
        lines = [json.dumps(_fields(row), ensure_ascii=False) + "\n" for row in chosen]
        return Answer("".join(lines), headers={"Content-Type": "application/stream+json"})

    return handle


def _fields(row: dict[str, Any]) -> dict[str, str]:
    found = {
        "_time": row["time"].isoformat().replace("+00:00", "Z"),
        "_msg": row["message"],
        "_stream": f'{{service.name="{row["service"]}"}}',
        "service.name": row["service"],
        "host.name": row["instance"],
        "level": row["level"],
        "trace_id": row["trace_id"],
        "span_id": row["span_id"],
    }
    return {name: value for name, value in found.items() if value}  # a field that is empty is not there


def _hit(index: str, row: dict[str, Any], sort: list[int]) -> dict[str, Any]:
    source: dict[str, Any] = {
        "@timestamp": row["time"].isoformat(),
        "message": row["message"],
        "log": {"level": row["level"]},
        "service": {"name": row["service"]},
        "host.name": row["instance"],
        "trace": {"id": row["trace_id"]},
    }
    identity = f"{row['us']}-{hash(row['message'])}"
    return {"_index": index, "_id": identity, "_source": source, "sort": sort}


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
