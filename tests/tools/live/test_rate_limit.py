"""Servers that ask to be left alone for a while: one sentence, and no question until then."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import polars as pl
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import Declined, ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.server import Answer, Asked, Server, serving
from tests.tools.live.ports import ADAPTERS, NO_SECRETS
from tools.analysis import METRICS_SCHEMA
from tools.clock import VirtualClock, WallClock
from tools.live.amazon import told as told_by_amazon
from tools.live.http import Backend, NotSent, Rejected, Transient
from tools.live.rate_limit import throttled, wait_asked
from tools.live.secrets import Secrets
from tools.live.settings_http import Http

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FRAME = pl.DataFrame([(NOW, "web", "", "requests", "", 1.0, "count")], schema=METRICS_SCHEMA, orient="row")


@contextmanager
def asking(*answers: Answer) -> Iterator[tuple[Server, Backend, VirtualClock]]:
    """A backend whose server gives these answers one after the other, the last one for good."""
    left = list(answers)
    clock = VirtualClock(NOW)
    with serving(lambda _: left.pop(0) if len(left) > 1 else left[0]) as server:
        yield server, Backend("Loki", Http.model_validate({"url": server.url}), Secrets({}), clock), clock


def busy(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("too many", status, named, date=NOW.timestamp())


@pytest.mark.parametrize(
    ("answer", "first", "then"),
    [
        (busy(429, Retry_After="30"), Rejected, Declined),
        (busy(503, Retry_After="30"), Transient, NotSent),
        (
            busy(429, Retry_After=format_datetime(NOW + timedelta(seconds=30), usegmt=True)),
            Rejected,
            Declined,
        ),
        (
            busy(403, X_RateLimit_Remaining="0", X_RateLimit_Reset=str(int(NOW.timestamp()) + 30)),
            Rejected,
            Declined,
        ),
    ],
)
async def test_a_server_that_asks_to_wait_is_asked_again_only_after_that(
    answer: Answer, first: type[ToolFailed], then: type[ToolFailed]
) -> None:
    with asking(answer, Answer("{}", date=NOW.timestamp())) as (server, backend, clock):
        with pytest.raises(first, match="asks to wait 30 s; it is asked again after 10:00:30 UTC: too many"):
            await backend.get("/x")
        clock.advance(timedelta(seconds=29))
        with pytest.raises(then, match="asks to wait 30 s; it is asked again after 10:00:30 UTC"):
            await backend.get("/y")
        assert len(server.asked) == 1
        clock.advance(timedelta(seconds=1))
        assert await backend.get("/x") == {}
        await backend.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        busy(429, Retry_After="0"),
        busy(403, X_RateLimit_Remaining="0", X_RateLimit_Reset="7"),
        Answer(json.dumps({"__type": "com.amazon#ThrottlingException", "message": "Rate exceeded"}), 400),
    ],
)
async def test_a_short_wait_is_one_between_two_tries(answer: Answer) -> None:
    with asking(answer, Answer("{}")) as (server, backend, _):
        assert await backend.get("/x") == {}
        assert len(server.asked) == 2
        await backend.aclose()


@pytest.mark.parametrize("name", ADAPTERS)
async def test_every_adapter_says_it_and_leaves_the_server_alone(name: str) -> None:
    adapter = ADAPTERS[name]
    heard: list[Asked] = []

    def answer(asked: Asked) -> Answer:
        heard.append(asked)
        return Answer("too many", 429, {"Retry-After": "1800"})

    with serving(answer) as server:
        port = adapter.port(server.url, ["web"], WallClock(), NO_SECRETS, frame=FRAME)
        window = Window(start=NOW, end=NOW + timedelta(minutes=5))
        with pytest.raises(Declined, match="asks to wait 1800 s; it is asked again after"):
            await port.ask(window, ["web"])
        first = len(heard)
        with pytest.raises(Declined, match="asks to wait 1800 s; it is asked again after"):
            await port.ask(window, ["web"])
        await port.aclose()
    assert len(heard) == first


@pytest.mark.parametrize("code", ["ThrottlingException", "Throttling", "TooManyRequestsException"])
async def test_amazon_says_it_by_a_code(code: str) -> None:
    with pytest.raises(
        Declined, match=rf"asks to wait: it was asked 3 times with pauses \({code}: Rate exceeded"
    ):
        async with told_by_amazon("CloudWatch in eu-central-1"):
            raise ClientError({"Error": {"Code": code, "Message": "Rate exceeded"}}, "GetMetricData")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ('{"error": {"code": "TooManyRequests", "message": "x"}}', True),
        ("<Error><Code>SlowDown</Code></Error>", True),
        ('{"message": "the Throttling of pipe 3 failed"}', False),
        ('{"code": "ValidationError"}', False),
    ],
)
def test_a_code_is_a_whole_word_of_the_body(text: str, is_one: bool) -> None:
    assert throttled(text) is is_one


@given(st.dictionaries(st.sampled_from(["retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-reset"]),
                       st.text("0123456789 -:,GMTNov٣²", max_size=30) | st.integers().map(str)))  # fmt: skip
def test_whatever_a_header_says_it_is_asked_again_within_the_hour(headers: dict[str, str]) -> None:
    wait = wait_asked(headers, NOW)
    assert wait is None or timedelta() <= wait <= timedelta(hours=1)
