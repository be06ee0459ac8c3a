"""Simulated incidents through the doors of recorded ones."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml

pytest.importorskip("simpy", reason="the extra `simulate` is not installed")

from evals.simulate.faults import KINDS
from evals.simulate.record import pages_of, start_of, write_case
from evals.simulate.simulate import Simulated, simulate
from tools.recorded import open_case
from tools.recorded.case import read_truth

SEED, HOPS = 11, 3_000


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    return simulate(SEED, "bad_release_errors", HOPS)


@pytest.fixture(scope="module")
def folder(simulated: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_case(simulated, tmp_path_factory.mktemp("simulated"))


def test_it_opens_as_a_recorded_incident(folder: Path) -> None:
    case = open_case(folder)
    case.check()
    truth = read_truth(folder)
    assert truth.cause.service in case.catalogue.names
    assert truth.cause.onset is not None
    assert case.window.start < truth.cause.onset < case.window.end
    assert case.window.start < case.alerts[0].at <= case.window.end
    assert case.quiet is not None
    assert case.quiet.end < truth.cause.onset
    made = yaml.safe_load((folder / "simulated.yaml").read_text())
    assert made["kinds"] == ["bad_release_errors"]


def test_the_door_writes_cases_and_leaves_those_that_are_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "evals.simulate", "--seed", "5", "--many", "2", "--kind", "misuse"]
    first, again = (
        subprocess.run(  # noqa: S603 - our own door
            [*command, "--out", str(tmp_path)], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sim-000005", "sim-000006"]
    assert all("misuse at" in line for line in first.splitlines())
    assert again.splitlines() == ["sim-000005 is there", "sim-000006 is there"]
    assert read_truth(tmp_path / "sim-000005").data_breach


def test_the_same_seed_writes_the_same_case(folder: Path, tmp_path: Path) -> None:
    again = write_case(simulate(SEED, "bad_release_errors", HOPS), tmp_path)
    for file in sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file()):
        assert (again / file).read_bytes() == (folder / file).read_bytes(), file


def test_before_the_onset_a_world_is_as_it_would_have_been_without_the_fault(simulated: Simulated) -> None:
    other = simulate(SEED, "feature_flag", HOPS)
    onset = simulated.plan.onset
    assert other.plan.onset == onset
    assert other.system == simulated.system

    def early(world: Simulated) -> pl.DataFrame:
        return world.spans.filter(pl.col("end") < onset - 600)

    assert early(simulated).height > 100
    assert early(simulated).equals(early(other))


def test_as_much_is_recorded_after_the_alert_as_was_asked_for() -> None:
    world = simulate(SEED, "dns", 1_000, after=1800)
    assert world.until == pytest.approx(world.symptom.at + 1800)
    assert world.plan.onset < world.symptom.at
    late = start_of(world) + timedelta(seconds=world.until - 300)
    assert pages_of(world).metrics.filter(pl.col("time") > late).height > 0


def test_metrics_logs_and_traces_tell_the_same_story(simulated: Simulated) -> None:
    system, spans = simulated.system, simulated.spans
    roots = spans.filter((pl.col("peer") == "") & (pl.col("parent") == ""))
    journal = simulated.world.journal
    assert journal.asked - roots.height == pytest.approx(0, abs=0.02 * journal.asked + 5)
    served = spans.filter(pl.col("peer") == "")
    failed = served.filter(pl.col("failed")).height
    told = [line for line in journal.lines if line.key == "request_failed"]
    assert len(told) == failed > 0
    parents = spans.select(
        pl.col("span").alias("parent"), pl.col("start").alias("began"), pl.col("service").alias("caller")
    )
    joined = served.filter(pl.col("parent") != "").join(parents, on="parent", how="inner")
    assert (joined["start"] >= joined["began"]).all()
    for caller, callee in joined.select("caller", "service").unique().iter_rows():
        delivered = [op.delivers[0] for op in system.by_name[caller].operations if op.delivers]
        assert callee in system.callees(caller) or callee in delivered


def test_a_channel_that_was_not_recorded_is_not_there(tmp_path: Path) -> None:
    lacking = {"logs": 0, "traces": 0, "changes": 0}
    for seed in range(100, 112):
        world = simulate(seed, "feature_flag", HOPS)
        pages = pages_of(world)
        for channel, kept in (
            ("logs", world.lens.with_logs),
            ("traces", world.lens.with_traces),
            ("changes", world.lens.with_changes),
        ):
            assert (getattr(pages, channel) is not None) is kept
            lacking[channel] += not kept
        if sum(lacking.values()) > 2:
            break
    folder = write_case(world, tmp_path)
    assert open_case(folder).recording.has("logs") is world.lens.with_logs
    assert open_case(folder).recording.has("changes") is world.lens.with_changes
    assert any(lacking.values())


#: What only the mechanism of a kind of fault can bring about.
SIGNS = {
    "certificate": "certificate",
    "clock_skew": "clock",
    "config_access": ("dns", "credentials"),
    "crash_loop": ("refused", "no_instance", "reset"),
    "descriptors": "descriptors",
    "disk_full": "disk",
    "dns": "dns",
    "half_open": "reset",
    "lock_contention": "lock",
    "new_data": "unexpected_data",
    "node_down": ("refused", "no_instance"),
    "pool_leak": "pool",
    "quota": "quota",
    "strict_checks": "no_instance",
    "traffic_surge": "overloaded",
}


#: Only what many ask for can be overrun.
OVERRUN = {"scaling_stuck", "traffic_surge"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_acts_from_its_onset_on_and_is_written_with_its_truth(
    kind: str, tmp_path: Path
) -> None:
    world = simulate(3, kind, None if kind in OVERRUN else HOPS)
    assert world.kinds == (kind,)
    if kind in SIGNS:
        signs = SIGNS[kind] if isinstance(SIGNS[kind], tuple) else (SIGNS[kind],)
        seen = world.spans.filter(pl.col("reason").is_in(signs))
        assert seen.height > 0
        assert seen["end"].min() >= world.plan.onset  # type: ignore[operator]
    folder = write_case(world, tmp_path)
    open_case(folder).check()
    truth = read_truth(folder)
    assert truth.cause.service == world.causes[0].service
    assert truth.cause.note
    assert truth.actions is not None
    for told in (*truth.actions.right, *truth.actions.harmless, *truth.actions.wrong):
        assert told.action.service
    right = {json.dumps(told.model_dump(), default=str) for told in truth.actions.right}
    assert not right & {json.dumps(told.model_dump(), default=str) for told in truth.actions.wrong}
