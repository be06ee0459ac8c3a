"""How long an incident took, and what several took: nothing that nobody knows becomes a figure."""

from datetime import timedelta
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.milestones import durations
from incidents.spread import spread
from tests.nexus import sample
from tests.nexus.sample import at


def test_times_begin_with_the_first_alert_and_the_onset_before_it() -> None:
    ended = sample.resolved()
    assert ended.diagnosis is not None
    onset = min(one.received_at for one in ended.alerts) - timedelta(seconds=90)
    known = ended.evolve(
        diagnosis=ended.diagnosis.model_copy(update={"onset": onset}),
        taken_at=onset + timedelta(seconds=100),
        mitigated_at=onset + timedelta(seconds=690),
        ended_at=onset + timedelta(seconds=2490),
    )
    took = durations(known)
    assert (took.detect, took.acknowledge, took.mitigate, took.resolve) == (90, 10, 600, 2400)


def test_what_did_not_happen_or_would_be_less_than_nothing_is_not_known() -> None:
    opened = sample.opened().evolve(taken_at=None)
    assert set(durations(opened).model_dump().values()) == {None}
    ended = sample.resolved()
    assert ended.diagnosis is not None
    late = ended.evolve(diagnosis=ended.diagnosis.model_copy(update={"onset": at(600)}))
    assert durations(late).detect is None


def test_of_nothing_there_is_no_mean_and_of_one_no_deviation() -> None:
    assert spread([None, None]).model_dump() == {
        "known": 0, "mean": None, "deviation": None, "shortest": None, "longest": None,
    }  # fmt: skip
    assert spread([None, 60.0]).model_dump() == {
        "known": 1, "mean": 60.0, "deviation": None, "shortest": 60.0, "longest": 60.0,
    }  # fmt: skip
    assert spread([60.0, 120.0, None]).deviation == pytest.approx(42.426, abs=0.001)


@given(st.lists(st.none() | st.floats(0, 1e7), max_size=20))
def test_what_is_not_known_moves_nothing(seconds: list[float | None]) -> None:
    known = [one for one in seconds if one is not None]
    made = spread(seconds)
    assert made == spread(known)
    assert made.known == len(known)
    if known:
        assert made.mean == pytest.approx(fmean(known), abs=0.001)
        assert made.shortest == min(known)
        assert made.longest == max(known)
