"""A recorded world reacts to actions, and what was done to it survives a killed process."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.errors import ActionRefused, ToolFailed
from incidents.findings import Window
from tests.cases import ALERT, END, QUIET_END, START, case_world
from tools.clock import VirtualClock
from tools.fence import UNFENCED
from tools.ports import World
from tools.recorded import RecordedAlerts, open_case, recorded_world
from tools.recorded.replay_log import ReplayLog


def rollback(service: str = "checkout", version: str = "1.0") -> Action:
    return Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=version))


RESTART = Action(kind=ActionKind.RESTART, service="checkout")


def exists(path: Path) -> bool:
    return path.exists()


def rewrite(path: Path, before: bytes = b"", after: bytes = b"") -> None:
    path.write_bytes(before + path.read_bytes() + after)


async def errors(world: World, start: datetime, end: datetime, service: str = "checkout") -> float | None:
    frame = await world.metrics.metrics(Window(start=start, end=end), [service])
    own = frame.filter(pl.col("metric") == "error_ratio", pl.col("peer") == "")
    found = own["value"].median()
    return float(found) if isinstance(found, float) else None


async def test_before_any_action_the_window_plays(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    assert await errors(world, START, QUIET_END) == pytest.approx(0.001, rel=0.1)
    assert await errors(world, clock.now() - timedelta(minutes=2), clock.now()) == pytest.approx(0.4, rel=0.1)
    assert not exists(ledger)


async def test_after_the_right_action_its_aftermath_plays_from_that_moment(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, ALERT + timedelta(minutes=5))
    outcome = await world.actions.execute(rollback(), "k1", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert await errors(world, outcome.at - timedelta(minutes=2), outcome.at) == pytest.approx(0.4, rel=0.1)
    assert await errors(world, outcome.at, clock.now()) == pytest.approx(0.001, rel=0.1)
    frame = await world.metrics.metrics(Window(start=outcome.at, end=clock.now()))
    assert frame["time"].min() == outcome.at


async def test_the_aftermath_reaches_beyond_the_windows_end(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, END - timedelta(minutes=1))
    await world.actions.execute(rollback(), "k1", UNFENCED)
    clock.advance(timedelta(minutes=20))
    assert await errors(world, END + timedelta(minutes=10), clock.now()) == pytest.approx(0.001, rel=0.1)


async def test_an_action_without_an_aftermath_changes_nothing(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    outcome = await world.actions.execute(RESTART, "k1", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert await errors(world, outcome.at, clock.now()) == pytest.approx(0.4, rel=0.1)
    assert "does not say" in outcome.detail


async def test_beyond_the_windows_end_there_is_no_data(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, END + timedelta(hours=1))
    assert await errors(world, END, clock.now()) is None


async def test_a_wrong_action_makes_it_worse_and_its_undo_lets_the_window_go_on(
    shop: Path, ledger: Path
) -> None:
    world, clock = case_world(shop, ledger)
    wrong = rollback("catalogue", "3.0")
    plan = await world.actions.plan(wrong)
    await world.actions.execute(wrong, "k1", UNFENCED)
    clock.advance(timedelta(minutes=5))
    assert await errors(world, clock.now() - timedelta(minutes=2), clock.now()) == pytest.approx(0.9, rel=0.1)
    assert plan.undo is not None
    undone = await world.actions.execute(plan.undo, "k2", UNFENCED)
    clock.advance(timedelta(minutes=3))
    assert await errors(world, undone.at, clock.now()) == pytest.approx(0.4, rel=0.1)


async def test_what_was_never_recorded_shows_no_data(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    await world.actions.execute(rollback(), "k1", UNFENCED)
    clock.advance(timedelta(minutes=2))
    other = await world.actions.execute(rollback(version="0.9"), "k2", UNFENCED)
    clock.advance(timedelta(minutes=2))
    assert await errors(world, other.at, clock.now()) is None


async def test_the_same_action_again_does_not_start_its_aftermath_again(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    first = await world.actions.execute(rollback(), "k1", UNFENCED)
    clock.advance(timedelta(minutes=3))
    with pytest.raises(ActionRefused, match=r"already runs 1\.0"):
        await world.actions.execute(rollback(), "k2", UNFENCED)
    assert (await world.actions.status("k1")) == first
    assert await world.actions.status("k2") is None


async def test_targets_outside_the_inventory_are_refused_with_what_is_known(shop: Path, ledger: Path) -> None:
    world, _ = case_world(shop, ledger)
    with pytest.raises(ActionRefused, match=r"never ran version '6\.6'; known versions: 0\.9, 1\.0, 2\.0"):
        await world.actions.plan(rollback(version="6.6"))
    with pytest.raises(ActionRefused, match=r"'ghost' is not in the service catalogue; known: web"):
        await world.actions.plan(rollback("ghost"))
    flag = Action(kind=ActionKind.FEATURE_FLAG, service="web", arguments=Arguments(flag="dark", enabled=True))
    with pytest.raises(ActionRefused, match="no flag 'dark'"):
        await world.actions.plan(flag)
    hotfix = Action(kind=ActionKind.HOTFIX, service="checkout", arguments=Arguments(commit="fff"))
    with pytest.raises(ActionRefused, match="known: aaa111, ccc333"):
        await world.actions.plan(hotfix)
    scale = Action(kind=ActionKind.SCALE, service="checkout", arguments=Arguments(replicas=2))
    with pytest.raises(ActionRefused, match="how many instances of checkout run is not recorded"):
        await world.actions.plan(scale)


async def test_another_process_goes_on_where_this_one_stopped(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    outcome = await world.actions.execute(rollback(), "k1", UNFENCED)
    again = recorded_world(open_case(shop), VirtualClock(clock.now() + timedelta(minutes=5)), ledger)
    assert await again.actions.status("k1") == outcome
    assert await errors(again, outcome.at, outcome.at + timedelta(minutes=5)) == pytest.approx(0.001, rel=0.1)


async def test_a_torn_last_line_never_happened(shop: Path, ledger: Path) -> None:
    world, _ = case_world(shop, ledger)
    first = await world.actions.execute(RESTART, "k1", UNFENCED)
    rewrite(ledger, after=b'{"key": "k2", "act')
    again, _ = case_world(shop, ledger)
    assert await again.actions.status("k1") == first
    assert await again.actions.status("k2") is None
    await again.actions.execute(RESTART, "k2", UNFENCED)
    assert [deed.key for deed in ReplayLog(ledger).deeds()] == ["k1", "k2"]


async def test_damage_in_the_middle_is_told_and_not_passed_over(shop: Path, ledger: Path) -> None:
    world, _ = case_world(shop, ledger)
    await world.actions.execute(RESTART, "k1", UNFENCED)
    rewrite(ledger, before=b"garbage\n")
    with pytest.raises(ToolFailed, match="damaged"):
        ReplayLog(ledger).deeds()


_RACER = """
import asyncio, sys
from pathlib import Path
from datetime import datetime
from incidents.action import Action, ActionKind
from tools.clock import VirtualClock
from tools.fence import UNFENCED
from tools.recorded import open_case, recorded_world
folder, ledger, at = sys.argv[1:]
world = recorded_world(open_case(Path(folder)), VirtualClock(datetime.fromisoformat(at)), Path(ledger))
for number in range(20):
    asyncio.run(world.actions.execute(Action(kind=ActionKind.RESTART, service="web"), f"k{number}", UNFENCED))
"""


def test_processes_that_race_execute_each_key_once(shop: Path, ledger: Path) -> None:
    command = [sys.executable, "-c", _RACER, str(shop), str(ledger), ALERT.isoformat()]
    root = Path(__file__).parents[3]
    racers = [
        subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(root)})  # noqa: S603 - our own code
        for _ in range(3)
    ]
    assert [racer.wait(60) for racer in racers] == [0, 0, 0]
    assert sorted(deed.key for deed in ReplayLog(ledger).deeds()) == sorted(
        f"k{number}" for number in range(20)
    )


async def test_alerts_arrive_in_time_and_the_aftermaths_only_after_its_action(
    shop: Path, ledger: Path
) -> None:
    world, clock = case_world(shop, ledger)
    alerts = RecordedAlerts(open_case(shop), ReplayLog(ledger))
    assert alerts.due(ALERT - timedelta(seconds=1)) == ()
    assert alerts.next_due(START) == ALERT
    assert len(alerts.due(ALERT)) == 1
    assert alerts.next_due(ALERT) is None
    clock.advance(timedelta(minutes=4))
    outcome = await world.actions.execute(rollback(), "k1", UNFENCED)
    due = outcome.at + timedelta(minutes=2)
    assert alerts.next_due(clock.now()) == due
    assert [alert.at for alert in alerts.due(due)] == [ALERT, due]
    assert b'"resolved"' in alerts.due(due)[-1].body
    assert alerts.next_due(due) is None
