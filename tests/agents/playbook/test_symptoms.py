"""How one series is told to people: what is said of it and its figures never contradict each other."""

import pytest

from agents.playbook.checks.symptoms import say_level
from incidents.verification import SignalKind
from tools.telemetry.levels import Level

ERRORS, LATENCY, SATURATION = SignalKind.ERRORS, SignalKind.LATENCY, SignalKind.SATURATION


def level(
    metric: str, kind: SignalKind, unit: str, now: float | None, usual: float | None, peer: str = ""
) -> Level:
    return Level(service="checkout", metric=metric, kind=kind, unit=unit, now=now, baseline=usual, peer=peer)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        # Levels of what succeeds and of what is up are the share that does not.
        (
            level("availability.Average", ERRORS, "percent", 38.6, 0.02),
            "39 % of its requests fail, usually 0.02 %",
        ),
        (
            level("availability.Average", ERRORS, "percent", 0.4, 0.0),
            "0.4 % of its requests fail, usually none",
        ),
        (level("success_ratio", ERRORS, "ratio", 0.64, 0.0), "64 % of its requests fail, usually none"),
        (level("success_ratio", ERRORS, "ratio", 0.64, None), "64 % of its requests fail"),
        (
            level("errors.percent", ERRORS, "percent", 12.0, 1.0, "card"),
            "12 % of its calls to card fail, usually 1 %",
        ),
        (level("up", ERRORS, "count", 1.0, 0.0), "up in none of its instances, usually in all"),
        (level("up", ERRORS, "count", 0.333, 0.0), "up in 67 % of its instances, usually in all"),
        (level("up", ERRORS, "count", 0.0, 0.0), "up in all of its instances, usually in all"),
        (
            level("etcd_server_has_leader", ERRORS, "count", 1.0, 0.0),
            "etcd server has leader in none of its instances, usually in all",
        ),
        # What is counted stays a count.
        (level("HealthyHostCount", SATURATION, "count", 1.0, 3.0), "HealthyHostCount 1, usually 3"),
        (level("latency_p95", LATENCY, "milliseconds", 78.0, 30.0), "answers take 78 ms, usually 30 ms"),
        (level("availability.Average", ERRORS, "percent", None, 0.0), "availability.Average: no data"),
    ],
)
def test_a_level_is_told_as_what_it_is(given: Level, said: str) -> None:
    assert say_level(given) == said
