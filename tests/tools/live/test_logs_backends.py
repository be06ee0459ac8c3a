"""Loki, Elasticsearch and the journal: paging, what lines say themselves, several backends together."""

import json
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.logs import elasticsearch, gatewayd, loki
from tests.tools.live.fakes.server import Answer, Handler, serving, told
from tools.analysis import LOGS_SCHEMA
from tools.clock import VirtualClock
from tools.live.logs import LiveLogs, live_logs
from tools.live.logs.lines import LogLine
from tools.live.logs.paging import newest_first
from tools.live.secrets import Secrets
from tools.live.settings import Elastic, Journal, LogSpec, Loki
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


@pytest.mark.parametrize(
    ("fake", "kind", "name"),
    [(loki, Loki, "loki"), (elasticsearch, Elastic, "elasticsearch"), (gatewayd, Journal, "journal")],
)
async def test_every_line_is_read_over_many_pages(fake: object, kind: type[LogSpec], name: str) -> None:
    lines = many(5_500, timedelta(milliseconds=70))
    frame, gaps = await asked_of(fake(lines), kind, name)  # type: ignore[operator]
    assert frame["message"].to_list() == lines["message"].to_list()
    assert not gaps


Shelf = list[tuple[int, int]]


@given(
    shelf=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=30),
    size=st.integers(2, 12),
    most=st.integers(5, 60),
    tick=st.sampled_from([timedelta(milliseconds=1), timedelta(microseconds=1)]),
)
async def test_pages_lose_nothing_but_what_they_name(
    shelf: Shelf, size: int, most: int, tick: timedelta
) -> None:
    """Lines at any moments, several at one: the newest are all there, or it is said which are not."""
    kept = {
        (ms, n): LogLine(WINDOW.start + timedelta(milliseconds=ms, microseconds=n), "web", "", "", "", "", "")
        for ms, count in shelf
        for n in range(count)
    }

    async def page(end: datetime) -> Mapping[Hashable, LogLine]:
        before = sorted((line.time, key) for key, line in kept.items() if line.time < end)
        return {key: kept[key] for _, key in before[-size:]}

    with collect_gaps() as gaps:
        found = await newest_first(page, WINDOW, "it", tick, size, most)
    assert len(found) <= most
    newest = sorted(kept.values(), key=lambda line: line.time)
    if not gaps:
        assert found == newest[-most:]
    if found and len(found) < len(kept):
        assert gaps or len(found) == most


async def test_what_is_left_out_is_a_gap() -> None:
    rows = {n: LogLine(NOW - timedelta(seconds=n), "web", "", "", "", "", "") for n in range(1, 21)}

    async def page(end: datetime) -> Mapping[Hashable, LogLine]:
        return dict([(n, line) for n, line in rows.items() if line.time < end][:5])

    with collect_gaps() as gaps:
        found = await newest_first(page, WINDOW, "Loki", timedelta(milliseconds=1), size=5, most=10)
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
        ("checkout", "", "debug", '{"no": "message"}', "t2", "s2"),
        ("web", "web-7", "error", "declined", "t1", ""),
        ("web", "web-7", "warn", "plain WARN text", "", ""),
    ]


async def test_elasticsearch_says_what_is_wrong_and_what_is_partial() -> None:
    with pytest.raises(ToolFailed, match=r"refuses the question \(404\): no such index \[other\]"):
        await asked_of(elasticsearch(many(1, timedelta(seconds=1))), Elastic, "elasticsearch", index="other")
    hits = [{"_id": "1", "_source": {"@timestamp": NOW.timestamp() * 1000 - 1000, "text": "no message"}}]
    body = {"timed_out": True, "_shards": {"total": 3, "failed": 1}, "hits": {"hits": hits}}
    frame, gaps = await asked_of(lambda _: told(body), Elastic, "elasticsearch")
    assert frame.height == 0
    assert any("1 of 3 shards failed, and it ran out of time" in gap for gap in gaps)
    assert any("documents without @timestamp or message were skipped" in gap for gap in gaps)


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
