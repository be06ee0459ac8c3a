"""The ranking on a made shop: right service, right change, right category, the same whatever the order."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.findings import Category
from tests.tools.analysis.shop import (
    ALERT,
    BAD_CHECKOUT,
    BAD_DEPLOY,
    CALLS,
    INNOCENT,
    ONSET,
    Fault,
    shop,
    symptom,
    topology,
)
from tools.analysis import Node, NodeKind, Ranking, Symptom, Telemetry, Topology, rank_suspects

ROOT = Path(__file__).resolve().parents[3]
NAMES = st.permutations(["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen"])


def ranked(fault: Fault, everything: bool = True) -> Ranking:
    return rank_suspects(shop(fault, everything=everything), None, topology(), symptom(), ())


@pytest.mark.parametrize("everything", [True, False], ids=["all channels", "metrics alone"])
def test_a_bad_deploy_stands_first_and_is_named(everything: bool) -> None:
    observed = shop(BAD_CHECKOUT, everything=everything)
    ranking = rank_suspects(observed, None, topology(), symptom(), (INNOCENT, BAD_DEPLOY))
    first = ranking.suspects[0]
    assert (first.service, first.change, first.category) == ("checkout", BAD_DEPLOY.id, Category.DEPLOYMENT)
    assert first.onset is not None
    assert abs((first.onset - ONSET).total_seconds()) <= 30
    assert ranking.changes[0].change == BAD_DEPLOY
    assert not ranking.nothing_changed
    assert not ranking.quiet


@pytest.mark.parametrize(
    ("fault", "service", "category"),
    [
        (Fault(service="database", slower=10, cpu=0.65), "database", Category.INFRASTRUCTURE),
        (Fault(edge_delay={("checkout", "payment"): 0.5}), "payment", Category.INFRASTRUCTURE),
        (Fault(service="payment", failing=0.2), "payment", Category.CODE),
        (Fault(service="catalogue", slower=4), "catalogue", Category.CODE),
    ],
    ids=["saturated database", "slow way", "failing callee", "slow callee"],
)
def test_the_faulty_service_stands_first(fault: Fault, service: str, category: Category) -> None:
    ranking = ranked(fault)
    assert (ranking.suspects[0].service, ranking.suspects[0].category) == (service, category)
    assert ranking.nothing_changed


def test_what_a_callee_takes_longer_itself_is_not_the_way_to_it() -> None:
    slow = ranked(Fault(service="database", slower=10), everything=False).suspects[0]
    assert slow.service == "database"
    assert not any("_gap" in one.text for one in slow.reasons)


@pytest.mark.parametrize("seed", range(5))
def test_on_a_quiet_window_nothing_stands_out(seed: int) -> None:
    ranking = rank_suspects(shop(Fault(), seed=seed), None, topology(), symptom(), (INNOCENT,))
    assert ranking.quiet


def test_traces_alone_decide_where_there_are_no_metrics() -> None:
    whole, empty = shop(BAD_CHECKOUT), Telemetry.empty()
    observed = Telemetry(metrics=empty.metrics, logs=empty.logs, traces=whole.traces)
    ranking = rank_suspects(observed, None, topology(), symptom(), (BAD_DEPLOY,))
    assert ranking.suspects[0].service == "checkout"
    assert not ranking.quiet
    assert "No metrics were recorded in the window." in ranking.missing


def test_unknown_columns_are_ignored() -> None:
    whole = shop(BAD_CHECKOUT)
    wider = Telemetry(
        *(frame.with_columns(extra=pl.lit(1)) for frame in (whole.metrics, whole.logs, whole.traces))
    )
    assert rank_suspects(wider, whole, topology(), symptom(), ()) == rank_suspects(
        whole, whole, topology(), symptom(), ()
    )


def test_reasons_add_up_to_the_score_and_carry_figures() -> None:
    ranking = rank_suspects(shop(BAD_CHECKOUT), None, topology(), symptom(), (BAD_DEPLOY,))
    for suspect in ranking.suspects:
        assert suspect.score == pytest.approx(sum(reason.score for reason in suspect.reasons), abs=1e-6)
        assert all(any(mark.isdigit() for mark in reason.text) for reason in suspect.reasons)


def test_a_renamed_external_callee_is_a_dependency() -> None:
    nodes = [
        node.model_copy(update={"kind": NodeKind.EXTERNAL}) if node.name == "payment" else node
        for node in topology().nodes
    ]
    ranking = rank_suspects(
        shop(Fault(service="payment", failing=0.4)), None, Topology(nodes=tuple(nodes)), symptom(), ()
    )
    blamed = {suspect.service: suspect.category for suspect in ranking.suspects}
    assert blamed["payment"] is Category.DEPENDENCY


def test_a_callee_that_only_its_caller_sees_is_a_dependency() -> None:
    whole = shop(Fault(service="payment", slower=20), everything=False)
    unseen = whole.metrics.filter(pl.col("service") != "payment")
    observed = Telemetry(metrics=unseen, logs=whole.logs, traces=whole.traces)
    first = rank_suspects(observed, None, topology(), symptom(), ()).suspects[0]
    assert (first.service, first.category) == ("payment", Category.DEPENDENCY)


@pytest.mark.parametrize("late", [1, 4, 7])
def test_a_late_alert_still_finds_the_quiet_time(late: int) -> None:
    there = Symptom(service="web", at=ONSET + timedelta(minutes=late))
    observed = shop(BAD_CHECKOUT, everything=False)
    assert rank_suspects(observed, None, topology(), there, ()).suspects[0].service == "checkout"


def test_without_a_topology_it_is_inferred() -> None:
    ranking = rank_suspects(shop(BAD_CHECKOUT), None, Topology(), symptom(), ())
    assert ranking.suspects[0].service == "checkout"


def test_cycles_in_the_topology_do_no_harm() -> None:
    nodes = tuple(
        node.model_copy(update={"depends_on": (*node.depends_on, "web")}) for node in topology().nodes
    )
    ranking = rank_suspects(shop(BAD_CHECKOUT), None, Topology(nodes=nodes), symptom(), ())
    assert ranking.suspects[0].service == "checkout"


@pytest.mark.parametrize("service", ["web", "nowhere", None])
def test_empty_frames_give_an_empty_ranking_that_says_why(service: str | None) -> None:
    there = Symptom(service=service, at=ALERT)
    ranking = rank_suspects(Telemetry.empty(), Telemetry.empty(), Topology(), there, ())
    assert ranking.quiet
    assert ranking.suspects == ()
    assert any("No metrics" in sentence for sentence in ranking.missing)


def test_one_row_is_enough_to_answer() -> None:
    whole = shop(BAD_CHECKOUT)
    one = Telemetry(metrics=whole.metrics.head(1), logs=whole.logs.head(1), traces=whole.traces.head(1))
    assert rank_suspects(one, one, topology(), symptom(), ()).suspects == ()


def test_a_baseline_that_lacks_services_is_said() -> None:
    quiet = shop(Fault(), everything=False)
    partial = Telemetry(
        metrics=quiet.metrics.filter(pl.col("service") != "payment"), logs=quiet.logs, traces=quiet.traces
    )
    ranking = rank_suspects(shop(BAD_CHECKOUT), partial, topology(), symptom(), ())
    assert ranking.suspects[0].service == "checkout"
    assert any("no metrics of payment" in sentence for sentence in ranking.missing)


def test_an_alias_speaks_for_the_symptom() -> None:
    # Four services see half of the requests fail only through a probe that mirrors the front door.
    fault = Fault(service="web", failing=0.5)
    whole = shop(fault, everything=False).metrics
    errors = (pl.col("service") == "web") & (pl.col("metric") == "error_ratio")
    probe = whole.filter((pl.col("service") == "web") & (pl.col("peer") == "")).with_columns(
        service=pl.lit("probe"), instance=pl.lit("")
    )
    empty = Telemetry.empty()
    observed = Telemetry(
        metrics=pl.concat([whole.filter(~errors), probe]), logs=empty.logs, traces=empty.traces
    )
    ranking = rank_suspects(observed, None, topology(), symptom(), ())
    assert [one.service for one in ranking.suspects] == ["web"]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**16))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    whole = shop(BAD_CHECKOUT)
    mixed = Telemetry(
        metrics=whole.metrics.sample(fraction=1, shuffle=True, seed=seed),
        logs=whole.logs.sample(fraction=1, shuffle=True, seed=seed),
        traces=whole.traces.sample(fraction=1, shuffle=True, seed=seed),
    )
    expected = rank_suspects(whole, None, topology(), symptom(), (BAD_DEPLOY,))
    assert rank_suspects(mixed, None, topology(), symptom(), (BAD_DEPLOY,)) == expected


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names=NAMES)
def test_names_of_services_change_nothing(names: list[str]) -> None:
    renamed = dict(zip(CALLS, names, strict=False))
    whole = shop(BAD_CHECKOUT)
    other = Telemetry(
        metrics=whole.metrics.with_columns(pl.col("service", "peer").replace(renamed)),
        logs=whole.logs.with_columns(pl.col("service").replace(renamed)),
        traces=whole.traces.with_columns(pl.col("service").replace(renamed)),
    )
    before = rank_suspects(whole, None, topology(), symptom(), ())
    after = rank_suspects(other, None, topology(renamed), symptom(renamed["web"]), ())
    assert [(renamed[one.service], one.score, one.category, one.onset) for one in before.suspects] == [
        (one.service, one.score, one.category, one.onset) for one in after.suspects
    ]


def test_the_ranking_is_the_same_under_eight_hash_seeds() -> None:
    script = (
        "from tests.tools.analysis.shop import *\n"
        "from tools.analysis import rank_suspects\n"
        "ranking = rank_suspects(shop(BAD_CHECKOUT), None, topology(), symptom(), (BAD_DEPLOY,))\n"
        "print(ranking.model_dump_json())\n"
    )
    answers = set()
    for seed in range(8):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        answers.add(done.stdout)
    assert len(answers) == 1


def test_a_caller_that_stops_calling_is_blamed_not_the_silent_callee() -> None:
    whole = shop(Fault(), everything=False).metrics
    silent = (
        (pl.col("service") == "payment") & (pl.col("metric") == "request_rate") & (pl.col("time") >= ONSET)
    )
    metrics = whole.with_columns(value=pl.when(silent).then(0.0).otherwise("value"))
    empty = Telemetry.empty()
    observed = Telemetry(metrics=metrics, logs=empty.logs, traces=empty.traces)
    ranking = rank_suspects(observed, None, topology(), symptom(), ())
    assert ranking.suspects[0].service == "checkout"
    assert "payment is no longer asked" in ranking.suspects[0].reasons[0].text


def test_what_the_symptom_cannot_reach_counts_little() -> None:
    apart = Topology(nodes=(*topology().nodes, Node(name="batch")))
    whole = shop(BAD_CHECKOUT, everything=False)
    batch = whole.metrics.filter((pl.col("service") == "checkout") & (pl.col("peer") == "")).with_columns(
        service=pl.lit("batch")
    )
    observed = Telemetry(metrics=pl.concat([whole.metrics, batch]), logs=whole.logs, traces=whole.traces)
    order = [one.service for one in rank_suspects(observed, None, apart, symptom(), ()).suspects]
    assert order.index("checkout") < order.index("batch")


def test_who_began_to_call_what_always_failed_is_blamed() -> None:
    whole = shop(Fault(service="payment", failing=0.4), everything=False)
    new = (pl.col("service") != "payment") | (pl.col("time") >= ONSET)
    began = Telemetry(metrics=whole.metrics.filter(new), logs=whole.logs, traces=whole.traces)
    for observed, first in ((whole, "payment"), (began, "checkout")):
        ranking = rank_suspects(observed, None, topology(), symptom(), ())
        assert ranking.suspects[0].service == first


def test_what_only_a_plain_look_at_all_series_finds_stands_last_and_changes_no_conclusion() -> None:
    whole = shop(Fault(), everything=False)
    at = pl.col("time")
    fewer = pl.when((at >= ONSET) & (pl.col("service") == "payment") & (pl.col("metric") == "memory"))
    odd = whole.metrics.with_columns(value=fewer.then(pl.col("value") / 50).otherwise("value"))
    ranking = rank_suspects(Telemetry(odd, whole.logs, whole.traces), None, topology(), symptom(), ())
    assert ranking.quiet
    assert [one.service for one in ranking.suspects] == ["payment"]
    assert 0 < ranking.suspects[0].score < 0.05
    worse = shop(BAD_CHECKOUT)
    first = rank_suspects(worse, None, topology(), symptom(), ()).suspects
    scores = [one.score for one in first]
    assert scores == sorted(scores, reverse=True)
