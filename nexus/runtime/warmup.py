"""What the first alert would wait for: rules that are compiled, and libraries that begin, when first used."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx2
import polars as pl
from pydantic import BaseModel

from graph.build import build
from incidents.value import Value
from nexus.config.runbook import runbook_of
from nexus.config.settings import Settings
from tools.alerts.retrying import all_retrying
from tools.analysis import (
    LOGS_SCHEMA,
    METRICS_SCHEMA,
    TRACES_SCHEMA,
    Symptom,
    Telemetry,
    Topology,
    rank_suspects,
)
from tools.live.http import Reply
from tools.live.metrics.conventions import shipped
from tools.live.trust import system_trust
from tools.redaction.redact import redact
from tools.telemetry.levels import signal_frame

_BEGAN = datetime(2000, 1, 1, tzinfo=UTC)
_MINUTES = 12


def warm(settings: Settings) -> None:
    """Make a process ready; called again it costs nothing.

    Raises:
        SettingsError: the runbook or the roster breaks a rule.
    """
    build(runbook_of(settings))
    warm_analysis()
    redact("")
    shipped()
    all_retrying()
    _complete(Value)
    _complete(Reply)
    _warm_client()


@cache
def warm_analysis() -> None:
    """Rank a few made rows: an error rate that grows, a line and a call in each minute."""
    times = [_BEGAN + timedelta(minutes=minute) for minute in range(_MINUTES)]
    at = times[-2]
    metrics = [(time, "a", "a-0", "error_ratio", "", float(time >= at), "ratio") for time in times]
    logs = [(time, "a", "a-0", "error", f"call {time} failed", f"{time}", "1") for time in times]
    spans = [(time, 10, f"{time}", "1", "", "a", "GET /", "error") for time in times]
    seen = Telemetry(
        metrics=pl.DataFrame(metrics, METRICS_SCHEMA, orient="row"),
        logs=pl.DataFrame(logs, LOGS_SCHEMA, orient="row"),
        traces=pl.DataFrame(spans, TRACES_SCHEMA, orient="row"),
    )
    signal_frame(seen)
    rank_suspects(seen, seen, Topology(), Symptom(service="a", at=at), ())


def _complete(kind: type[BaseModel]) -> None:
    """Build the validators of every value that is known by now; each is built when it is first used else."""
    for one in kind.__subclasses__():
        one.model_rebuild()
        _complete(one)


@cache
def _warm_client() -> None:
    """Ask once over HTTP, of this process itself: the client loads what it needs with its first question."""
    with suppress(OSError, httpx2.HTTPError):  # where nothing may listen, the first alert waits a little
        asyncio.run(_asked())


async def _asked() -> None:
    async with await asyncio.start_server(_answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with httpx2.AsyncClient(verify=system_trust(), trust_env=False) as client:
            await client.get(f"http://{host}:{port}/")


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()
