"""Intervals and pass^k."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.statistics import bootstrap, interval, pass_hat
from incidents.intervals import wilson


@given(n=st.integers(1, 500), data=st.data())
def test_wilson_holds_the_share_and_stays_between_0_and_1(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high


def test_wilson_is_the_one_of_the_textbooks() -> None:
    assert wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-3)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_the_bootstrap_is_repeatable_and_within_the_values(values: list[float]) -> None:
    low, high = bootstrap(values)
    assert (low, high) == bootstrap(values)
    assert min(values) - 1e-6 <= low <= high <= max(values) + 1e-6


def test_a_share_that_is_not_yes_or_no_gets_the_bootstrap() -> None:
    assert interval([0.5, 0.5], share=True) == (0.5, 0.5)
    assert interval([1.0, 1.0], share=True) == wilson(2, 2)


def test_pass_hat_is_how_likely_it_is_right_every_time() -> None:
    assert pass_hat([[True, True], [True, False]]) == (0.75, 0.5)
    assert pass_hat([[True] * 3, [False] * 3]) == (0.5, 0.5, 0.5)
    assert pass_hat([]) == ()
