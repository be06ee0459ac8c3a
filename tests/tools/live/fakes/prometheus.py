"""Prometheus' HTTP API over a frame of samples, by https://prometheus.io/docs/prometheus/latest/querying/api/.

A query is the name of a metric, with or without a matcher of the label `peer`; each sample is stale after
five minutes.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence

import polars as pl

from tests.tools.live.fakes.server import Answer, Asked, Handler, told
from tools.live.settings import Series

STALE = 300.0
_EDGE, _OWN = 'peer!=""}', 'peer=""}'


def series_for(metrics: pl.DataFrame) -> tuple[Series, ...]:
    """The series that a site would configure to read these samples."""
    found = metrics.select("metric", "unit", edge=pl.col("peer") != "").unique(maintain_order=True)
    return tuple(
        Series(
            metric=row["metric"],
            unit=row["unit"],
            query=row["metric"] + ('{peer!=""}' if row["edge"] else '{peer=""}'),
            peer="peer" if row["edge"] else None,
        )
        for row in found.iter_rows(named=True)
    )


def prometheus(metrics: pl.DataFrame) -> Handler:
    """The API over these samples; what it does not know is bad PromQL."""
    held: dict[tuple[str, str, str, str], list[tuple[float, float]]] = {}
    for row in metrics.sort("time").iter_rows(named=True):
        key = (row["metric"], row["service"], row["instance"], row["peer"])
        held.setdefault(key, []).append((row["time"].timestamp(), row["value"]))

    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/v1/query":
            up = {"metric": {"__name__": "up", "instance": "a"}, "value": [float(asked.one("time")), "1"]}
            return told({"status": "success", "data": {"resultType": "vector", "result": [up]}})
        if asked.path != "/api/v1/query_range":
            return told({"status": "error", "errorType": "not_found", "error": "no such path"}, 404)
        name, _, which = asked.one("query").partition("{")
        if not name.isidentifier() or which not in ("", _EDGE, _OWN):
            said = {"status": "error", "errorType": "bad_data", "error": "1:4: parse error: unexpected end"}
            return told(said, 400)
        start, end, step = (float(asked.one(part)) for part in ("start", "end", "step"))
        moments = [start + index * step for index in range(math.floor((end - start) / step + 1e-6) + 1)]
        if len(moments) > 11_000:
            why = "exceeded maximum resolution of 11,000 points per timeseries"
            return told({"status": "error", "errorType": "bad_data", "error": why}, 400)
        found = [
            {
                "metric": {"service": service, "instance": instance} | ({"peer": peer} if peer else {}),
                "values": values,
            }
            for (metric, service, instance, peer), samples in held.items()
            if metric == name and which in ("", _EDGE if peer else _OWN) and (values := _at(moments, samples))
        ]
        return told({"status": "success", "data": {"resultType": "matrix", "result": found}})

    return handle


def _at(moments: Sequence[float], samples: Sequence[tuple[float, float]]) -> list[list[float | str]]:
    times = [time for time, _ in samples]
    found: list[list[float | str]] = []
    for moment in moments:
        place = bisect_right(times, moment + 1e-6)
        if place and moment - times[place - 1] < STALE:
            found.append([moment, str(samples[place - 1][1])])
    return found
