"""Log groups of CloudWatch, as moto emulates them: pages, limits, what is refused, what is no JSON."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from pydantic import ValidationError

from incidents.catalogue import Catalogue, Service
from incidents.errors import Declined, ToolFailed
from incidents.findings import Window
from nexus.config.site import Site
from tests.tools.live.cloudwatch import Events, cloudwatch, spec_of
from tests.tools.live.fakes.server import Answer, serving
from tools.clock import VirtualClock
from tools.live.checks import check_backends
from tools.live.logs import live_logs
from tools.live.logs.cloudwatch import CloudWatchSource
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.live.settings_aws import CloudWatchLogs
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CLOCK = VirtualClock(NOW)
SECRETS = Secrets({"KEY": "a-key-of-tests", "SECRET": "hunter2-hunter2"})
MILLI = timedelta(milliseconds=1)


def many(count: int, text: str) -> Events:
    """Lines of one service, a millisecond apart, the last one right before now."""
    last = int(NOW.timestamp() * 1000) - 1
    return {("/shop/web", "pod-1"): [(last - count + n + 1, f"{text} {n}") for n in range(count)]}


async def read(url: str, minutes: float = 60, **more: object) -> tuple[pl.DataFrame, list[str]]:
    port = live_logs(
        Backends.model_validate({"logs": [spec_of(url, ("web",), **more)]}).logs, ["web"], SECRETS, CLOCK
    )
    try:
        with collect_gaps() as gaps:
            return await port.logs(Window(start=NOW - timedelta(minutes=minutes), end=NOW)), gaps
    finally:
        await port.aclose()


async def test_twelve_thousand_lines_of_two_kilobytes_arrive_whole() -> None:
    with cloudwatch(many(12_000, "x" * 2_000)) as url:
        frame, gaps = await read(url)
    assert (frame.height, gaps) == (12_000, [])
    assert frame["message"].n_unique() == 12_000
    assert frame["time"].is_sorted()


async def test_of_too_many_lines_the_newest_are_read_and_it_is_said() -> None:
    with cloudwatch(many(1_200, "line")) as url:
        source = CloudWatchSource(
            CloudWatchLogs.model_validate(spec_of(url, ("web",))), SECRETS, CLOCK, most=500
        )
        with collect_gaps() as gaps:
            lines = await source.lines(Window(start=NOW - timedelta(minutes=60), end=NOW))
        await source.aclose()
    assert [line.message for line in lines] == [f"line {number}" for number in range(700, 1_200)]
    assert any("of /shop/web the lines before 09:59:59 UTC were left out" in gap for gap in gaps)


async def test_a_line_is_json_or_text_and_its_stream_is_the_instance() -> None:
    at = int(NOW.timestamp() * 1000) - 1000
    lines = [
        json.dumps(
            {"severity": "ERROR", "msg": "card refused", "trace_id": "abc", "time": "2001-01-01T00:00:00Z"}
        ),
        "ERROR no JSON at all\n",
    ]
    with cloudwatch({("/shop/web", "pod-1"): [(at + n, text) for n, text in enumerate(lines)]}) as url:
        frame, _ = await read(url)
        errors, _ = await read(url, pattern="card")
    assert frame["message"].to_list() == ["card refused", "ERROR no JSON at all"]
    assert frame["level"].to_list() == ["error", "error"]
    assert frame["instance"].to_list() == ["pod-1", "pod-1"]
    assert frame["trace_id"].to_list() == ["abc", ""]
    assert frame["time"][0] == NOW - timedelta(seconds=1)
    assert errors.height == 1


async def test_a_group_that_is_not_there_is_a_gap_and_all_of_them_a_failure() -> None:
    with cloudwatch(many(3, "line")) as url:
        frame, gaps = await read(url, groups={"/shop/web": "web", "/shop/gone": "web"})
        assert frame.height == 3
        assert "CloudWatch in eu-central-1, /shop/gone answered ResourceNotFoundException" in "; ".join(gaps)
        with pytest.raises(ToolFailed, match="ResourceNotFoundException"):
            await read(url, groups={"/shop/gone": "web"})


async def test_what_refuses_or_is_not_there_is_told_without_the_keys() -> None:
    refusal = json.dumps({"__type": "AccessDeniedException", "message": "User nexus is not authorized"})
    with serving(lambda _: Answer(refusal, 400)) as server, pytest.raises(Declined) as refused:
        await read(server.url)
    assert "AccessDeniedException: User nexus is not authorized" in str(refused.value)
    with pytest.raises(ToolFailed, match="cannot be asked") as gone:
        await read("http://127.0.0.1:9")
    assert "hunter2" not in str(gone.value)
    port = live_logs(
        Backends.model_validate({"logs": [spec_of("http://127.0.0.1:9", ("web",))]}).logs,
        ["web"],
        Secrets({}),
        CLOCK,
    )
    with pytest.raises(ToolFailed, match="KEY is not set"):
        await port.logs(Window(start=NOW - MILLI, end=NOW))


async def test_doctor_says_how_many_groups_answer_and_the_file_names_services_of_the_catalogue() -> None:
    with cloudwatch(many(7, "line")) as url:
        backends = Backends.model_validate({"logs": [spec_of(url, ("web",))]})
        (checked, *_) = await check_backends(
            backends, Catalogue(services=(Service(name="web"),)), SECRETS, CLOCK
        )
    assert (checked.answers, checked.said.endswith("1 log groups answer, 7 lines in the last 5 min")) == (
        True,
        True,
    )
    with pytest.raises(ValidationError, match=r"backends.logs\[0\].groups"):
        Site.model_validate(
            {"services": [{"name": "till"}], "backends": {"logs": [spec_of("http://x", ("web",))]}}
        )
