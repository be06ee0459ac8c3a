"""Metrics of CloudWatch, as moto emulates them: periods, what is missing, what is kept for how long."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from incidents.catalogue import Catalogue, Service
from incidents.findings import Window
from nexus.config.site import Site
from tests.tools.live.cloudwatch import cloudwatch_metrics, metrics_spec_of
from tools.analysis import METRICS_SCHEMA
from tools.clock import VirtualClock
from tools.live.checks import check_backends
from tools.live.metrics import live_metrics
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 11, 23, 10, 0, 30, tzinfo=UTC)
CLOCK = VirtualClock(NOW)
SECRETS = Secrets({"KEY": "a-key-of-tests", "SECRET": "hunter2-hunter2"})
MINUTE = timedelta(minutes=1)
BEGIN = NOW.replace(second=0) - timedelta(minutes=10)


def samples(
    values: Sequence[float | None], metric: str = "requests", begin: datetime = BEGIN
) -> pl.DataFrame:
    """One value a minute; None is a minute without any."""
    rows = [
        (begin + n * MINUTE, "web", "", metric, "", value, "count")
        for n, value in enumerate(values)
        if value is not None
    ]
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


async def read(
    spec: dict[str, Any], window: Window | None = None, clock: VirtualClock = CLOCK
) -> tuple[list[tuple[str, float]], list[str]]:
    """The values by their minutes, and the gaps."""
    given = Backends.model_validate({"metrics": spec}).metrics
    assert given is not None
    port = live_metrics(given, ["web"], SECRETS, clock)
    try:
        with collect_gaps() as gaps:
            frame = await port.metrics(window or Window(start=BEGIN, end=NOW))
    finally:
        await port.aclose()
    assert frame.schema == METRICS_SCHEMA
    return [(f"{at:%H:%M}", value) for at, value in frame.select("time", "value").iter_rows()], gaps


def with_series(spec: dict[str, Any], **more: object) -> dict[str, Any]:
    return {**spec, "series": [{**one, **more} for one in spec["series"]]}


async def test_a_value_is_of_a_whole_period_and_one_that_has_not_ended_is_left_out() -> None:
    frame = samples([6.0 * n for n in range(11)])
    with cloudwatch_metrics(frame) as url:
        spec = metrics_spec_of(url, frame)
        plain, gaps = await read(spec)
        rates, _ = await read(with_series({**spec, "period": "5m"}, statistic="Sum", per_second=True))
        most, _ = await read(with_series({**spec, "period": "5m"}, statistic="Maximum", scale=0.001))
    assert (plain, gaps) == ([(f"09:{50 + n}", 6.0 * n) for n in range(10)], [])
    assert rates == [("09:50", 60 / 300), ("09:55", 210 / 300)]
    assert most == [("09:50", 0.024), ("09:55", 0.054)]


async def test_a_period_without_a_value_is_no_row_unless_it_is_said_what_it_stands_for() -> None:
    frame = samples([2.0, None, None, 3.0])
    with cloudwatch_metrics(frame) as url:
        spec = metrics_spec_of(url, frame)
        bare, _ = await read(spec)
        filled, _ = await read(with_series(spec, missing=0))
        other = with_series(spec, name="errors")
        silent, gaps = await read(other)
        never, no_gaps = await read(with_series(other, missing=0))
    assert bare == [("09:50", 2.0), ("09:53", 3.0)]
    # The last three minutes may still come.
    assert filled == [
        ("09:50", 2.0), ("09:51", 0.0), ("09:52", 0.0), ("09:53", 3.0),
        ("09:54", 0.0), ("09:55", 0.0), ("09:56", 0.0),
    ]  # fmt: skip
    assert (silent, gaps) == ([], ["CloudWatch in eu-central-1 has no data of requests of web"])
    assert ([value for _, value in never], no_gaps) == ([0.0] * 7, [])


async def test_an_old_window_is_read_at_the_periods_that_are_kept_for_so_long() -> None:
    begins = [(NOW - timedelta(days=days)).replace(minute=0, second=0) for days in (14, 16, 64, 456)]
    frame = pl.concat([samples([1.0] * 60, begin=begin) for begin in begins])
    with cloudwatch_metrics(frame) as url:
        spec = with_series(metrics_spec_of(url, frame), statistic="Sum")
        read_of = [await read(spec, Window(start=begin, end=begin + timedelta(hours=1))) for begin in begins]
    assert [[value for _, value in values] for values, _ in read_of] == [[1.0] * 60, [5.0] * 12, [60.0], []]
    assert [gaps for _, gaps in read_of] == [
        [],
        ["CloudWatch in eu-central-1 keeps values of 1m not that long: these are of 5m each"],
        ["CloudWatch in eu-central-1 keeps values of 1m not that long: these are of 1h each"],
        ["CloudWatch in eu-central-1 keeps nothing for longer than 455 days"],
    ]


async def test_doctor_says_which_metrics_have_no_data_and_the_file_names_services_of_the_catalogue() -> None:
    frame = samples([2.0])
    with cloudwatch_metrics(frame) as url:
        spec = metrics_spec_of(url, pl.concat([frame, samples([1.0], "errors")]))
        backends = Backends.model_validate({"metrics": spec})
        (checked, *_) = await check_backends(
            backends, Catalogue(services=(Service(name="web"),)), SECRETS, CLOCK
        )
    assert (checked.part, checked.answers) == ("metrics (cloudwatch)", True)
    assert checked.said == "1 of 2 metrics have data in the last hour; no data of errors of web"
    for wrong, place in (
        (with_series({"series": spec["series"]}, statistic="Mean"), "statistic"),
        ({"period": "90s"}, "period"),
    ):
        with pytest.raises(ValidationError, match=place):
            Backends.model_validate({"metrics": {**spec, **wrong}})
    with pytest.raises(ValidationError, match=r"backends.metrics\[0\].series"):
        Site.model_validate({"services": [{"name": "till"}], "backends": {"metrics": spec}})
