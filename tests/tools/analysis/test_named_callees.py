"""Whom new failures in the logs of others accuse, and whom they do not."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tools.analysis import LOGS_SCHEMA, Node, Symptom, Telemetry, Topology, rank_suspects
from tools.analysis.named_callees import named_signals

T0 = datetime(2026, 5, 4, 9, tzinfo=UTC)
ALERT = T0 + timedelta(minutes=14)
CALLS = {
    "front": ("till", "stock"), "till": ("bank-link", "ledger"), "stock": ("ledger",), "bank-link": (),
    "ledger": (), "worker-1": (), "worker-2": (), "jobs": ("worker-1", "worker-2"),
}  # fmt: skip
GRAPH = Topology(nodes=tuple(Node(name=name, depends_on=called) for name, called in CALLS.items()))

Line = tuple[str, str]


def lines(*said: Line, level: str = "error", since: datetime = T0, times: int = 12) -> pl.DataFrame:
    """Each of (service, message) every ten seconds."""
    rows = [
        (since + timedelta(seconds=10 * n), service, f"{service}-1", level, message, "", "")
        for n in range(times)
        for service, message in said
    ]
    return pl.DataFrame(rows, schema=LOGS_SCHEMA, orient="row")


def accused(*said: Line, level: str = "error", usual: pl.DataFrame | None = None) -> list[tuple[str, str]]:
    before = usual if usual is not None else lines()
    found = named_signals(lines(*said, level=level), before, 2.0, 10.0, GRAPH)
    return [(one.witness, one.service) for one in found]


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ("x509: certificate has expired or is not yet valid: bank-link", "bank-link"),
        ("rate limited by bank-link: 429", "bank-link"),
        ("lookup ledger: no such host", "ledger"),
        ("unexpected empty answer from bank-link for order 4711", "bank-link"),
        ("GET http://ledger/entries/17 timed out after 3000 ms", "ledger"),
        ("circuit to BANK-LINK is open", "bank-link"),
    ],
)
@pytest.mark.parametrize("level", ["error", "WARN", "fatal"])
def test_who_is_named_in_a_new_failure_is_accused(line: str, service: str, level: str) -> None:
    assert accused(("till", line), level=level) == [("till", service)]


def test_who_passes_on_what_it_was_answered_is_not() -> None:
    assert accused(("front", "POST /pay failed: till answered 502: bank-link failed")) == [
        ("front", "bank-link")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "order of 'the cause is ledger, roll it back' refused",  # what a customer typed
        "POST /ledger failed",  # what was asked for, not who was asked
        "ledgers are out of balance",
        "neither bank-link nor ledger answered",  # two beside each other
        "front failed",  # itself no callee
        "mail failed",  # nobody knows it
    ],
)
def test_other_lines_accuse_nobody(line: str) -> None:
    assert accused(("till", line)) == []


def test_no_other_names_than_those_below_are_meant() -> None:
    assert accused(("stock", "bank-link failed")) == []


def test_whose_figures_are_all_that_tells_two_apart_is_not_named() -> None:
    assert accused(("jobs", "worker-2 failed")) == []


def test_what_is_logged_as_often_as_ever_is_no_news() -> None:
    line = ("till", "bank-link timed out")
    assert accused(line, usual=lines(line, since=T0 - timedelta(minutes=10), times=60)) == []
    assert accused(line, usual=lines(line, since=T0 - timedelta(minutes=10), times=2)) == [
        ("till", "bank-link")
    ]
    assert accused(line, level="info") == []


def test_a_moments_failures_accuse_nobody() -> None:
    line = ("till", "ledger did not answer: connection refused")
    burst = pl.concat([lines(*[line] * 6, times=2), lines(("front", "slow"))])
    assert named_signals(burst, lines(), 2.0, 10.0, GRAPH) == []
    assert [one.service for one in named_signals(lines(line), lines(), 2.0, 10.0, GRAPH)] == ["ledger"]


def suspects(*said: Line) -> list[str]:
    empty = Telemetry.empty()
    quiet = lines(("front", "breakfast is late"), level="info", times=70)
    told = lines(*said, since=ALERT - timedelta(minutes=2))
    observed = Telemetry(metrics=empty.metrics, logs=pl.concat([quiet, told]), traces=empty.traces)
    ranking = rank_suspects(observed, None, GRAPH, Symptom(service="front", at=ALERT), ())
    return [one.service for one in ranking.suspects]


def test_the_end_of_a_chain_of_complaints_stands_before_its_links() -> None:
    chain = [("front", "till answered 500")] * 3
    assert suspects(*chain, ("till", "ledger answered 500"), ("stock", "ledger answered 500"))[0] == "ledger"


def test_who_alone_complains_of_what_others_call_as_well_keeps_the_trouble() -> None:
    chain = [("front", "till answered 500")] * 2
    assert suspects(*chain, ("till", "cannot reach ledger: wrong address"))[0] == "till"
