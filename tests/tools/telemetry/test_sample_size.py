"""A share of few requests, and the slowest of few, are mostly chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.verification import SignalKind
from tools.telemetry.levels import Level
from tools.telemetry.sample_size import counted

NOW, REFERENCE = 12.0, 40.0


def level(kind: SignalKind, metric: str, now: float, usual: float, unit: str, *, off: bool = True) -> Level:
    return Level(
        service="web", metric=metric, kind=kind, unit=unit, baseline=usual, now=now, sigmas=9.0, deviates=off
    )


def traffic(rate: float, usual: float | None = None) -> Level:
    return level(SignalKind.TRAFFIC, "request_rate", rate, usual or rate, "per_second", off=False)


def failing(share: float, usual: float = 0.0) -> Level:
    return level(SignalKind.ERRORS, "error_ratio", share, usual, "ratio")


def slow(metric: str, times: float, *, off: bool = True) -> Level:
    return level(SignalKind.LATENCY, metric, 0.1 * times, 0.1, "seconds", off=off)


def deviating(*levels: Level) -> set[str]:
    return {one.metric for one in counted(levels, NOW, REFERENCE) if one.deviates}


@pytest.mark.parametrize(
    ("share", "rate", "counts"),
    [
        (0.0153, 5.4, False),  # 1 of 65, where 0 of 216 failed
        (0.077, 5.4, True),  # 5 of 65
        (0.02, 100, True),  # 24 of 1200, where 0 of 4000 failed
    ],
)
def test_failures_count_beyond_what_the_reference_can_exclude(
    share: float, rate: float, counts: bool
) -> None:
    assert bool(deviating(traffic(rate), failing(share))) is counts


@given(st.floats(0.01, 1.0), st.floats(0.05, 500.0), st.floats(1.0, 50.0))
def test_more_traffic_never_makes_a_share_of_failures_chance(share: float, rate: float, more: float) -> None:
    if deviating(traffic(rate), failing(share)):
        assert deviating(traffic(rate * more), failing(share))


def test_all_of_the_few_that_are_left_may_fail() -> None:
    assert deviating(traffic(0.1, usual=5), failing(1.0)) == {"error_ratio"}
    assert not deviating(traffic(0.1), failing(1.0))  # one of one, where four were seen before


def test_the_slowest_of_few_say_nothing_alone() -> None:
    assert not deviating(traffic(1.5), slow("latency_p95", 2.2))
    assert deviating(traffic(10), slow("latency_p95", 2.2)) == {"latency_p95"}
    assert deviating(traffic(1.5), slow("latency_p95", 12)) == {"latency_p95"}
    assert deviating(traffic(1.5), slow("latency_p95", 2.2), slow("latency_p50", 2)) == {
        "latency_p95",
        "latency_p50",
    }


def test_what_cannot_be_counted_is_taken_at_its_word() -> None:
    assert deviating(failing(0.0153), slow("latency_p95", 2.2)) == {"error_ratio", "latency_p95"}
    memory = level(SignalKind.SATURATION, "memory", 9.0, 1.0, "count")
    assert deviating(traffic(0.1), memory) == {"memory"}
