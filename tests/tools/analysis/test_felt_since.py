"""Since when it hurts: a step before the alert is found, noise and what came with the alert are none."""

import random
from collections.abc import Sequence
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.analysis.shop import BAD_CHECKOUT, END, ONSET, START, metrics, topology
from tools.analysis import METRICS_SCHEMA, Symptom, Telemetry, rank_suspects
from tools.analysis.felt_since import began

AT = START + timedelta(minutes=30)


def samples(values: Sequence[float], metric: str = "latency_p50", unit: str = "seconds") -> pl.DataFrame:
    times = [AT - timedelta(minutes=len(values) - n) for n in range(len(values))]
    rows = [(at, "web", "web-1", metric, "", value, unit) for at, value in zip(times, values, strict=True)]
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


@pytest.mark.parametrize(
    ("values", "minutes"),
    [
        ([0.1] * 18 + [0.5] * 12, 12),
        ([0.1, 0.12] * 9 + [0.5, 0.4] * 6, 12),
        ([0.1, 0.1, 0.5, 0.5, 0.5, 0.5, 0.5], 5),
        ([0.1] * 28 + [0.5] * 2, None),  # it came with the alert
        ([0.1] * 30, None),
        ([0.1] * 10 + [0.5] * 10 + [0.1] * 10, None),  # it went by
        ([0.1] * 15 + [0.12] * 15, None),  # nobody is woken for that
        ([0.5], None),
        ([], None),
    ],
)
def test_a_step_for_good_is_where_it_began(values: list[float], minutes: int | None) -> None:
    found = began(samples(values), None, AT)
    assert found == (None if minutes is None else AT - timedelta(minutes=minutes))


def test_success_steps_down() -> None:
    frame = samples([100.0] * 20 + [97.0] * 10, "success_rate", "percent")
    assert began(frame, None, AT) == AT - timedelta(minutes=10)


def test_the_slowest_requests_alone_are_no_step_of_all() -> None:
    assert began(samples([0.1] * 18 + [0.5] * 12, "latency_p99"), None, AT) is None


def test_a_window_that_begins_on_another_level_has_no_quiet_part() -> None:
    quiet = samples([0.1] * 60)
    assert began(samples([0.5] * 15), quiet, AT) == AT - timedelta(minutes=15)
    assert began(samples([0.11] * 15), quiet, AT) is None


@given(seed=st.integers(0, 10_000))
def test_noise_alone_began_nowhere(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    assert began(samples([dice.uniform(0.08, 0.12) for _ in range(30)]), None, AT) is None


@pytest.mark.parametrize("late", [5, 7])
def test_a_fault_that_fills_the_window_up_to_a_late_alert_is_found(late: int) -> None:
    shown = metrics(BAD_CHECKOUT).filter(pl.col("time") >= ONSET - timedelta(minutes=2))
    empty = Telemetry.empty()
    alert = Symptom(service="web", at=min(ONSET + timedelta(minutes=late), END))
    observed = Telemetry(metrics=shown, logs=empty.logs, traces=empty.traces)
    ranking = rank_suspects(observed, None, topology(), alert, ())
    assert ranking.suspects[0].service == "checkout"
