"""Log backends: paging, limits, what lines say themselves, several backends together."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.logs import (
    Elasticsearch,
    elasticsearch,
    gatewayd,
    loki,
    opensearch,
    victorialogs,
)
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tools.analysis import LOGS_SCHEMA
from tools.clock import VirtualClock
from tools.live.http import LARGEST
from tools.live.limits import TooLarge
from tools.live.logs import LiveLogs, live_logs
from tools.live.logs.lines import LogLine
from tools.live.logs.paging import Page, PageSize, newest_first
from tools.live.secrets import Secrets
from tools.live.settings import Elastic, Journal, LogSpec, Loki, VictoriaLogs
from tools.live.telemetry_rows import level_of, moment_of
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=30), end=NOW)
NAMES = ("web", "checkout")


def spec_of(kind: type[LogSpec], name: str, url: str, **more: object) -> LogSpec:
    return kind.model_validate({"kind": name, "url": url, **more})


def port_of(*specs: LogSpec) -> LiveLogs:
    return live_logs(specs, NAMES, Secrets({}), VirtualClock(NOW))


async def asked_of(
    handler: Handler, kind: type[LogSpec], name: str, **more: object
) -> tuple[pl.DataFrame, list[str]]:
    with serving(handler) as server:
        port = port_of(spec_of(kind, name, server.url, **more))
        try:
            with collect_gaps() as gaps:
                return await port.logs(WINDOW), gaps
        finally:
            await port.aclose()


def many(count: int, gap: timedelta) -> pl.DataFrame:
    """So many lines, the last of them just before now."""
    times = [NOW - gap * (count - index) for index in range(count)]
    rows = [(t, "web", "w-1", "info", f"line {n}", "", "") for n, t in enumerate(times)]
    return pl.DataFrame(rows, schema=LOGS_SCHEMA, orient="row")


BACKENDS = [
    (loki, Loki, "loki"),
    (elasticsearch, Elastic, "elasticsearch"),
    (opensearch, Elastic, "elasticsearch"),
    (victorialogs, VictoriaLogs, "victorialogs"),
    (gatewayd, Journal, "journal"),
]


@pytest.mark.parametrize(("fake", "kind", "name"), BACKENDS)
async def test_every_line_is_read_over_many_pages(fake: object, kind: type[LogSpec], name: str) -> None:
    lines = many(5_500, timedelta(milliseconds=70))
    frame, gaps = await asked_of(fake(lines), kind, name)  # type: ignore[operator]
    assert frame["message"].to_list() == lines["message"].to_list()
    assert not gaps


@pytest.mark.parametrize(("fake", "kind", "name"), BACKENDS)
async def test_lines_of_one_moment_on_either_side_of_a_page_are_all_there(
    fake: object, kind: type[LogSpec], name: str
) -> None:
    """Seven lines in each of many moments: no page ends with one of them."""
    lines = many(2_100, timedelta(seconds=1))
    moment = pl.int_range(pl.len()) // 7
    at_once = lines.with_columns(time=pl.lit(NOW) - pl.duration(seconds=400 - moment))
    frame, gaps = await asked_of(fake(at_once), kind, name)  # type: ignore[operator]
    assert sorted(frame["message"]) == sorted(lines["message"])
    assert not gaps


def heavy(count: int, size: int, gap: timedelta = timedelta(milliseconds=100)) -> pl.DataFrame:
    """So many lines of so many bytes."""
    padding = pl.col("message") + " " + "x" * (size - 12)
    return many(count, gap).with_columns(message=padding.str.slice(0, size))


@pytest.mark.parametrize(("fake", "kind", "name"), BACKENDS)
async def test_twelve_thousand_lines_of_two_kilobytes_arrive_and_no_answer_is_large(
    fake: object, kind: type[LogSpec], name: str
) -> None:
    lines = heavy(12_000, 2_000)
    handler: Handler = fake(lines)  # type: ignore[operator]
    answered: list[int] = []

    def handle(asked: Asked) -> Answer:
        answer = handler(asked)
        answered.append(len(answer.body))
        return answer

    frame, gaps = await asked_of(handle, kind, name)
    assert frame["message"].to_list() == lines["message"].to_list()
    assert not gaps
    assert max(answered) < LARGEST / 2  # the parts of the lines that are in memory at once


async def test_a_loki_whose_lines_grow_is_asked_for_fewer() -> None:
    """Four kilobytes a line after a thousand short ones: the page that is too large is asked for again."""
    short = many(3_000, timedelta(milliseconds=100))
    long = heavy(3_000, 4_000).with_columns(pl.col("time") - pl.duration(seconds=300))
    frame, gaps = await asked_of(loki(pl.concat([long, short])), Loki, "loki")
    assert frame.height == 6_000
    assert not gaps


async def test_a_loki_that_says_nothing_is_asked_for_less_and_no_more_often_than_that() -> None:
    handler, sizes, at = loki(heavy(700, 9_000)), [], threading.Event()

    def handle(asked: Asked) -> Answer:
        sizes.append(int(asked.one("limit")))
        answer = handler(asked)
        return answer if answer.status == 200 else Answer(wait=at)

    try:
        frame, gaps = await asked_of(handle, Loki, "loki", timeout=timedelta(seconds=1))
    finally:
        at.set()
    assert frame.height == 700
    assert not gaps
    assert sizes[:2] == [500, 50]


async def test_a_loki_with_other_limits_is_asked_by_them() -> None:
    lines = many(3_000, timedelta(milliseconds=500))
    handler = loki(lines, most=400, longest=timedelta(minutes=7))
    frame, gaps = await asked_of(handler, Loki, "loki")
    assert frame["message"].to_list() == lines["message"].to_list()
    assert not gaps


async def test_a_window_of_months_is_asked_of_loki_in_parts() -> None:
    lines = many(90, timedelta(days=1))
    with serving(loki(lines)) as server:
        port = port_of(spec_of(Loki, "loki", server.url))
        frame = await port.logs(Window(start=NOW - timedelta(days=89, hours=12), end=NOW))
        await port.aclose()
    assert frame["message"].to_list() == lines["message"].to_list()[1:]


async def test_a_loki_that_fails_on_the_way_shows_what_it_gave() -> None:
    handler, pages = loki(many(5_000, timedelta(milliseconds=100))), []

    def handle(asked: Asked) -> Answer:
        pages.append(asked)
        return handler(asked) if len(pages) < 3 else Answer("rate limit", 400)

    frame, gaps = await asked_of(handle, Loki, "loki")
    assert frame.height == 500 + 1_999
    assert "the lines before 11:55:50.100000 UTC are missing: Loki at " in gaps[0]
    assert gaps[0].endswith("answered 400: rate limit")


@pytest.mark.parametrize("brand", [elasticsearch, opensearch])
async def test_a_document_without_a_message_does_not_end_the_reading(brand: object) -> None:
    """The fault that lost 4,999 of 11,999 lines: one document that is no line on a full page."""
    lines = many(11_999, timedelta(milliseconds=100))
    handler: Handler = brand(lines)  # type: ignore[operator]

    def handle(asked: Asked) -> Answer:
        answer = handler(asked)
        assert isinstance(answer.body, str)
        return replace(answer, body=answer.body.replace('"message": "line 10000"', '"text": ""'))

    frame, gaps = await asked_of(handle, Elastic, "elasticsearch")
    assert frame.height == 11_998
    (gap,) = gaps
    assert gap.endswith(": 1 of 11,999 documents were skipped, they have no @timestamp or no message")


@pytest.mark.parametrize("opensearch", [False, True])
async def test_a_point_in_time_is_closed_whatever_happens(opensearch: bool) -> None:
    fake = Elasticsearch(many(3, timedelta(seconds=1)), opensearch=opensearch)

    def handle(asked: Asked) -> Answer:
        bad = Answer('{"error": {"reason": "all shards failed"}}', 400)
        return bad if asked.path.endswith("/_search") else fake(asked)

    with pytest.raises(ToolFailed, match="all shards failed"):
        await asked_of(handle, Elastic, "elasticsearch")
    assert not fake.open
    frame, _ = await asked_of(fake, Elastic, "elasticsearch")
    assert frame.height == 3
    assert not fake.open


async def test_without_the_right_to_a_point_in_time_the_index_is_asked_and_doctor_says_so() -> None:
    lines = many(1_500, timedelta(milliseconds=100))
    fake = Elasticsearch(lines, points=False)
    with serving(fake) as server:
        port = port_of(spec_of(Elastic, "elasticsearch", server.url))
        frame = await port.logs(WINDOW)
        said = await port.check()
        await port.aclose()
    assert frame["message"].to_list() == lines["message"].to_list()
    assert "it opens no point in time, so what is indexed meanwhile may be missed" in said


async def test_equal_lines_of_victorialogs_are_as_many_as_were_sent() -> None:
    lines = many(2_000, timedelta(seconds=1))
    at_once = lines.with_columns(
        time=pl.lit(NOW) - pl.duration(seconds=1 + pl.int_range(pl.len()) // 3), message=pl.lit("again")
    )
    frame, gaps = await asked_of(victorialogs(at_once), VictoriaLogs, "victorialogs")
    assert frame.height == 2_000
    assert not gaps


Shelf = list[tuple[int, int]]


@given(
    shelf=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=30),
    size=st.integers(2, 12),
    most=st.integers(5, 60),
    refused=st.integers(3, 12),
)
async def test_pages_lose_nothing_but_what_they_name(
    shelf: Shelf, size: int, most: int, refused: int
) -> None:
    """Lines at any moments, several at one, pages that do not come: all are there, or it is said which."""
    kept = {
        (ms, n): LogLine(WINDOW.start + timedelta(milliseconds=ms, microseconds=n), "web", "", "", "", "", "")
        for ms, count in shelf
        for n in range(count)
    }

    async def page(end: int, asked: int) -> Page[int]:
        if asked > refused:
            raise TooLarge("too large")
        before = sorted(key for key in kept if key[0] < end)[-asked:]
        if len(before) < asked:
            return Page({key: kept[key] for key in before}, len(before), None, None)
        oldest = before[0][0]
        return Page({key: kept[key] for key in before}, len(before), oldest + 1, oldest)

    with collect_gaps() as gaps:
        found = (await newest_first(page, 41, "it", PageSize(10**9, size), most)).lines
    assert len(found) <= most
    newest = sorted(kept.values(), key=lambda line: line.time)
    if not gaps:
        assert found == newest[-most:]
    if found and len(found) < len(kept):
        assert gaps or len(found) == most


async def test_what_is_left_out_is_a_gap() -> None:
    rows = {n: LogLine(NOW - timedelta(seconds=n), "web", "", "", "", "", "") for n in range(1, 21)}

    async def page(after: int, size: int) -> Page[int]:
        numbers = range(after + 1, min(after + size, 20) + 1)
        return Page({n: rows[n] for n in numbers}, 1, after + size, after + size)

    with collect_gaps() as gaps:
        found = (await newest_first(page, 0, "Loki", PageSize(10**9, 5), most=10)).lines
    assert [line.time for line in found] == [NOW - timedelta(seconds=n) for n in range(10, 0, -1)]
    assert gaps == ["Loki: more than 10 lines in the window; those before 11:59:50 UTC were left out"]


async def test_a_line_of_loki_may_be_json_itself_or_carry_metadata() -> None:
    ns = str(int((NOW - timedelta(seconds=5)).timestamp()) * 10**9)
    text = json.dumps({"msg": "declined", "level": "error", "trace_id": "t1"})
    result = [
        {"stream": {"app": "shop/web", "pod": "web-7"}, "values": [[ns, text], [ns, "plain WARN text"]]},
        {
            "stream": {"app": "checkout", "detected_level": "debug"},
            "values": [[ns, '{"no": "message"}', {"trace_id": "t2", "span_id": "s2"}]],
        },
    ]
    body = {"status": "success", "data": {"resultType": "streams", "result": result}}
    frame, _ = await asked_of(lambda _: told(body), Loki, "loki", service="app", selector='{app=~".+"}')
    rows = frame.select("service", "instance", "level", "message", "trace_id", "span_id").rows()
    assert sorted(rows) == [
        ("checkout", "", "debug", "no=message", "t2", "s2"),
        ("web", "web-7", "error", "declined", "t1", ""),
        ("web", "web-7", "warn", "plain WARN text", "", ""),
    ]


async def test_elasticsearch_says_what_is_wrong_and_what_is_partial() -> None:
    with pytest.raises(ToolFailed, match=r"refuses the question \(404\): no such index \[other\]"):
        await asked_of(elasticsearch(many(1, timedelta(seconds=1))), Elastic, "elasticsearch", index="other")
    source = {"@timestamp": NOW.timestamp() * 1000 - 1000, "text": "no message"}
    failed = {"total": 3, "failed": 1, "failures": [{"shard": 2, "reason": {"reason": "node left"}}]}
    body = {
        "id": "point",
        "timed_out": True,
        "_shards": failed,
        "hits": {"hits": [{"_id": "1", "_source": source, "sort": [1, 2]}]},
    }
    frame, gaps = await asked_of(lambda _: told(body), Elastic, "elasticsearch")
    assert frame.height == 0
    assert any("1 of 3 shards failed (node left), and it ran out of time" in gap for gap in gaps)
    assert any("1 of 1 documents were skipped, they have no @timestamp or no message" in gap for gap in gaps)


async def test_journal_entries_may_hold_bytes_lists_and_nothing() -> None:
    us = int((NOW - timedelta(seconds=5)).timestamp() * 1e6)
    base = {"__REALTIME_TIMESTAMP": str(us), "_SYSTEMD_UNIT": "shop-web.service"}
    entries = [
        {**base, "__CURSOR": "a", "MESSAGE": [104, 105, 255], "PRIORITY": "3"},
        {**base, "__CURSOR": "b", "MESSAGE": None, "PRIORITY": "6"},
        {**base, "__CURSOR": "c", "MESSAGE": ["one", "two"], "PRIORITY": "4"},
        {**base, "__CURSOR": "d", "MESSAGE": "x", "_SOURCE_REALTIME_TIMESTAMP": str(us - 1_000_000)},
        {"MESSAGE": "without a cursor"},
    ]
    body = "".join(json.dumps(entry) + "\n" for entry in entries)
    frame, gaps = await asked_of(
        lambda _: Answer(body), Journal, "journal", units={"shop-web.service": "web"}
    )
    assert frame.select("level", "message").rows() == [
        ("", "x"), ("error", "hi\ufffd"), ("info", ""), ("warn", "one two"),
    ]  # fmt: skip
    assert gaps[0].endswith("1 entries could not be read and were skipped")


async def test_several_backends_are_one_and_one_of_them_may_fail() -> None:
    one, other = many(10, timedelta(seconds=2)), many(10, timedelta(seconds=3))
    with serving(loki(one)) as first, serving(elasticsearch(other)) as second:
        specs = [
            spec_of(Loki, "loki", first.url),
            spec_of(Elastic, "elasticsearch", second.url),
            spec_of(Loki, "loki", "http://127.0.0.1:9"),
        ]
        port = port_of(*specs)
        with collect_gaps() as gaps:
            frame = await port.logs(WINDOW)
        await port.aclose()
    assert frame.height == 20
    assert frame["time"].is_sorted()
    (gap,) = gaps
    assert "cannot be reached" in gap


async def test_if_all_backends_fail_the_port_fails() -> None:
    port = port_of(*[spec_of(Loki, "loki", "http://127.0.0.1:9")] * 2)
    with pytest.raises(ToolFailed, match="cannot be reached"):
        await port.logs(WINDOW)
    await port.aclose()


async def test_check_says_what_each_backend_holds() -> None:
    lines = many(3, timedelta(seconds=2))
    with (
        serving(loki(lines)) as first,
        serving(gatewayd(lines)) as second,
        serving(elasticsearch(lines)) as third,
    ):
        port = port_of(
            spec_of(Loki, "loki", first.url),
            spec_of(Journal, "journal", second.url),
            spec_of(Elastic, "elasticsearch", third.url),
        )
        said = await port.check()
        await port.aclose()
    assert f"Loki at {first.url}: the newest lines are of 11:59:58 UTC; they name web" in said
    assert "the newest entry is of 2026-03-12 11:59:58 UTC, from web.service" in said
    assert "the newest line of logs-* is of 11:59:58 UTC; they name web" in said


@pytest.mark.parametrize(
    ("said", "level"),
    [("WARNING", "warn"), ("Err", "error"), ("critical", "fatal"), ("notice", "info"), ("TRACE", "debug"),
     (None, ""), (17, ""), ("", "")],
)  # fmt: skip
def test_levels_are_those_of_the_recording_format(said: object, level: str) -> None:
    assert level_of(said) == level


@given(st.datetimes(datetime(2001, 9, 10), datetime(2200, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_a_time_is_the_same_however_it_is_written(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    us = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for said in (moment.isoformat(), naive.isoformat(), f"{naive.isoformat(timespec='microseconds')}123Z"):
        assert moment_of(said) == moment
    for number in (us * 1000, us, us / 1000, us / 1e6, str(us)):
        found = moment_of(number)
        assert found is not None
        assert abs(found - moment) < timedelta(milliseconds=2)


@pytest.mark.parametrize(
    "said", [None, True, "", "now", "nan", "inf", -5, 0, 10**40, "2026-13-01T00:00:00Z", {}]
)
def test_what_is_no_time_is_none(said: object) -> None:
    assert moment_of(said) is None
