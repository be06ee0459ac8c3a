"""What code measures: None where there is no data, and numbers that stand in the telemetry."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.verification import SignalKind
from tests.cases import (
    ALERT,
    END,
    ONSET,
    START,
    build_case,
    case_incident,
    case_sources,
    case_world,
    sources_of,
)
from tools.fence import UNFENCED
from tools.recorded import open_case
from tools.telemetry.facts import measure, watched_since


async def test_a_broken_release_in_numbers(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=1))
    facts = await measure(sources)
    assert facts.error_ratio == pytest.approx(0.3, abs=0.03)
    assert facts.latency_times == pytest.approx(6.25, abs=0.5)
    assert facts.affected[:2] == ("checkout", "web")
    assert facts.customers_affected is True
    assert facts.api_affected is True
    assert facts.quiet is False
    assert facts.down == ()


async def test_what_the_alert_is_about_opened_it_and_the_rest_guards(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger)
    signals = (await measure(sources)).signals
    opened = [signal for signal in signals if signal.opened]
    assert [(s.service, s.metric, s.kind) for s in opened] == [("web", "error_ratio", SignalKind.ERRORS)]
    guards = {(s.service, s.kind) for s in signals if not s.opened}
    assert ("web", SignalKind.LATENCY) in guards
    assert ("checkout", SignalKind.ERRORS) in guards
    assert ("catalogue", SignalKind.LATENCY) in guards
    assert len({(s.service, s.metric) for s in signals}) == len(signals)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("p95 latency of web above 1 s", SignalKind.LATENCY),
        ("web is slow", SignalKind.LATENCY),
        ("Web5xxRatioHigh", SignalKind.ERRORS),
        ("web down", SignalKind.ERRORS),
        ("HighCPU", SignalKind.SATURATION),
        ("something is odd", SignalKind.ERRORS),  # cannot be told: the most deviating
    ],
)
async def test_the_kind_is_told_from_the_alerts_words(
    shop: Path, ledger: Path, title: str, kind: SignalKind
) -> None:
    world, clock = case_world(shop, ledger, ALERT + timedelta(minutes=2))
    alert = case_incident().alerts[0].model_copy(update={"title": title, "labels": ()})
    facts = await measure(sources_of(world, clock, case_incident(ALERT, alert)))
    opened = [signal.kind for signal in facts.signals if signal.opened]
    assert opened == [kind]


async def test_quiet_before_anything_broke(shop: Path, ledger: Path) -> None:
    early = START + timedelta(minutes=15)
    world, clock = case_world(shop, ledger, early)
    alert = case_incident().alerts[0].model_copy(update={"starts_at": early, "received_at": early})
    facts = await measure(sources_of(world, clock, case_incident(early, alert)))
    assert facts.affected == ()
    # What counts as now is of before the alert: it does not contradict what users are said to feel.
    assert facts.quiet is None
    assert facts.customers_affected is None


@pytest.mark.parametrize(
    "told",
    [
        {"starts_at": START + timedelta(minutes=5), "received_at": START + timedelta(minutes=5)},
        {"status": "resolved"},
        {"service": "catalogue"},
        {"title": "something is odd", "labels": ()},
    ],
)
async def test_an_alert_is_contradicted(shop: Path, ledger: Path, told: dict[str, object]) -> None:
    early = START + timedelta(minutes=15)
    world, clock = case_world(shop, ledger, early)
    alert = case_incident().alerts[0].model_copy(update={"starts_at": early, "received_at": early, **told})
    facts = await measure(sources_of(world, clock, case_incident(early, alert)))
    assert facts.quiet is True
    assert facts.customers_affected is False


async def test_without_telemetry_nothing_is_claimed(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, END + timedelta(hours=3))
    late = END + timedelta(hours=3)
    alert = case_incident().alerts[0].model_copy(update={"starts_at": late})
    facts = await measure(sources_of(world, clock, case_incident(late, alert)))
    assert facts.error_ratio is None
    assert facts.latency_times is None
    assert facts.customers_affected is None
    assert facts.quiet is None
    assert facts.revenue_lost is None


async def test_lost_revenue_is_the_shortfall_over_the_time(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, ONSET + timedelta(minutes=10))
    facts = await measure(sources_of(world, clock))
    # 600 a minute usually, 360 since the onset ten minutes ago.
    assert facts.revenue_lost == pytest.approx(2400, rel=0.05)


async def test_recovery_shows_in_the_facts(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    action = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="1.0"))
    await world.actions.execute(action, "k1", UNFENCED)
    clock.advance(timedelta(minutes=10))
    facts = await measure(sources_of(world, clock))
    assert facts.quiet is True
    assert facts.customers_affected is False


async def test_traces_speak_where_metrics_are_silent(tmp_path: Path, ledger: Path) -> None:
    folder = build_case(tmp_path, "traced")
    _only(folder, "cpu")
    world, clock = case_world(folder, ledger, ALERT + timedelta(minutes=1))
    facts = await measure(sources_of(world, clock))
    assert facts.error_ratio == pytest.approx(0.2, abs=0.08)
    assert {signal.metric for signal in facts.signals if signal.opened} == {"traced_error_ratio"}
    assert open_case(folder).catalogue.user_facing == ("web",)


def _only(folder: Path, metric: str) -> None:
    for path in folder.rglob("metrics.parquet"):
        pl.read_parquet(path).filter(pl.col("metric") == metric).write_parquet(path)


async def test_after_the_diagnosis_its_service_and_who_needs_it_must_recover_too(
    shop: Path, ledger: Path
) -> None:
    world, clock = case_world(shop, ledger, ALERT + timedelta(minutes=1))
    first = (await measure(sources_of(world, clock))).signals
    sources = sources_of(world, clock, case_incident().evolve(signals=first))
    signals = await watched_since(sources, "checkout")
    off = {(signal.service, signal.kind) for signal in signals if signal.deviated}
    assert off == {(name, kind) for name in ("checkout", "web") for kind in ("errors", "latency")}
    assert {(s.service, s.metric) for s in first} <= {(s.service, s.metric) for s in signals}
    assert [s for s in signals if s.opened] == [
        s.model_copy(update={"deviated": True}) for s in first if s.opened
    ]


async def test_a_service_that_never_deviated_adds_nothing_to_the_watch(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, ALERT + timedelta(minutes=1))
    signals = await watched_since(sources_of(world, clock), "orders-db")
    assert not [s for s in signals if s.deviated and s.service in {"orders-db", "catalogue", "payment"}]
