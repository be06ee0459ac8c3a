"""What every metrics, logs and traces port keeps to."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import polars as pl
import pytest

from incidents.findings import Window
from tests.conformance.conftest import Live
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA

Port = Callable[[Window, Sequence[str]], Awaitable[pl.DataFrame]]

CHANNELS = {"metrics": METRICS_SCHEMA, "logs": LOGS_SCHEMA, "traces": TRACES_SCHEMA}


def port_of(live: Live, channel: str) -> Port:
    return {
        "metrics": live.world.metrics.metrics,
        "logs": live.world.logs.logs,
        "traces": live.world.traces.spans,
    }[channel]


@pytest.fixture(params=sorted(CHANNELS))
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_frames_have_the_schema_and_the_order_of_time(live: Live, channel: str) -> None:
    frame = await port_of(live, channel)(live.window, ())
    assert frame.schema == CHANNELS[channel]
    assert frame.height > 0
    assert frame["time"].is_sorted()
    assert frame.null_count().sum_horizontal().item() == 0


async def test_a_window_includes_its_start_and_excludes_its_end(live: Live, channel: str) -> None:
    port = port_of(live, channel)
    times = (await port(live.window, ()))["time"]
    first, later = times[0], times.unique().sort()[3]
    part = await port(Window(start=first, end=later), ())
    assert part["time"].min() == first
    assert part.filter(pl.col("time") >= later).height == 0


async def test_services_can_be_chosen(live: Live, channel: str) -> None:
    service = live.service if channel != "logs" else live.deployed
    part = await port_of(live, channel)(live.window, [service])
    assert part["service"].unique().to_list() == [service]
    nobody = await port_of(live, channel)(live.window, ["no-such-service"])
    assert nobody.height == 0
    assert nobody.schema == CHANNELS[channel]


async def test_where_nothing_is_recorded_there_is_no_row(live: Live, channel: str) -> None:
    before = Window(start=live.window.start - timedelta(days=9), end=live.window.start - timedelta(days=8))
    frame = await port_of(live, channel)(before, ())
    assert frame.height == 0
    assert frame.schema == CHANNELS[channel]


async def test_the_future_is_never_shown(live: Live, channel: str) -> None:
    ahead = Window(start=live.window.start, end=live.clock.now() + timedelta(days=1))
    frame = await port_of(live, channel)(ahead, ())
    assert frame.filter(pl.col("time") > live.clock.now()).height == 0
    assert frame.height > 0
