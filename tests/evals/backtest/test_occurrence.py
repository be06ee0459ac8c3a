"""Which past alerts would have been one incident."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from evals.backtest.occurrence import Occurrence, occurrences
from evals.backtest.sources import OWN, PROMETHEUS, of_firings, read
from incidents.catalogue import Catalogue, Service
from tools.live.metrics.firings import Firing

CATALOGUE = Catalogue(
    services=(
        Service(name="web", depends_on=("checkout",)), Service(name="checkout"), Service(name="mail"),
    )
)  # fmt: skip
BEGIN = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
JOIN = timedelta(minutes=15)


def firing(service: str, minute: float, lasts: float | None = 5.0, name: str = "Errors") -> Firing:
    start = BEGIN + timedelta(minutes=minute)
    end = start + timedelta(minutes=lasts) if lasts is not None else None
    return Firing(labels={"alertname": name, "service": service}, start=start, end=end)


def grouped(*firings: Firing) -> tuple[Occurrence, ...]:
    unread: list[str] = []
    told = read(of_firings(firings), PROMETHEUS, CATALOGUE, unread)
    assert unread == []
    return occurrences(told, CATALOGUE, JOIN)


def test_alerts_of_one_path_are_one_and_of_two_services_two() -> None:
    found = grouped(firing("web", 0), firing("checkout", 1), firing("mail", 2))
    assert [one.services for one in found] == [("checkout", "web"), ("mail",)]
    assert found[0].ended_at == BEGIN + timedelta(minutes=6)
    assert [json.loads(one.body)["status"] for one in found[0].deliveries] == [
        "firing", "firing", "resolved", "resolved",
    ]  # fmt: skip


def test_what_fires_again_after_it_was_over_is_another() -> None:
    first, again = grouped(firing("web", 0), firing("web", 90))
    assert (first.ended_at, again.at) == (BEGIN + timedelta(minutes=5), BEGIN + timedelta(minutes=90))
    assert first.id == "2026-11-03-0900-errors"


def test_an_alert_without_an_end_is_said_to_have_none() -> None:
    (found,) = grouped(firing("web", 0, lasts=None))
    assert found.ended_at is None


def test_what_two_sources_tell_is_one_told_by_both() -> None:
    known = firing("checkout", 0)
    late = known.model_copy(update={"start": known.start + timedelta(seconds=20)})
    unread: list[str] = []
    told = [
        *read(of_firings([known]), OWN, CATALOGUE, unread),
        *read(of_firings([late]), PROMETHEUS, CATALOGUE, unread),
    ]
    (found,) = occurrences(told, CATALOGUE, JOIN)
    assert found.sources == (OWN, PROMETHEUS)
    assert (found.at, found.ended_at) == (known.start, known.end)


def test_two_of_one_minute_and_title_have_two_names() -> None:
    assert [one.id for one in grouped(firing("web", 0), firing("mail", 0))] == [
        "2026-11-03-0900-errors", "2026-11-03-0900-errors-2",
    ]  # fmt: skip


@given(
    st.lists(
        st.builds(
            firing, st.sampled_from(["web", "checkout", "mail"]), st.integers(0, 600),
            st.one_of(st.none(), st.integers(1, 60)), st.sampled_from(["Errors", "Slow"]),
        ),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_no_alert_is_lost_or_told_twice(firings: list[Firing]) -> None:
    once = list(
        {(one.labels["service"], one.labels["alertname"], one.start): one for one in firings}.values()
    )
    found = grouped(*once)
    began = [body for one in found for body in one.deliveries if json.loads(body.body)["status"] == "firing"]
    assert len(began) == len(once)
    assert len({one.id for one in found}) == len(found)
