"""Presence: which log lines are looked at."""

from datetime import timedelta

import polars as pl

from tests.tools.analysis.shop import ALERT
from tools.analysis import LOGS_SCHEMA, TRACES_SCHEMA
from tools.analysis.presence import written_in
from tools.analysis.spans import related


def spans(*ids: str) -> pl.DataFrame:
    rows = [(ALERT, 1000, "trace", one, "", "shop", "GET /", "ok") for one in ids]
    return related(pl.DataFrame(rows, schema=TRACES_SCHEMA, orient="row"))


def test_only_lines_of_the_compared_spans_are_kept() -> None:
    rows = [
        (ALERT + timedelta(seconds=at), "shop", "", "info", text, trace, span)
        for at, (text, trace, span) in enumerate(
            [("now", "trace", "a"), ("usual", "trace", "b"), ("between", "trace", "c"), ("other", "x", "a"),
             ("background", "", ""), ("of no span", "trace", "")]
        )
    ]  # fmt: skip
    logs = pl.DataFrame(rows, schema=LOGS_SCHEMA, orient="row")
    kept = written_in(logs, spans("a"), spans("b"))
    assert kept["message"].to_list() == ["now", "usual"]
    assert kept.schema == LOGS_SCHEMA
    assert written_in(logs, spans("a"))["message"].to_list() == ["now"]
