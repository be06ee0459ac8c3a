"""CloudWatch as moto emulates it, over HTTP on this machine."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import polars as pl
from moto.logs.models import LogEvent, LogStream, logs_backends
from moto.server import ThreadedMotoServer

REGION, ACCOUNT = "eu-central-1", "123456789012"
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
