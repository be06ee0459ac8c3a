"""What single requests say of a fault before any average does, and what they must not be taken for."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.catalogue import Catalogue
from incidents.findings import Window
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA, Telemetry
from tools.telemetry.observation import Observation
from tools.telemetry.request_failures import RequestFailures, failing, healthy_while_others_fail

START = datetime(2026, 3, 12, 10, tzinfo=UTC)
ALERT = START + timedelta(minutes=10)
NOW = ALERT + timedelta(seconds=10)
SECOND = timedelta(seconds=1)
#: One request each second in the eight minutes before what counts as troubled.
QUIET = [(START + n * SECOND, "ok") for n in range(480)]


def seen(
    requests: Iterable[tuple[datetime, str]], **others: Iterable[tuple[datetime, str, int]]
) -> Observation:
    """A look at one service whose requests began and ended like that; and at others, with milliseconds."""
    served = [("web", at, status, 1) for at, status in requests]
    served += [(name, *one) for name, asked in others.items() for one in asked]
    rows = [
        (at, 1000 * took, f"t{number}", f"s{number}", "", name, "GET /", status)
        for number, (name, at, status, took) in enumerate(served)
    ]
    metrics, logs = pl.DataFrame(schema=METRICS_SCHEMA), pl.DataFrame(schema=LOGS_SCHEMA)
    traces = pl.DataFrame(rows, schema=TRACES_SCHEMA, orient="row")
    told = Telemetry(metrics=metrics, logs=logs, traces=traces)
    return Observation(
        at=NOW, window=Window(start=START, end=NOW), recent=Window(start=NOW - timedelta(minutes=2), end=NOW),
        alerted=ALERT, lead=timedelta(minutes=2), telemetry=told,
        signals=metrics, levels=(), baseline=None, baseline_signals=None, same_source=True, quiet=None,
        catalogue=Catalogue(), changes=(), action=None, gaps=(), failed={},
    )  # fmt: skip


def lately(*statuses: str) -> list[tuple[datetime, str]]:
    """One request each second until now."""
    return [(NOW - (len(statuses) - n) * SECOND, status) for n, status in enumerate(statuses)]


def found(*statuses: str) -> RequestFailures:
    told = failing(seen([*QUIET, *lately(*statuses)]), "web")
    assert told is not None
    return told


def test_a_fault_of_seconds_is_seen_from_its_first_failure_on() -> None:
    told = found(*["ok"] * 90, *["error"] * 12)
    assert told.since == NOW - 12 * SECOND
    assert (told.asked, told.failed, told.share) == (12, 12, 1.0)
    assert told.nobody_served
    assert told.sigmas > 3


def test_a_part_of_the_requests() -> None:
    told = found(*["ok"] * 60, *["error", "ok", "ok"] * 13)
    assert told.share == pytest.approx(1 / 3, abs=0.03)
    assert told.told == told.share
    assert not told.nobody_served


def test_of_a_handful_only_what_is_certain_is_told() -> None:
    told = found(*["ok"] * 60, *["error"] * 5)
    assert told.told == told.at_least < 0.5
    assert not told.nobody_served


@pytest.mark.parametrize(
    "requests",
    [
        [*QUIET, *lately(*["ok"] * 90)],
        [*QUIET, *lately(*["ok"] * 90, *["error"] * 4)],  # a handful
        [*QUIET, *lately(*["ok"] * 90, *["unset"] * 12)],  # nothing says how they ended
        lately(*["error"] * 12),  # nothing says what is usual
        [  # one in three always fails
            *((at, "error" if n % 3 == 0 else "ok") for n, (at, _) in enumerate(QUIET)),
            *lately(*["ok", "ok", "error"] * 30),
        ],
        [
            *QUIET,
            *((NOW - SECOND + n * SECOND / 100, "error") for n in range(90)),
        ],  # kept because they failed
        [*QUIET, *((ALERT - timedelta(minutes=5) + n * SECOND, "error") for n in range(9))],  # long over
    ],
)
def test_what_is_no_sign(requests: list[tuple[datetime, str]]) -> None:
    assert failing(seen(requests), "web") is None


def test_the_requests_of_others_do_not_count() -> None:
    assert failing(seen([*QUIET, *lately(*["error"] * 12)]), "api") is None


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["ok", "error"]), max_size=110))
def test_no_share_is_told_that_the_requests_do_not_bear(statuses: list[str]) -> None:
    told = failing(seen([*QUIET, *lately(*statuses)]), "web")
    if told is not None:
        end = statuses[-told.asked :]
        assert end.count("error") == told.failed
        assert end[0] == "error"
        assert 0 < told.at_least <= told.told <= told.share <= 1
    else:
        assert statuses[-5:] != ["error"] * 5


@pytest.mark.parametrize(
    ("statuses", "took", "innocent"),
    [
        (["ok"] * 60 + ["error"] * 5 + ["ok"] * 25, 1, True),  # interrupted before users' requests failed
        (["ok"] * 90, 1, True),
        (["ok"] * 75 + ["error", "ok", "ok"] * 5, 1, False),  # it fails, too
        (["ok"] * 90, 500, False),  # it is slow
        (["ok"] * 78, 1, False),  # it answers nothing since
    ],
)
def test_who_answers_as_ever_is_not_what_fails(statuses: list[str], took: int, innocent: bool) -> None:
    began = NOW - 90 * SECOND
    own = [(began + n * SECOND, status, took) for n, status in enumerate(statuses)]
    quiet = [(at, status, 1) for at, status in QUIET]
    look = seen([*QUIET, *lately(*["ok"] * 78, *["error"] * 12)], stock=[*quiet, *own])
    assert healthy_while_others_fail(look, "stock", ("stock", "web")) == ("web" if innocent else None)
