"""Changes near the onset: time, place, and none."""

from datetime import timedelta

import pytest

from incidents.changes import Change
from tests.tools.analysis.shop import BAD_DEPLOY, INNOCENT, ONSET, topology
from tools.analysis import rank_changes
from tools.analysis.changes import time_fit


def moved(minutes: float, service: str = "checkout", name: str = "chg") -> Change:
    return BAD_DEPLOY.model_copy(
        update={"time": ONSET + timedelta(minutes=minutes), "service": service, "id": name}
    )


@pytest.mark.parametrize(
    ("minutes", "fit"), [(0, 1.0), (-60, 0.5), (-120, 0.25), (1, 1.0), (10, 0.0), (-1500, 0.0)]
)
def test_time(minutes: float, fit: float) -> None:
    assert time_fit(moved(minutes), ONSET) == pytest.approx(fit)


def test_place_decides_between_changes_of_the_same_time() -> None:
    suspect, reached, elsewhere = (
        moved(-5, "payment", "a"),
        moved(-5, "catalogue", "b"),
        moved(-5, "mail", "c"),
    )
    ranked = rank_changes([elsewhere, reached, suspect], ONSET, topology(), "web", {"payment": 0.8})
    assert [one.change.id for one in ranked] == ["a", "b", "c"]


def test_a_change_to_what_the_alert_names_counts_where_nobody_stands_out() -> None:
    named, reached = moved(-5, "web", "a"), moved(-4, "catalogue", "b")
    assert [one.change.id for one in rank_changes([named, reached], ONSET, topology(), "web", {})] == [
        "a",
        "b",
    ]
    (clear,) = rank_changes([named], ONSET, topology(), "web", {"catalogue": 0.8})
    (quiet,) = rank_changes([named], ONSET, topology(), "web", {"catalogue": 0.1})
    assert quiet.score > clear.score


def test_the_order_of_the_record_changes_nothing() -> None:
    several = [moved(-5, "payment", "b"), moved(-5, "payment", "a"), INNOCENT]
    assert rank_changes(several, ONSET, topology(), "web", {}) == rank_changes(
        several[::-1], ONSET, topology(), "web", {}
    )


def test_the_text_names_versions_and_time() -> None:
    (only,) = rank_changes([BAD_DEPLOY], ONSET, topology(), "web", {"checkout": 1.0})
    assert "2024.06.1 -> 2024.06.2" in only.text
    assert "1 min before the onset" in only.text


def test_nothing_changed() -> None:
    assert rank_changes([moved(-3000)], ONSET, topology(), "web", {}) == ()
