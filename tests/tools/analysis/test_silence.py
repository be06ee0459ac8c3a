"""Calls that ceased: who no longer calls, who waits, and who is just asked less."""

from typing import Any

import pytest

from tools.analysis.silence import silences

CALLS = {"web": ("checkout",), "checkout": ("mail",), "mail": ()}


def traffic(service: str, usual: float, now: float, **other: Any) -> dict[str, Any]:
    row = {
        "service": service, "instance": "", "metric": "rps", "peer": "", "unit": "per_second",
        "counter": False, "every": 10.0, "now_count": 24, "typical": usual, "early_median": usual,
        "base_median": usual, "now_median": now, "idle": 0.0, "onset": None,
    }  # fmt: skip
    return row | other


def blamed(mail: dict[str, Any], stalled: tuple[str, ...] = ()) -> list[str]:
    rows = {
        "web": [traffic("web", 20, 20)],
        "checkout": [traffic("checkout", 2, 2)],
        "mail": [mail],
    }
    return [one.service for one in silences(rows, CALLS, stalled, 20.0)]


def test_who_stops_calling_and_answers_in_time_is_blamed() -> None:
    assert blamed(traffic("mail", 2, 0)) == ["checkout"]


def test_whom_two_stop_calling_cannot_be_reached() -> None:
    rows = {name: [traffic(name, 2, 2)] for name in ("web", "checkout")} | {"mail": [traffic("mail", 2, 0)]}
    calls = {"web": ("mail",), "checkout": ("mail",)}
    assert [(one.service, one.aspect) for one in silences(rows, calls, (), 20.0)] == [("mail", "answers")]
    assert [one.service for one in silences(rows, calls, ("web",), 20.0)] == ["checkout"]  # web only waits


def test_who_waits_is_not_blamed_for_what_it_never_gets_to_call() -> None:
    assert blamed(traffic("mail", 2, 0), stalled=("checkout",)) == []


@pytest.mark.parametrize(
    "mail",
    [
        traffic("mail", 2, 0, early_median=0.0),  # as quiet in the minutes before the alert
        traffic("mail", 0.02, 0),  # five calls were to be expected
        traffic("mail", 1, 0, unit="count", now_count=3),  # three, counted one by one
        traffic("mail", 2, 0, unit="megabytes"),  # nobody knows how many
        traffic("mail", 2, 0, idle=0.2),  # it often rests
        traffic("mail", 2, 1),  # asked half as often
    ],
    ids=["before too", "too few", "too few counted", "not counted", "often idle", "asked less"],
)
def test_what_is_asked_less_is_no_silence(mail: dict[str, Any]) -> None:
    assert blamed(mail) == []
