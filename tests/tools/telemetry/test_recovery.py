"""The verdict over signals: a pure function of levels, and what it says of a world that was acted upon."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.action import Action, ActionKind, Arguments
from incidents.findings import Window
from incidents.verification import Reading, Recovery, Signal, SignalKind
from tests.cases import ALERT, ONSET, case_incident, case_sources, case_world, sources_of
from tools.fence import UNFENCED
from tools.telemetry.facts import measure
from tools.telemetry.recovery import judge, verdict_of, watch

AT = datetime(2026, 3, 12, 11, tzinfo=UTC)
WINDOW = Window(start=AT - timedelta(minutes=10), end=AT)
ERRORS = Signal(service="web", metric="error_ratio", kind=SignalKind.ERRORS, unit="ratio", opened=True)
LATENCY = Signal(service="web", metric="p95", kind=SignalKind.LATENCY, unit="seconds")
TRAFFIC = Signal(service="web", metric="requests", kind=SignalKind.TRAFFIC, unit="per_second", opened=True)
BADNESS = [Recovery.RECOVERED, Recovery.UNCHANGED, Recovery.WORSE]

levels = st.floats(min_value=0, max_value=1e6, allow_nan=False)
signals = st.sampled_from([ERRORS, LATENCY, TRAFFIC])


def reading(signal: Signal, baseline: float | None, before: float | None, after: float | None) -> Reading:
    samples = 0 if after is None else 9
    return Reading(
        signal=signal, baseline=baseline, before=before, after=after, samples=samples,
        verdict=verdict_of(signal, baseline, before, after, samples),
    )  # fmt: skip


def overall(*readings: Reading, firing: bool = False) -> Recovery:
    return judge(readings, at=AT, window=WINDOW, firing=firing).verdict


@pytest.mark.parametrize(
    ("signal", "baseline", "before", "after", "verdict"),
    [
        (ERRORS, 0.001, 0.4, 0.001, Recovery.RECOVERED),
        (ERRORS, 0.0, 0.4, 0.01, Recovery.RECOVERED),
        (ERRORS, 0.001, 0.4, 0.2, Recovery.UNCHANGED),
        (ERRORS, 0.001, 0.4, 0.41, Recovery.UNCHANGED),
        (ERRORS, 0.001, 0.4, 0.9, Recovery.WORSE),
        (ERRORS, 0.001, 0.4, None, Recovery.UNKNOWN),
        (ERRORS, None, None, 0.1, Recovery.UNKNOWN),
        (ERRORS, None, 0.4, 0.0, Recovery.UNKNOWN),
        (LATENCY, 0.08, 0.5, 0.09, Recovery.RECOVERED),
        (LATENCY, 0.08, 0.5, 0.3, Recovery.UNCHANGED),
        (LATENCY, 0.08, 0.09, 0.9, Recovery.WORSE),
        (TRAFFIC, 100.0, 10.0, 95.0, Recovery.RECOVERED),
        (TRAFFIC, 100.0, 10.0, 30.0, Recovery.UNCHANGED),
        (TRAFFIC, 100.0, 50.0, 1.0, Recovery.WORSE),
    ],
)
def test_one_signal(
    signal: Signal, baseline: float | None, before: float | None, after: float | None, verdict: Recovery
) -> None:
    assert verdict_of(signal, baseline, before, after, 9) is verdict


@pytest.mark.parametrize(
    ("signal", "baseline", "before", "last", "verdict", "beyond"),
    [
        # Four fifths of the way back.
        (ERRORS, 0.0, 1.0, 0.1999, Recovery.RECOVERED, Recovery.UNCHANGED),
        (LATENCY, 1.0, 11.0, 2.9999, Recovery.RECOVERED, Recovery.UNCHANGED),
        # Within a quarter of the baseline, where that is more than a fifth of a small fault...
        (LATENCY, 1.0, 2.0, 1.2499, Recovery.RECOVERED, Recovery.UNCHANGED),
        # ...but never more than half of the way.
        (LATENCY, 1.0, 1.3, 1.1499, Recovery.RECOVERED, Recovery.UNCHANGED),
        # What is noise for the unit has not moved at all.
        (ERRORS, 0.0, 0.01, 0.0199, Recovery.RECOVERED, Recovery.UNCHANGED),
        # A quarter beyond the fault is worse.
        (LATENCY, 1.0, 4.0, 4.9999, Recovery.UNCHANGED, Recovery.WORSE),
    ],
)
def test_where_one_verdict_ends_and_the_next_begins(
    signal: Signal, baseline: float, before: float, last: float, verdict: Recovery, beyond: Recovery
) -> None:
    assert verdict_of(signal, baseline, before, last, 9) is verdict
    assert verdict_of(signal, baseline, before, last + 0.0002, 9) is beyond


def test_two_samples_are_the_least_basis() -> None:
    assert verdict_of(ERRORS, 0.0, 0.4, 0.0, 2) is Recovery.RECOVERED
    assert verdict_of(ERRORS, 0.0, 0.4, 0.0, 1) is Recovery.UNKNOWN


@given(signals, levels, levels, levels, levels)
def test_a_worse_level_never_gets_a_better_verdict(
    signal: Signal, baseline: float, before: float, one: float, other: float
) -> None:
    better, worse = sorted((one, other), reverse=signal.kind is SignalKind.TRAFFIC)
    first = verdict_of(signal, baseline, before, better, 9)
    second = verdict_of(signal, baseline, before, worse, 9)
    assert BADNESS.index(first) <= BADNESS.index(second)


@given(signals, levels, levels)
def test_back_at_the_baseline_is_recovered(signal: Signal, baseline: float, before: float) -> None:
    assert verdict_of(signal, baseline, before, baseline, 9) is Recovery.RECOVERED


@given(st.sampled_from([ERRORS, LATENCY]), levels, levels)
def test_a_fault_that_goes_on_is_never_recovered(signal: Signal, baseline: float, rise: float) -> None:
    before = baseline * 1.3 + 0.1 + rise
    assert verdict_of(signal, baseline, before, before, 9) is Recovery.UNCHANGED


@given(signals, st.none() | levels, st.none() | levels)
def test_no_data_is_never_recovered(signal: Signal, baseline: float | None, before: float | None) -> None:
    assert verdict_of(signal, baseline, before, None, 0) is Recovery.UNKNOWN


def test_all_that_opened_it_must_recover() -> None:
    good = reading(ERRORS, 0.0, 0.4, 0.0)
    bad = reading(ERRORS.model_copy(update={"service": "api"}), 0.0, 0.4, 0.4)
    assert overall(good) is Recovery.RECOVERED
    assert overall(good, bad) is Recovery.UNCHANGED


def test_a_guard_that_gets_worse_overrules_recovery() -> None:
    good = reading(ERRORS, 0.0, 0.4, 0.0)
    assert overall(good, reading(LATENCY, 0.1, 0.1, 5.0)) is Recovery.WORSE


def test_a_guard_without_data_does_not_hold_recovery_up() -> None:
    assert overall(reading(ERRORS, 0.0, 0.4, 0.0), reading(LATENCY, 0.1, 0.1, None)) is Recovery.RECOVERED


def test_a_signal_that_opened_it_without_data_is_unknown() -> None:
    missing = reading(ERRORS.model_copy(update={"service": "api"}), 0.0, 0.4, None)
    assert overall(reading(ERRORS, 0.0, 0.4, 0.0), missing) is Recovery.UNKNOWN


def test_nothing_watched_is_unknown() -> None:
    assert overall() is Recovery.UNKNOWN
    assert overall(reading(LATENCY, 0.1, 0.1, 0.1)) is Recovery.UNKNOWN


@pytest.mark.parametrize(
    ("service", "version", "verdict"),
    [("checkout", "1.0", Recovery.RECOVERED), ("catalogue", "3.0", Recovery.WORSE)],
)
async def test_a_world_that_was_acted_upon(
    shop: Path, ledger: Path, service: str, version: str, verdict: Recovery
) -> None:
    sources, clock = case_sources(shop, ledger)
    watched = (await measure(sources)).signals
    clock.advance(timedelta(minutes=3))
    action = Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=version))
    done = await sources.world.actions.execute(action, "k1", UNFENCED)
    clock.advance(timedelta(minutes=10))
    settled = done.at + timedelta(minutes=1)
    found = await watch(sources, watched, done.at, settled, clock.now())
    assert found.verdict is verdict
    assert found.window == Window(start=settled, end=clock.now())
    assert any(one.signal.opened and one.samples > 10 for one in found.readings)


async def test_a_restart_that_does_nothing_leaves_it_unchanged(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, ALERT + timedelta(minutes=2))
    sources = sources_of(world, clock)
    watched = (await measure(sources)).signals
    done = await world.actions.execute(Action(kind=ActionKind.RESTART, service="checkout"), "k1", UNFENCED)
    clock.advance(timedelta(minutes=8))
    found = await watch(sources, watched, done.at, done.at + timedelta(minutes=1), clock.now())
    assert found.verdict is Recovery.UNCHANGED


async def test_a_relapse_is_not_lost_in_the_good_minutes_before_it(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    sources = sources_of(world, clock)
    watched = (await measure(sources)).signals
    rollback = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="1.0"))
    plan = await world.actions.plan(rollback)
    done = await world.actions.execute(rollback, "k1", UNFENCED)
    clock.advance(timedelta(minutes=12))
    good = await watch(sources, watched, done.at, done.at, clock.now())
    assert good.verdict is Recovery.RECOVERED
    assert plan.undo is not None
    await world.actions.execute(plan.undo, "k2", UNFENCED)
    clock.advance(timedelta(minutes=4))
    relapsed = await watch(sources, watched, done.at, done.at, clock.now())
    assert relapsed.verdict is Recovery.UNCHANGED


async def test_signals_that_go_silent_have_not_recovered(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    sources = sources_of(world, clock)
    watched = (await measure(sources)).signals
    rollback = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="1.0"))
    done = await world.actions.execute(rollback, "k1", UNFENCED)
    clock.advance(timedelta(minutes=50))  # the recording ends after 35
    found = await watch(sources, watched, done.at, done.at, clock.now())
    assert found.verdict is Recovery.UNKNOWN


async def test_without_data_after_it_the_verdict_is_unknown(shop: Path, ledger: Path) -> None:
    sources, clock = case_sources(shop, ledger)
    watched = (await measure(sources)).signals
    clock.advance(timedelta(hours=2))
    since = clock.now() - timedelta(minutes=10)
    found = await watch(sources, watched, since, since, clock.now())
    assert found.verdict is Recovery.UNKNOWN
    assert all(one.after is None for one in found.readings)


def test_it_is_not_over_before_what_was_off_at_the_diagnosis_is_back() -> None:
    entry = reading(ERRORS, 0.0, 0.0, 0.0)  # it opened the incident and was never off
    blamed = LATENCY.model_copy(update={"service": "mail", "deviated": True})
    assert overall(entry, reading(blamed, 0.005, 0.9, 0.9)) is Recovery.UNCHANGED
    assert overall(entry, reading(blamed, 0.005, 0.9, None)) is Recovery.UNKNOWN
    assert overall(entry, reading(blamed, 0.005, 0.9, 0.006)) is Recovery.RECOVERED


def test_what_was_never_off_proves_nothing_while_the_alert_fires() -> None:
    never, was = reading(ERRORS, 0.0, 0.001, 0.0), reading(ERRORS, 0.0, 0.2, 0.0)
    assert overall(never, firing=True) is Recovery.UNKNOWN
    assert overall(never) is Recovery.RECOVERED
    assert overall(was, never, firing=True) is Recovery.RECOVERED
    assert overall(reading(ERRORS, 0.0, None, 0.0), firing=True) is Recovery.RECOVERED  # not known
    said = judge([never], at=AT, window=WINDOW, firing=True).summary
    assert "none of them was seen off" in said


def test_a_resource_that_is_hardly_used_may_double_in_peace() -> None:
    cpu = Signal(service="web", metric="cpu", kind=SignalKind.SATURATION, unit="ratio", opened=True)
    assert verdict_of(cpu, 0.02, 0.049, 0.039, 9) is Recovery.RECOVERED
    assert verdict_of(cpu, 0.2, 0.97, 0.95, 9) is Recovery.UNCHANGED
    assert verdict_of(cpu, 0.2, 0.6, 0.99, 9) is Recovery.WORSE


def test_what_swings_as_far_in_quiet_times_is_not_worse() -> None:
    assert verdict_of(LATENCY, 0.25, 0.25, 0.33, 9) is Recovery.WORSE
    assert verdict_of(LATENCY, 0.25, 0.25, 0.33, 9, high=0.45) is Recovery.UNCHANGED
    assert verdict_of(LATENCY, 0.25, 0.25, 0.7, 9, high=0.45) is Recovery.WORSE
    assert verdict_of(ERRORS, 0.001, 0.4, 0.9, 9, high=0.002) is Recovery.WORSE
    assert verdict_of(TRAFFIC, 100.0, 50.0, 1.0, 9, high=120.0) is Recovery.WORSE


async def test_a_fault_of_seconds_is_weighed_by_its_end(shop: Path, ledger: Path) -> None:
    """The time before a quick action is mostly of before the fault; its last third is not."""
    quick = ONSET + timedelta(seconds=90)
    world, clock = case_world(shop, ledger, quick)
    early = case_incident(quick).alerts[0].model_copy(update={"starts_at": quick, "received_at": quick})
    sources = sources_of(world, clock, case_incident(quick, early))
    watched = (await measure(sources)).signals
    clock.advance(timedelta(minutes=2))
    found = await watch(sources, watched, quick, quick, clock.now())
    (opened,) = [one for one in found.readings if one.signal.opened]
    assert opened.before is not None
    assert opened.before > 0.2


def test_what_is_left_of_a_resource_recovers_upwards() -> None:
    disk = Signal(
        service="db", metric="free_storage", kind=SignalKind.SATURATION, unit="bytes", falls=True, opened=True
    )
    assert verdict_of(disk, 40e9, 1e9, 39e9, 20) is Recovery.RECOVERED
    assert verdict_of(disk, 40e9, 5e9, 5e9, 20) is Recovery.UNCHANGED
    assert verdict_of(disk, 40e9, 5e9, 1e9, 20) is Recovery.WORSE
