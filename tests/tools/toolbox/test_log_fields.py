"""Lines are searched and counted by field, and an empty answer names the filter that made it empty."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.cases import ALERT, case_sources
from tools.analysis import LOGS_SCHEMA
from tools.toolbox import LOGS
from tools.toolbox.arguments import LogsArgs
from tools.toolbox.log_fields import say_left_out, values_of
from tools.toolset import Sources


@pytest.fixture
def sources(shop: Path, ledger: Path) -> Sources:
    """A minute after the alert."""
    return case_sources(shop, ledger, ALERT + timedelta(minutes=1))[0]


def lines(*messages: str) -> pl.DataFrame:
    rows = [
        {"time": ALERT + timedelta(seconds=n), "service": "web", "instance": "web-1", "level": "info",
         "message": text, "trace_id": "", "span_id": ""}
        for n, text in enumerate(messages)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=LOGS_SCHEMA)


@pytest.mark.parametrize(
    ("message", "field", "value"),
    [
        ("login account=ada ok", "account", "ada"),
        ('{"account": "ada", "ok": true}', "account", "ada"),
        ('{"user":{"id":77},"ok":true}', "user.id", "77"),
        ('time=1 account="ada b" ok', "account", "ada b"),
        ("Account: ada, ok", "account", "ada"),
        ("account='ada b'", "account", "ada b"),
        ("user.account=ada", "account", "ada"),
        ("subaccount=eve account=ada", "account", "ada"),
        ("export for account ada-7 done", "account", "ada-7"),
        ("the account was locked", "account", None),
        ("refused 10.1.2.3:5544 by rule", "ip", "10.1.2.3"),
        ("src=10.1.2.3 to 10.9.9.9", "src", "10.1.2.3"),
        ("peer 2001:db8::17 closed", "address", "2001:db8::17"),
        ("GET /a?status=7 status=500", "status", "7"),
        ("nothing here", "account", None),
    ],
)
def test_a_field_is_read_however_a_line_writes_it(message: str, field: str, value: str | None) -> None:
    assert values_of(lines(message), field).to_list() == [value]


def test_columns_of_the_format_are_fields() -> None:
    assert values_of(lines("x"), "instance").to_list() == ["web-1"]
    assert values_of(lines("x"), "trace_id").to_list() == [None]


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("Suppressed 1274 messages from unit shop.service", 1),
        ("message repeated 5 times: [ connection reset ]", 1),
        ("net_ratelimit: 112 callbacks suppressed", 1),
        ('{"msg":"paid","sample_rate":0.1}', 1),
        ("12 log entries were dropped, the buffer is full", 1),
        ("3 orders were dropped", 0),
        ("order 7 placed", 0),
    ],
)
def test_lines_that_say_that_others_are_missing_are_noticed(message: str, says: int) -> None:
    assert say_left_out(lines(message)) == says


async def test_an_empty_answer_names_its_filter_and_what_there_is_without_it(sources: Sources) -> None:
    whole = await LOGS.ask(sources, LogsArgs(service="checkout"))
    none = await LOGS.ask(sources, LogsArgs(service="checkout", contains="no such words", level="warn"))
    said = LOGS.say(none)
    assert "at level warn or worse and with the text 'no such words'" in said
    assert f"there are {whole.lines} (" in said
    assert LOGS.empty(none)


async def test_lines_are_searched_whatever_their_case_and_the_filter_is_named(sources: Sources) -> None:
    whole = await LOGS.ask(sources, LogsArgs())
    word = next(w for w in whole.templates[0].sample.split() if w.isalpha())
    some = await LOGS.ask(sources, LogsArgs(contains=word.upper()))
    assert 0 < some.lines <= whole.lines
    assert f"(of {whole.lines} lines)" in LOGS.say(some)


async def test_values_are_counted_and_what_is_left_out_can_be_asked_for(sources: Sources) -> None:
    first = (await LOGS.ask(sources, LogsArgs(field="level", limit=1))).counted
    rest = (await LOGS.ask(sources, LogsArgs(field="level", limit=50, offset=1))).counted
    assert first is not None
    assert rest is not None
    assert first.left_out == len(rest.values) > 0
    assert first.values[0].value not in {one.value for one in rest.values}
    told = LOGS.say(await LOGS.ask(sources, LogsArgs(field="level")))
    assert f"{first.distinct} values of level" in told


async def test_templates_go_on_where_an_answer_ended(sources: Sources) -> None:
    whole = (await LOGS.ask(sources, LogsArgs(limit=100))).templates
    parts = [(await LOGS.ask(sources, LogsArgs(limit=1, offset=n))).templates[0] for n in range(len(whole))]
    assert tuple(parts) == whole
