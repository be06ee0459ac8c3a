"""Series that begin, end or are none: what is concluded of a shop in which payment is the one that is off."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from incidents.facts import Facts
from tests.tools.telemetry.scenes import ALERT, FAULT, STEP, Says, frame, looked_at, usual
from tools.analysis import Ranking
from tools.telemetry.facts import measure
from tools.telemetry.levels import Level
from tools.telemetry.observe import observe, ranking
from tools.telemetry.service_state import ServiceState, states
from tools.toolbox.phrases import say_state


async def concluded(says: Says) -> tuple[Ranking, Facts, dict[str, ServiceState]]:
    sources = looked_at(frame(says))
    seen, ranked = await ranking(sources)
    return ranked, await measure(sources), {state.service: state for state in states(seen)}


def first(ranked: Ranking) -> str:
    """The first suspect's name and reasons."""
    suspect = ranked.suspects[0]
    return f"{suspect.service}: {'; '.join(reason.text for reason in suspect.reasons)}"


def counted(before: float | None, since: float, metric: str = "errors_5xx", service: str = "payment") -> Says:
    """A series of one service that is `before` until the fault and `since` from then on."""

    def says(name: str, what: str, at: datetime) -> float | None:
        if (name, what) != (service, metric):
            return usual(what, at)
        return since if at >= FAULT else before

    return says


async def test_a_quiet_day_blames_nobody() -> None:
    ranked, facts, found = await concluded(lambda service, metric, at: usual(metric, at))
    assert ranked.quiet
    assert not ranked.suspects
    assert facts.customers_affected is False
    assert not any(state.deviates for state in found.values())


@pytest.mark.parametrize("before", [None, 0.0])
async def test_a_count_that_begins_with_the_first_error_counted_none_before(before: float | None) -> None:
    ranked, facts, found = await concluded(counted(before, 6.5))
    assert first(ranked) == "payment: errors_5xx 0 -> 6.5 per_second (65 sigma)"
    assert ranked.suspects[0].onset == FAULT
    assert found["payment"].deviates
    assert facts.customers_affected is None  # what users' services need fails; theirs do not show it
    assert facts.quiet is False


async def test_a_share_that_begins_while_requests_are_served_was_none_before() -> None:
    ranked, _, _ = await concluded(counted(None, 0.3, metric="error_ratio"))
    assert first(ranked).startswith("payment: error_ratio 0 -> 0.3 ratio")


async def test_a_share_of_no_requests_was_not_zero() -> None:
    def says(service: str, metric: str, at: datetime) -> float | None:
        if service == "payment" and at < FAULT:
            return {"request_rate": 0.0, "up": 1.0}.get(metric)
        return 0.4 if (service, metric) == ("payment", "error_ratio") else usual(metric, at)

    ranked, _, found = await concluded(says)
    assert (
        first(ranked)
        == "payment: error_ratio 0.4 ratio; nothing is known of it from before (never called before)"
    )
    assert "(usual unknown)" in say_state(found["payment"])


@pytest.mark.parametrize(
    ("metric", "value"), [("error_ratio", 0.4), ("success_rate", 60.0), ("errors_5xx", 8.0)]
)
async def test_a_service_without_a_past_is_judged_by_its_level(metric: str, value: float) -> None:
    def says(service: str, what: str, at: datetime) -> float | None:
        if service != "payment":
            return usual(what, at)
        if at < FAULT:
            return None
        return (
            value if what == metric else usual(what, at) if what in {"request_rate", "latency_p95"} else None
        )

    ranked, facts, found = await concluded(says)
    assert first(ranked).startswith(f"payment: {metric} {value:g}")
    assert "nothing is known of it from before" in first(ranked)
    assert found["payment"].deviates
    assert found["payment"].onset == FAULT
    assert facts.quiet is False


async def test_a_new_service_that_works_is_not_blamed() -> None:
    ranked, facts, _ = await concluded(
        lambda service, metric, at: None if service == "payment" and at < FAULT else usual(metric, at)
    )
    assert ranked.quiet
    assert not ranked.suspects
    assert facts.customers_affected is False


async def test_few_failures_of_few_requests_do_not_condemn_a_new_service() -> None:
    def says(service: str, metric: str, at: datetime) -> float | None:
        if service != "mailer" and service != "payment":
            return usual(metric, at)
        if at < FAULT:
            return None
        return {"request_rate": 0.05, "error_ratio": 0.1, "up": 1.0}.get(metric)

    _, _, found = await concluded(says)
    assert not found["payment"].deviates


@pytest.mark.parametrize("up", [0.0, None])
async def test_a_service_that_reports_nothing_any_more_is_the_first_suspect(up: float | None) -> None:
    def says(service: str, metric: str, at: datetime) -> float | None:
        if service == "payment" and at >= FAULT:
            return up if metric == "up" else None
        return usual(metric, at)

    ranked, facts, found = await concluded(says)
    assert first(ranked).startswith("payment: ")
    assert "series ended at 10:27:15 UTC" in first(ranked)
    assert found["payment"].down is (up is not None)
    assert found["payment"].ended == FAULT - STEP
    assert "reports nothing since" in say_state(found["payment"])
    assert facts.quiet is False
    assert facts.customers_affected is None


async def test_where_most_of_what_is_measured_ends_the_measuring_has() -> None:
    ranked, _, found = await concluded(
        lambda service, metric, at: usual(metric, at) if service == "web" or at < FAULT else None
    )
    assert not ranked.suspects
    assert not found["payment"].deviates


async def test_one_instance_of_two_that_is_not_up_is_seen() -> None:
    rows = frame(lambda service, metric, at: usual(metric, at))
    down = (pl.col("instance") == "payment-1") & (pl.col("metric") == "up") & (pl.col("time") >= FAULT)
    rows = rows.with_columns(value=pl.when(down).then(0.0).otherwise("value"))
    _, ranked = await ranking(looked_at(rows))
    assert first(ranked) == "payment: up 1 -> 0 on 1 of 2 instances"


async def test_a_new_instance_is_compared_with_the_others_of_its_service() -> None:
    rows = frame(lambda service, metric, at: usual(metric, at))
    fresh = (
        rows.filter((pl.col("service") == "payment") & (pl.col("time") >= FAULT))
        .with_columns(instance=pl.lit("payment-new"))
        .with_columns(value=pl.when(pl.col("metric") == "latency_p95").then(2.0).otherwise("value"))
    )
    _, ranked = await ranking(looked_at(pl.concat([rows, fresh]).sort("time")))
    assert first(ranked).startswith("payment: latency_p95 0.12")


async def test_what_is_not_told_any_more_is_not_as_usual() -> None:
    def says(service: str, metric: str, at: datetime) -> float | None:
        if (service, metric) == ("payment", "error_ratio") and at >= FAULT:
            return None
        return usual(metric, at)

    _, facts, _ = await concluded(says)
    assert facts.customers_affected is None
    assert facts.quiet is None


async def test_a_late_alert_reads_no_row_and_zero_alike() -> None:
    early = ALERT - timedelta(minutes=9)

    async def level(before: float | None) -> Level:
        def says(service: str, metric: str, at: datetime) -> float | None:
            if (service, metric) != ("payment", "errors_5xx"):
                return usual(metric, at)
            return 6.5 if at >= early else before

        seen = await observe(looked_at(frame(says)))
        return next(one for one in seen.levels if (one.service, one.metric) == ("payment", "errors_5xx"))

    assert await level(None) == await level(0.0)
    assert (await level(None)).baseline == 0.0


async def test_a_counter_older_than_its_rows_did_not_begin_with_them() -> None:
    def says(service: str, metric: str, at: datetime) -> float | None:
        if (service, metric) != ("payment", "http_errors_total"):
            return usual(metric, at)
        late = at - (ALERT - timedelta(minutes=5))
        return 100_000.0 + late.total_seconds() / 15 if late >= timedelta(0) else None

    seen = await observe(looked_at(frame(says)))
    grown = seen.signals.filter(pl.col("metric") == "http_errors_total")["value"]
    assert grown.max() == pytest.approx(1 / 15)
