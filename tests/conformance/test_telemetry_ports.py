"""What every metrics, logs and traces port keeps to."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from demo.monitoring.past import open_metrics
from incidents.findings import Window
from tests.cases import END, QUIET_END, case_world
from tests.tools.live.cloudwatch import cloudwatch, cloudwatch_metrics, events_of, metrics_spec_of, spec_of
from tests.tools.live.ports import (
    ADAPTERS,
    NO_SECRETS,
    backend,
    logs_port,
    metrics_port_of,
    traces_port,
    write_logs,
    write_parquet,
    write_spans,
)
from tests.tools.live.real import (
    in_milliseconds,
    journal_entries,
    running_gatewayd,
    running_prometheus,
    running_victoriametrics,
)
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA
from tools.clock import VirtualClock
from tools.live.secrets import Secrets
from tools.live.settings_aws import CloudWatchLogs, CloudWatchMetrics

Ask = Callable[[Window, Sequence[str]], Awaitable[pl.DataFrame]]

SCHEMAS = {"metrics": METRICS_SCHEMA, "logs": LOGS_SCHEMA, "traces": TRACES_SCHEMA}
WINDOW = Window(start=QUIET_END, end=END)
NAMES = ("web", "checkout", "catalogue", "payment", "orders-db")
IMPLEMENTATIONS = (
    *(f"recorded {channel}" for channel in SCHEMAS),
    *(f"{name} {adapter.channel}" for name, adapter in ADAPTERS.items()),
    "real-prometheus metrics",
    "real-victoria-metrics metrics",
    "real-journal logs",
    "emulated-cloudwatch metrics",
    "emulated-cloudwatch logs",
    "files logs",
    "files traces",
    "parquet traces",
)


class Asked(NamedTuple):
    """One implementation: what can be asked of it, its schema, and the whole recording that it shows."""

    port: Ask
    schema: pl.Schema
    recorded: pl.DataFrame
    service: str


@pytest.fixture(params=IMPLEMENTATIONS, scope="module")
def implementation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def recorded(implementation: str, case_folder: Path) -> pl.DataFrame:
    name, channel = implementation.split()
    frame = pl.read_parquet(case_folder / "telemetry" / f"{channel}.parquet")
    # Traces over HTTP are read one by one or service by service, and the emulator goes through all of its
    # data points for each metric and period: a few of them are enough.
    if channel == "traces" and name in ADAPTERS:
        return frame.filter(pl.col("time") >= END - timedelta(seconds=40))
    emulated = implementation == "emulated-cloudwatch metrics"
    return frame.filter(pl.col("time") >= END - timedelta(seconds=75)) if emulated else frame


@pytest.fixture(scope="module")
def url(
    implementation: str, recorded: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str | None]:
    """Where the backend listens, if there is one; it serves all tests of an implementation."""
    name, folder = implementation.split()[0], tmp_path_factory.mktemp("real") / "backend"
    running: AbstractContextManager[str | None]
    if name == "real-prometheus":
        running = running_prometheus(folder, [*open_metrics(recorded)])
    elif name == "real-victoria-metrics":
        running = running_victoriametrics(folder, [*in_milliseconds(open_metrics(recorded))])
    elif name == "real-journal":
        running = running_gatewayd(folder, [*journal_entries(recorded)])
    elif name == "emulated-cloudwatch":
        metrics = implementation.endswith("metrics")
        running = cloudwatch_metrics(recorded) if metrics else cloudwatch(events_of(recorded))
    else:
        running = backend(ADAPTERS[name], recorded) if name in ADAPTERS else nullcontext()
    with running as address:
        yield address


@pytest.fixture
async def asked(
    implementation: str, recorded: pl.DataFrame, url: str | None, case_folder: Path, tmp_path: Path
) -> AsyncIterator[Asked]:
    name, channel = implementation.split()
    service = "checkout" if channel == "logs" else "web"
    clock = VirtualClock(END)
    if name == "recorded":
        world, _ = case_world(case_folder, tmp_path / "ledger.jsonl", END)
        ports = {"metrics": world.metrics.metrics, "logs": world.logs.logs, "traces": world.traces.spans}
        yield Asked(ports[channel], SCHEMAS[channel], recorded, service)
        return
    keys = Secrets({"KEY": "a-key", "SECRET": "a-secret"})
    if url is not None and implementation == "emulated-cloudwatch metrics":
        samples = CloudWatchMetrics.model_validate(metrics_spec_of(url, recorded, period="5s"))
        port = metrics_port_of(samples, NAMES, clock, keys)
    elif url is not None and name == "emulated-cloudwatch":
        port = logs_port(CloudWatchLogs.model_validate(spec_of(url, NAMES)), NAMES, clock, keys)
    elif url is not None:
        adapter = "prometheus" if "metrics" in channel else name.removeprefix("real-")
        port = ADAPTERS[adapter].port(url, NAMES, clock, NO_SECRETS, frame=recorded)
    elif channel == "logs":
        port = logs_port(write_logs(recorded, tmp_path / "logs"), NAMES, clock, NO_SECRETS)
    else:
        write = write_spans if name == "files" else write_parquet
        port = traces_port(write(recorded, tmp_path / "traces"), NAMES, clock, NO_SECRETS)
    yield Asked(port.ask, SCHEMAS[channel], recorded, service)
    await port.aclose()


async def test_frames_have_the_schema_and_the_order_of_time(asked: Asked) -> None:
    frame = await asked.port(WINDOW, ())
    assert frame.schema == asked.schema
    assert frame.height > 0
    assert frame["time"].is_sorted()
    assert frame.null_count().sum_horizontal().item() == 0


async def test_every_row_of_the_window_is_there_once(asked: Asked, implementation: str) -> None:
    inside = (pl.col("time") >= WINDOW.start) & (pl.col("time") < WINDOW.end)
    wanted = asked.recorded.filter(inside)
    # Elasticsearch and the journal have no span ids here, Tempo turns ids into bytes.
    columns = [name for name in wanted.columns if not name.endswith("_id")]
    frame = (await asked.port(WINDOW, ())).select(columns).sort(columns)
    wanted = wanted.select(columns).sort(columns)
    if (
        "victoria-metrics" in implementation
    ):  # it keeps decimal numbers: the last bit of a value may be another one
        assert ((frame["value"] - wanted["value"]).abs() <= 1e-15 * wanted["value"].abs()).all()
        frame, wanted = frame.drop("value"), wanted.drop("value")
    assert frame.equals(wanted)


async def test_a_window_includes_its_start_and_excludes_its_end(asked: Asked) -> None:
    times = (await asked.port(WINDOW, ()))["time"]
    first, later = times[0], times.unique().sort()[3]
    part = await asked.port(Window(start=first, end=later), ())
    assert part["time"].min() == first
    assert part.filter(pl.col("time") >= later).height == 0


async def test_services_can_be_chosen(asked: Asked) -> None:
    part = await asked.port(WINDOW, [asked.service])
    assert part["service"].unique().to_list() == [asked.service]
    nobody = await asked.port(WINDOW, ["no-such-service"])
    assert nobody.height == 0
    assert nobody.schema == asked.schema


async def test_where_nothing_is_recorded_there_is_no_row(asked: Asked) -> None:
    before = Window(start=WINDOW.start - timedelta(days=9), end=WINDOW.start - timedelta(days=8))
    frame = await asked.port(before, ())
    assert frame.height == 0
    assert frame.schema == asked.schema


async def test_the_future_is_never_shown(asked: Asked) -> None:
    ahead = Window(start=WINDOW.start, end=END + timedelta(days=1))
    frame = await asked.port(ahead, ())
    assert frame.filter(pl.col("time") > END).height == 0
    assert frame.height > 0
