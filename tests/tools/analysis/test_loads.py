"""What a service was asked and how it fared: a part of the requests, and requests that are never answered."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.analysis import METRICS_SCHEMA, Node, Symptom, Telemetry, Topology, rank_suspects
from tools.analysis.loads import _shares, loads
from tools.analysis.series import deviations

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
ALERT = START + timedelta(minutes=14)
ONSET = ALERT - timedelta(minutes=2)
UNITS = {"request_rate": "per_second", "success_rate": "ratio"}

Levels = dict[str, tuple[float, float]]


def metrics(parts: dict[str, Levels]) -> pl.DataFrame:
    """Ten-second samples of each part's series: (usual, since the onset)."""
    rows = []
    for step in range(6 * 16):
        at = START + timedelta(seconds=10 * step)
        for part, levels in parts.items():
            for metric, (usual, faulty) in levels.items():
                value = (faulty if at >= ONSET else usual) * (1 + 0.01 * (step % 3))
                rows.append((at, part, "", metric, "", value, UNITS.get(metric, "seconds")))
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def first(parts: dict[str, Levels], calls: dict[str, tuple[str, ...]]) -> str:
    empty = Telemetry.empty()
    observed = Telemetry(metrics=metrics(parts), logs=empty.logs, traces=empty.traces)
    nodes = tuple(Node(name=name, depends_on=calls.get(name, ())) for name in parts)
    found = rank_suspects(observed, None, Topology(nodes=nodes), Symptom(service="shop", at=ALERT), ())
    return found.suspects[0].service


def test_who_is_slow_for_a_part_of_the_requests_is_suspected_before_who_waits_for_it() -> None:
    steady = {"request_rate": (20.0, 20.0)}
    parts = {
        "shop": steady | {"latency_p50": (0.08, 0.5), "latency_p90": (0.1, 1.2)},
        "stock": steady | {"latency_p50": (0.01, 0.01), "latency_p90": (0.02, 1.1)},
        "mail": steady | {"latency_p50": (0.03, 0.03), "latency_p90": (0.04, 0.04)},
    }
    assert first(parts, {"shop": ("stock", "mail")}) == "stock"


def test_who_answers_nothing_any_more_weighs_as_much_as_it_is_usually_asked() -> None:
    parts = {
        "shop": {"request_rate": (20.0, 9.0), "latency_p50": (0.08, 2.0)},
        "till": {"request_rate": (12.0, 0.0), "latency_p50": (0.02, 6.0)},
    }
    assert first(parts, {"shop": ("till",)}) == "till"


def test_who_is_asked_less_and_fares_as_ever_weighs_nothing() -> None:
    parts = {"till": {"request_rate": (12.0, 1.0), "latency_p50": (0.02, 0.02)}}
    load = loads(deviations(metrics(parts), None, ALERT))["till"]
    assert load.asked == load.rate < 2
    assert load.extra == 0


@pytest.mark.parametrize(
    ("statistics", "slower"),
    [
        ({"p50": (0.1, 0.1), "p90": (0.2, 1.2)}, 0.3),  # three tenths of the requests lie nearest to the p90
        ({"p50": (0.1, 0.5), "p90": (0.2, 0.6)}, 0.4),  # all are slower: the median tells it
        ({"mean": (0.1, 0.1), "p99": (0.2, 9.0)}, 0.0),  # a mean holds what its quantiles tell
        ({"p95": (0.2, 0.7)}, 0.5),
    ],
)
def test_the_mean_is_read_from_the_quantiles(statistics: Levels, slower: float) -> None:
    named = {f"latency_{name}": levels for name, levels in statistics.items()}
    parts = {"till": {"request_rate": (10.0, 10.0), **named}}
    load = loads(deviations(metrics(parts), None, ALERT))["till"]
    assert load.extra / load.asked == pytest.approx(slower, abs=0.03)


@given(st.lists(st.sampled_from([0.5, 0.75, 0.9, 0.95, 0.99]), min_size=1, unique=True).map(sorted))
def test_the_shares_of_quantiles_are_a_whole(levels: list[float]) -> None:
    shares = _shares(levels)
    assert sum(shares) == pytest.approx(1)
    assert all(share > 0 for share in shares)
