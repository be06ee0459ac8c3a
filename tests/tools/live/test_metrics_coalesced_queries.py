"""Questions that Prometheus is asked as one: the same answers and gaps as apart, for half the requests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.prometheus import prometheus, series_for
from tests.tools.live.fakes.server import Asked, Handler, Server, serving, told
from tools.analysis import METRICS_SCHEMA
from tools.clock import VirtualClock
from tools.live.metrics import live_metrics
from tools.live.metrics.coalesced_queries import MOST_POINTS, Grid
from tools.live.metrics.prometheus import PrometheusMetrics
from tools.live.secrets import Secrets
from tools.live.settings import Prometheus
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 3, 12, 10, 40, tzinfo=UTC)
BEGAN = NOW - timedelta(minutes=10)
#: Memory vanished long before the window, queued jobs are new in it; a sample is stale after five minutes.
SAMPLES = pl.DataFrame(
    [
        (BEGAN + timedelta(seconds=15 * n), "web", "web-1", metric, "", float(n), unit)
        for n in range(40)
        for metric, unit, held in (
            ("cpu", "ratio", True),
            ("memory", "ratio", n < 4),
            ("queued_jobs", "count", n > 30),
        )
        if held
    ],
    METRICS_SCHEMA,
    orient="row",
)
QUIET = Window(start=BEGAN, end=BEGAN + timedelta(minutes=6))
WINDOW = Window(start=BEGAN + timedelta(minutes=6, seconds=20), end=NOW)

grids = st.builds(
    lambda first, points, step: Grid(first * step, (first + points - 1) * step, step),
    st.integers(0, 10**6),
    st.integers(1, MOST_POINTS),
    st.sampled_from([1000, 15_000]),
)


@given(grids, grids)
def test_one_grid_stands_for_two_only_if_it_holds_both_and_costs_little_more(one: Grid, two: Grid) -> None:
    both = one.joined(two)
    assert both == two.joined(one)
    if both is None:
        return
    assert both.step == one.step == two.step
    assert both.points <= MOST_POINTS
    assert both.points <= 1.25 * (one.points + two.points)
    assert all(both.holds(moment / 1000) for grid in (one, two) for moment in (grid.first, grid.last))


@contextmanager
def port_of(handler: Handler) -> Iterator[tuple[PrometheusMetrics, Server]]:
    with serving(handler) as server:
        spec = Prometheus.model_validate(
            {"kind": "prometheus", "url": server.url, "series": series_for(SAMPLES), "step": "15s"}
        )
        yield live_metrics(spec, ("web",), Secrets({}), VirtualClock(NOW)), server


def questions(server: Server) -> list[Asked]:
    """What was asked of samples; the team's alert rules are learnt by one more."""
    return [one for one in server.asked if one.path.endswith("/query_range")]


@asynccontextmanager
async def asked(handler: Handler) -> AsyncIterator[tuple[PrometheusMetrics, Server]]:
    with port_of(handler) as (port, server):
        try:
            yield port, server
        finally:
            await port.aclose()


async def told_of(port: PrometheusMetrics, window: Window) -> tuple[pl.DataFrame, list[str]]:
    with collect_gaps() as gaps:
        return await port.metrics(window), gaps


async def test_together_every_question_hears_what_it_hears_alone() -> None:
    async with asked(prometheus(SAMPLES)) as (port, server):
        alone = [await told_of(port, QUIET), await told_of(port, WINDOW)]
        assert len(questions(server)) == 6
        together = await asyncio.gather(told_of(port, QUIET), told_of(port, WINDOW))
        assert len(questions(server)) == 9
    for (frame, gaps), (other, others) in zip(alone, together, strict=True):
        assert_frame_equal(frame, other)
        assert gaps == others
    assert alone[0][1][0].endswith("has no data of queued_jobs")
    assert alone[1][1][0].endswith("has no data of memory")


async def test_what_lies_far_apart_is_asked_apart() -> None:
    long_ago = Window(start=BEGAN - timedelta(hours=2), end=BEGAN - timedelta(hours=1))
    async with asked(prometheus(SAMPLES)) as (port, server):
        _, (frame, _) = await asyncio.gather(told_of(port, long_ago), told_of(port, WINDOW))
        assert frame.height
        assert len(questions(server)) == 6


async def test_who_leaves_does_not_cost_the_other_the_answer() -> None:
    async with asked(prometheus(SAMPLES)) as (port, _):
        one = asyncio.create_task(port.metrics(QUIET))
        two = asyncio.create_task(port.metrics(WINDOW))
        await asyncio.sleep(0)
        one.cancel()
        assert (await two).height
        with pytest.raises(asyncio.CancelledError):
            await one


async def test_once_all_have_left_nothing_is_asked() -> None:
    async with asked(prometheus(SAMPLES)) as (port, server):
        one = asyncio.create_task(port.metrics(QUIET))
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.wait([one])
        assert not questions(server)
        assert (await port.metrics(WINDOW)).height


async def test_a_backend_that_fails_fails_for_both() -> None:
    said = {"status": "error", "errorType": "bad_data", "error": "nonsense"}
    async with asked(lambda _: told(said, 400)) as (port, _):
        both = await asyncio.gather(port.metrics(QUIET), port.metrics(WINDOW), return_exceptions=True)
    assert all(isinstance(one, ToolFailed) and "nonsense" in str(one) for one in both)
