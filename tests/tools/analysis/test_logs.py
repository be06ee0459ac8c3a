"""Log templates: what is alike, what is new, what is an error."""

from datetime import timedelta

import polars as pl

from tests.tools.analysis.shop import ALERT, BAD_CHECKOUT, logs
from tools.analysis import LOGS_SCHEMA
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
