"""What every actions port keeps to: a dry run changes nothing, a key runs once, the inventory binds."""

from datetime import timedelta

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.errors import ActionRefused
from incidents.findings import Window
from tests.conformance.conftest import Live


def rollback(live: Live, version: str | None = None, service: str | None = None) -> Action:
    arguments = Arguments(version=version or live.version)
    return Action(kind=ActionKind.ROLLBACK, service=service or live.deployed, arguments=arguments)


async def test_a_plan_names_the_observed_state_the_effects_and_the_way_back(live: Live) -> None:
    plan = await live.world.actions.plan(rollback(live))
    observed = {fact.name: fact.value for fact in plan.observed}
    assert observed["running version"] != live.version
    assert plan.effects
    assert plan.undo is not None
    assert plan.undo.arguments.version == observed["running version"]


async def test_a_plan_changes_nothing_and_is_the_same_again(live: Live) -> None:
    before = await live.world.changes.changes(live.window)
    first = await live.world.actions.plan(rollback(live))
    assert await live.world.actions.plan(rollback(live)) == first
    assert await live.world.changes.changes(live.window) == before
    assert await live.world.actions.status("k1") is None


async def test_what_is_not_in_the_inventory_is_refused(live: Live) -> None:
    for action in (rollback(live, version=live.unknown_version), rollback(live, service="no-such-service")):
        with pytest.raises(ActionRefused):
            await live.world.actions.plan(action)
        with pytest.raises(ActionRefused):
            await live.world.actions.execute(action, "k1")
    assert await live.world.actions.status("k1") is None


async def test_a_key_runs_once_and_repeats_its_outcome(live: Live) -> None:
    live.clock.advance(timedelta(microseconds=123_456))
    first = await live.world.actions.execute(rollback(live), "k1")
    live.clock.advance(timedelta(minutes=3))
    assert await live.world.actions.execute(rollback(live), "k1") == first
    assert await live.world.actions.status("k1") == first
    assert first.done
    now = live.clock.now()
    since = Window(start=first.at, end=now + timedelta(seconds=1))
    assert len(await live.world.changes.changes(since)) == 1


async def test_the_plan_observes_what_was_executed(live: Live) -> None:
    plan = await live.world.actions.plan(rollback(live))
    await live.world.actions.execute(rollback(live), "k1")
    with pytest.raises(ActionRefused, match="already runs"):
        await live.world.actions.plan(rollback(live))
    assert plan.undo is not None
    again = await live.world.actions.plan(plan.undo)
    assert {fact.name: fact.value for fact in again.observed}["running version"] == live.version
