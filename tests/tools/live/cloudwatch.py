"""CloudWatch as moto emulates it, over HTTP on this machine: its logs, its metrics."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import polars as pl
from moto.cloudwatch.models import MetricDatum, cloudwatch_backends
from moto.logs.models import LogEvent, LogStream, logs_backends
from moto.server import ThreadedMotoServer

REGION, ACCOUNT, NAMESPACE = "eu-central-1", "123456789012", "Shop"
Events = Mapping[tuple[str, str], list[tuple[int, str]]]


@contextmanager
def cloudwatch(events: Events) -> Iterator[str]:
    """Its address.

    Args:
        events: by log group and stream, each its milliseconds since 1970 and its text. They are put where
            moto keeps them: over its API it takes none that is older than two weeks, as AWS does not either.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    kept: Any = logs_backends[ACCOUNT][REGION]
    kept.groups.clear()
    try:
        for (group, stream), given in events.items():
            if group not in kept.groups:
                kept.create_log_group(group, {})
            kept.create_log_stream(group, stream)
            made: LogStream = kept.groups[group].streams[stream]
            made.events = [LogEvent(at, {"timestamp": at, "message": text}) for at, text in given]
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        kept.groups.clear()


def events_of(logs: pl.DataFrame) -> Events:
    """The lines of a recording as JSON texts: a group for each service, a stream for each instance."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for row in logs.sort("time", maintain_order=True).iter_rows(named=True):
        text = {name: row[name] for name in ("level", "message", "trace_id", "span_id") if row[name]}
        at = int(row["time"].timestamp() * 1000)
        found.setdefault((f"/shop/{row['service']}", row["instance"]), []).append((at, json.dumps(text)))
    return found


def spec_of(url: str, services: tuple[str, ...], **more: object) -> dict[str, object]:
    """What `nexus.yaml` says of it."""
    return {
        "kind": "cloudwatch", "region": REGION, "endpoint_url": url, "key": "env:KEY", "secret": "env:SECRET",
        "groups": {f"/shop/{service}": service for service in services}, **more,
    }  # fmt: skip


@contextmanager
def cloudwatch_metrics(metrics: pl.DataFrame) -> Iterator[str]:
    """Its address; the rows of a metrics frame are put where moto keeps data points (without a zone)."""
    kept: Any = cloudwatch_backends[ACCOUNT][REGION]
    with cloudwatch({}) as url:
        kept.metric_data[:] = [
            MetricDatum(
                NAMESPACE, row["metric"], row["value"], _dimensions(row), row["time"].replace(tzinfo=None)
            )
            for row in metrics.iter_rows(named=True)
        ]
        try:
            yield url
        finally:
            kept.metric_data.clear()


def _dimensions(row: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": row[name]} for name in ("service", "instance", "peer") if row[name]]


def metrics_spec_of(url: str, metrics: pl.DataFrame, **more: object) -> dict[str, Any]:
    """What `nexus.yaml` says of the metrics of a frame."""
    series = []
    for (metric, unit), rows in metrics.group_by("metric", "unit", maintain_order=True):
        whose = rows.select("service", "instance", "peer").unique(maintain_order=True).to_dicts()
        of = [{**one, "dimensions": {name: said for name, said in one.items() if said}} for one in whose]
        series.append({"metric": metric, "unit": unit, "namespace": NAMESPACE, "name": metric, "of": of})
    return {
        "kind": "cloudwatch", "region": REGION, "endpoint_url": url, "key": "env:KEY", "secret": "env:SECRET",
        "series": series, **more,
    }  # fmt: skip
