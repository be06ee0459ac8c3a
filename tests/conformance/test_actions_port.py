"""What every actions port keeps to: a dry run changes nothing, a key runs once, the inventory binds."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.errors import ActionRefused, ToolFailed
from incidents.findings import Window
from tests.conformance import benches
from tests.conformance.benches import Bench
from tests.conformance.conftest import Live
from tests.tools.live.supervised import Target, supervised
from tools.fence import UNFENCED

KEY = "INC-2026-1:A1:0123456789ab"


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with supervised() as running:
        yield running


KINDS = [
    "recorded", "releases", "kubernetes", "helm", "flags", "command", "hotfix", "gitops", "mcp_program",
    "mcp_address",
]  # fmt: skip


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, case_folder: Path, tmp_path: Path) -> AsyncIterator[Bench]:
    """Every implementation."""
    async with AsyncExitStack() as stack:
        if request.param == "recorded":
            yield benches.recorded(case_folder, tmp_path)
        elif request.param == "releases":
            yield await stack.enter_async_context(
                benches.releases(request.getfixturevalue("target"), tmp_path)
            )
        else:
            yield await stack.enter_async_context(getattr(benches, request.param)(tmp_path))


async def test_a_plan_names_the_observed_state_and_the_effects(bench: Bench) -> None:
    plan = await bench.actions.plan(bench.action)
    assert plan.action == bench.action
    assert plan.effects
    assert plan.observed
    assert len({fact.name for fact in plan.observed}) == len(plan.observed)


async def test_a_plan_changes_nothing_and_is_the_same_again(bench: Bench) -> None:
    before = bench.state()
    first = await bench.actions.plan(bench.action)
    assert await bench.actions.plan(bench.action) == first
    assert bench.state() == before
    assert await bench.actions.status(KEY) is None


async def test_what_is_not_in_the_inventory_is_refused(bench: Bench) -> None:
    before = bench.state()
    for action in (*bench.refused, bench.action.model_copy(update={"service": "no-such-service"})):
        with pytest.raises(ActionRefused):
            await bench.actions.plan(action)
        with pytest.raises(ActionRefused):
            await bench.actions.execute(action, KEY, UNFENCED)
    assert await bench.actions.status(KEY) is None
    assert bench.state() == before


async def test_a_key_runs_once_and_repeats_its_outcome(bench: Bench) -> None:
    before = bench.state()
    first = await bench.actions.execute(bench.action, KEY, UNFENCED)
    assert first.done, first.detail
    after = bench.state()
    assert after != before
    assert await bench.actions.execute(bench.action, KEY, UNFENCED) == first
    assert await bench.actions.status(KEY) == first
    assert bench.state() == after


async def test_what_was_executed_shows_in_what_is_observed_next(bench: Bench) -> None:
    """So that an approval of the state from before does not count any more."""
    plan = await bench.actions.plan(bench.action)
    await bench.actions.execute(bench.action, KEY, UNFENCED)
    try:
        again = await bench.actions.plan(bench.action)
    except (ActionRefused, ToolFailed):
        again = None  # there is nothing left to do
    if not bench.proposes:  # a branch beside the one that is released from
        assert again is None or again.observed != plan.observed
    if plan.undo is not None:
        back = await bench.actions.plan(plan.undo)
        assert back.observed != plan.observed


async def test_recorded_rollbacks_show_among_the_changes(live: Live) -> None:
    action = Action(
        kind=ActionKind.ROLLBACK, service=live.deployed, arguments=Arguments(version=live.version)
    )
    live.clock.advance(timedelta(microseconds=123_456))
    first = await live.world.actions.execute(action, KEY, UNFENCED)
    live.clock.advance(timedelta(minutes=3))
    assert await live.world.actions.execute(action, KEY, UNFENCED) == first
    since = Window(start=first.at, end=live.clock.now() + timedelta(seconds=1))
    assert len(await live.world.changes.changes(since)) == 1
