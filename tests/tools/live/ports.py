"""Every live adapter over the telemetry of a recording, behind a fake of its backend."""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import polars as pl

from incidents.findings import Window
from tests.tools.live.fakes import logs as fake_logs
from tests.tools.live.fakes import traces as fake_traces
from tests.tools.live.fakes.prometheus import prometheus, series_for
from tests.tools.live.fakes.server import Handler, serving
from tools.clock import Clock
from tools.live.logs import live_logs
from tools.live.metrics import live_metrics
from tools.live.secrets import Secrets
from tools.live.settings import (
    Elastic,
    Jaeger,
    JaegerV2,
    Journal,
    LogFiles,
    LogSpec,
    Loki,
    MetricSpec,
    Prometheus,
    Tempo,
    TraceFiles,
    TraceSpec,
    VictoriaLogs,
)
from tools.live.traces import live_traces

Ask = Callable[[Window, Sequence[str]], Awaitable[pl.DataFrame]]


class Port(NamedTuple):
    """One port that can be asked, checked and closed."""

    ask: Ask
    check: Callable[[], Awaitable[str]]
    aclose: Callable[[], Awaitable[None]]


class Adapter(NamedTuple):
    """How an adapter is put over a backend at an address: a port for services, secrets, a clock."""

    channel: str
    handler: Callable[[pl.DataFrame], Handler]
    port: Callable[..., Port]


def metrics_port(
    url: str, names: Sequence[str], clock: Clock, secrets: Secrets, *, frame: pl.DataFrame, **more: object
) -> Port:
    spec = Prometheus.model_validate({"kind": "prometheus", "url": url, "series": series_for(frame), **more})
    return metrics_port_of(spec, names, clock, secrets)


def metrics_port_of(spec: MetricSpec, names: Sequence[str], clock: Clock, secrets: Secrets) -> Port:
    made = live_metrics(spec, names, secrets, clock)
    return Port(made.metrics, made.check, made.aclose)


def logs_port(spec: LogSpec, names: Sequence[str], clock: Clock, secrets: Secrets) -> Port:
    made = live_logs([spec], names, secrets, clock)
    return Port(made.logs, made.check, made.aclose)


def traces_port(spec: TraceSpec, names: Sequence[str], clock: Clock, secrets: Secrets) -> Port:
    made = live_traces(spec, names, secrets, clock)
    return Port(made.spans, made.check, made.aclose)


def _logs(kind: type[Journal | Loki | Elastic | VictoriaLogs], name: str) -> Callable[..., Port]:
    def port(
        url: str, names: Sequence[str], clock: Clock, secrets: Secrets, *, frame: pl.DataFrame, **more: object
    ) -> Port:
        return logs_port(kind.model_validate({"kind": name, "url": url, **more}), names, clock, secrets)

    return port


def _traces(kind: type[Jaeger | JaegerV2 | Tempo], name: str) -> Callable[..., Port]:
    def port(
        url: str, names: Sequence[str], clock: Clock, secrets: Secrets, *, frame: pl.DataFrame, **more: object
    ) -> Port:
        # A recording of minutes has more traces than a question asks for by itself.
        spec = kind.model_validate({"kind": name, "url": url, "limit": 5000, **more})
        return traces_port(spec, names, clock, secrets)

    return port


#: The adapters that speak HTTP, by name.
ADAPTERS: dict[str, Adapter] = {
    "prometheus": Adapter("metrics", prometheus, metrics_port),
    "loki": Adapter("logs", fake_logs.loki, _logs(Loki, "loki")),
    "elasticsearch": Adapter("logs", fake_logs.elasticsearch, _logs(Elastic, "elasticsearch")),
    "opensearch": Adapter("logs", fake_logs.opensearch, _logs(Elastic, "elasticsearch")),
    "victorialogs": Adapter("logs", fake_logs.victorialogs, _logs(VictoriaLogs, "victorialogs")),
    "journal": Adapter("logs", fake_logs.gatewayd, _logs(Journal, "journal")),
    "jaeger": Adapter("traces", fake_traces.jaeger, _traces(Jaeger, "jaeger")),
    "jaeger_v2": Adapter("traces", fake_traces.jaeger_v2, _traces(JaegerV2, "jaeger_v2")),
    "tempo": Adapter("traces", fake_traces.tempo, _traces(Tempo, "tempo")),
}
NO_SECRETS = Secrets({})


@contextmanager
def backend(adapter: Adapter, frame: pl.DataFrame) -> Iterator[str]:
    """The address of the adapter's fake over a frame."""
    with serving(adapter.handler(frame)) as server:
        yield server.url


def write_logs(frame: pl.DataFrame, folder: Path) -> LogFiles:
    """Lines as services write them: JSON, a file for each service, the name only in the path."""
    folder.mkdir(parents=True)
    for (service,), part in frame.group_by("service", maintain_order=True):
        rows = part.sort("time").drop("service").to_dicts()
        lines = [json.dumps({**row, "time": row["time"].isoformat()}) for row in rows]
        (folder / f"{service}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return LogFiles(kind="files", paths=(f"{folder}/{{service}}.jsonl",))


def write_spans(frame: pl.DataFrame, folder: Path) -> TraceFiles:
    """Spans as services write them: when they end."""
    folder.mkdir(parents=True)
    ended = frame.sort(pl.col("time") + pl.duration(microseconds="duration_us"))
    lines = [json.dumps({**row, "time": row["time"].isoformat()}) for row in ended.to_dicts()]
    (folder / "all.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return TraceFiles(kind="files", paths=(f"{folder}/*.jsonl",))


def write_parquet(frame: pl.DataFrame, folder: Path) -> TraceFiles:
    """Spans as a recording holds them."""
    folder.mkdir(parents=True)
    frame.write_parquet(folder / "traces.parquet")
    return TraceFiles(kind="files", paths=(f"{folder}/*.parquet",))
