"""Log templates: what is alike, what is new, what is an error."""

from datetime import timedelta

import polars as pl

from tests.tools.analysis.shop import ALERT, BAD_CHECKOUT, Fault, logs
from tools.analysis import LOGS_SCHEMA, condense_logs
from tools.analysis.templates import with_templates


def lines(*messages: str) -> pl.DataFrame:
    rows = [
        (ALERT + timedelta(seconds=at), "one", "", "info", text, "", "") for at, text in enumerate(messages)
    ]
    return pl.DataFrame(rows, schema=LOGS_SCHEMA, orient="row")


def test_ids_numbers_and_payload_do_not_make_templates() -> None:
    frame = lines(
        "user 17 paid 9.50 with 0b23bd3e-876a-4af3-b920-c50a90c90b04",
        "user 4711 paid 12.00 with f3d4d4ef-693b-4456-8eed-59c0d717dd08",
        "found Order(id=17, items=[a, b])",
        "found Order(id=18, items=[])",
    )
    (marked,) = with_templates(frame)
    assert marked["template"].n_unique() == 2


def test_templates_do_not_depend_on_the_order_of_lines() -> None:
    frame = logs(BAD_CHECKOUT)
    one, other = with_templates(frame)[0], with_templates(frame.reverse())[0]
    assert one.sort("time")["template"].to_list() == other.sort("time")["template"].to_list()


def test_new_errors_stand_first() -> None:
    summary = condense_logs(logs(BAD_CHECKOUT), None, ALERT)
    first = summary.templates[0]
    assert first.novel
    assert first.level == "error"
    assert "KeyError" in first.samples[0]
    assert summary.errors[0].service == "checkout"
    assert summary.errors[0].usual_per_minute == 0


def test_a_usual_rate_is_no_news() -> None:
    summary = condense_logs(logs(Fault()), None, ALERT)
    assert not any(one.novel for one in summary.templates)
    assert summary.errors == ()


def test_no_lines_are_no_crash() -> None:
    empty = pl.DataFrame(schema=LOGS_SCHEMA)
    assert condense_logs(empty, empty, ALERT).templates == ()
