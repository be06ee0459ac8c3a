"""What a recorded world shows while nobody does anything, and how fast it is replayed."""

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml

from incidents.action import Action, ActionKind, Arguments
from incidents.errors import ActionRefused
from tests.cases import END, ROLLBACK, WRONG, build_case, case_world
from tests.tools.recorded.test_world import RESTART, errors, rollback
from tools.fence import UNFENCED
from tools.recorded import RecordedAlerts, open_case
from tools.recorded.playback import NONE
from tools.recorded.replay_log import ReplayLog
from tools.spans import Spans

TEMPO = {
    "look": {"lookback": "30s", "recent": "12s", "lead": "20s"},
    "watch": {"lasts": "57s", "every": "12s", "settle": "45s"},
    "steps": {"triage": "2s", "mitigation": "1s"},
}


@pytest.fixture(scope="module")
def still_broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, with a recording of how it went on while nobody did anything: 70 % fail, and an alert."""
    folder = build_case(tmp_path_factory.mktemp("recorded"), "still-broken", logs=False, traces=False)
    none = folder / "aftermath" / NONE
    none.mkdir()
    broken = pl.col("metric").is_in(["error_ratio"]) & (pl.col("service") == "checkout")
    level = pl.when(broken).then(0.7).otherwise("value").alias("value")
    pl.read_parquet(folder / "aftermath" / WRONG / "metrics.parquet").with_columns(level).write_parquet(
        none / "metrics.parquet"
    )
    (none / "changes.jsonl").write_text("")
    alert = {"at": (END + timedelta(minutes=1)).isoformat(), "source": "alertmanager", "payload": {"a": 1}}
    (none / "alerts.jsonl").write_text(json.dumps(alert))
    content = yaml.safe_load((folder / "case.yaml").read_text()) | {"tempo": TEMPO}
    (folder / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


async def test_it_stays_broken_after_the_recordings_end(still_broken: Path, ledger: Path) -> None:
    world, clock = case_world(still_broken, ledger, END + timedelta(minutes=5))
    assert await errors(world, END - timedelta(minutes=5), END) == pytest.approx(0.4, rel=0.1)
    assert await errors(world, END + timedelta(minutes=1), clock.now()) == 0.7
    alerts = RecordedAlerts(open_case(still_broken), ReplayLog(ledger))
    times = [alert.at for alert in alerts.due(clock.now())]
    assert len(times) == 2
    assert END < times[-1] < END + timedelta(minutes=2)


async def test_an_action_that_changes_nothing_leaves_it_broken(still_broken: Path, ledger: Path) -> None:
    world, clock = case_world(still_broken, ledger)
    done = await world.actions.execute(RESTART, "k1", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert await errors(world, done.at, clock.now()) == 0.7
    mended = await world.actions.execute(rollback(), "k2", UNFENCED)
    clock.advance(timedelta(minutes=5))
    await world.actions.execute(RESTART.model_copy(update={"service": "web"}), "k3", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert await errors(world, mended.at, clock.now()) == pytest.approx(0.001, rel=0.1)


async def test_an_undone_action_leaves_it_broken(still_broken: Path, ledger: Path) -> None:
    world, clock = case_world(still_broken, ledger)
    plan = await world.actions.plan(rollback("catalogue", "3.0"))
    await world.actions.execute(plan.action, "k1", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert plan.undo is not None
    undone = await world.actions.execute(plan.undo, "k2", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert await errors(world, undone.at, clock.now()) == 0.7


async def test_what_was_recorded_as_done_can_be_done(still_broken: Path, ledger: Path) -> None:
    """Flags and commits that no recorded change names are in the inventory, if their aftermath is there."""
    unknown = Action(
        kind=ActionKind.FEATURE_FLAG, service="web", arguments=Arguments(flag="x", enabled=False)
    )
    (still_broken / "aftermath" / NONE).rename(still_broken / "aftermath" / unknown.key)
    world, clock = case_world(still_broken, ledger)
    done = await world.actions.execute(unknown, "k1", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert await errors(world, done.at, clock.now()) == 0.7
    back = (await world.actions.plan(unknown)).undo
    (still_broken / "aftermath" / unknown.key).rename(still_broken / "aftermath" / NONE)
    assert back is not None
    assert back.arguments.enabled is True


def test_a_case_is_looked_at_as_it_was_lived(still_broken: Path, ledger: Path) -> None:
    world, _ = case_world(still_broken, ledger)
    seconds = timedelta(seconds=1)
    assert world.spans == Spans(lookback=30 * seconds, recent=12 * seconds, lead=20 * seconds)
    assert case_world(build_case(ledger.parent, logs=False, traces=False), ledger)[0].spans == Spans()


def scale(replicas: int) -> Action:
    return Action(kind=ActionKind.SCALE, service="checkout", arguments=Arguments(replicas=replicas))


def counted(tmp_path: Path, *, scaled_to: int | None) -> Path:
    """The shop with two instances of checkout at the beginning, and perhaps what more of them led to."""
    folder = build_case(tmp_path, "counted", logs=False, traces=False)
    content = yaml.safe_load((folder / "case.yaml").read_text())
    next(one for one in content["services"] if one["name"] == "checkout")["instances"] = 2
    (folder / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    if scaled_to is not None:
        (folder / "aftermath" / ROLLBACK).rename(folder / "aftermath" / f"scale-checkout-{scaled_to}")
    return folder


async def test_a_service_is_scaled_to_the_numbers_that_were_recorded(tmp_path: Path, ledger: Path) -> None:
    world, clock = case_world(counted(tmp_path, scaled_to=4), ledger)
    with pytest.raises(ActionRefused, match="with 3 instances was not recorded; known numbers: 2, 4"):
        await world.actions.plan(scale(3))
    with pytest.raises(ActionRefused, match="already runs with 2"):
        await world.actions.plan(scale(2))
    plan = await world.actions.plan(scale(4))
    assert (plan.running, plan.undo) == (2, scale(2))
    done = await world.actions.execute(scale(4), "k1", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert (await world.actions.plan(scale(2))).running == 4
    assert await errors(world, done.at, clock.now()) == pytest.approx(0.001, rel=0.1)
    back = await world.actions.execute(scale(2), "k2", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert (await world.actions.plan(scale(4))).running == 2
    assert await errors(world, back.at, clock.now()) == pytest.approx(0.4, rel=0.1)


async def test_a_service_that_was_never_scaled_can_be_from_the_number_that_is_known(
    tmp_path: Path, ledger: Path
) -> None:
    world, _ = case_world(counted(tmp_path, scaled_to=None), ledger)
    assert (await world.actions.plan(scale(3))).running == 2
    with pytest.raises(ActionRefused, match="already runs with 2"):
        await world.actions.plan(scale(2))
