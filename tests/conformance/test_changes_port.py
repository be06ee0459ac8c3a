"""What every changes port keeps to."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.changes import ChangeKind
from incidents.findings import Window
from tests.conformance.benches import FAR, Record, live_record, recorded_changes, sent_changes
from tests.conformance.conftest import Live
from tools.fence import UNFENCED


@pytest.fixture(params=["recorded", "releases", "git", "github", "gitlab", "kubernetes", "senders"])
async def record(request: pytest.FixtureRequest, case_folder: Path, tmp_path: Path) -> AsyncIterator[Record]:
    """Every implementation."""
    if request.param == "recorded":
        yield recorded_changes(case_folder, tmp_path)
        return
    if request.param == "senders":
        yield await sent_changes(tmp_path)
        return
    async with live_record(request.param, tmp_path) as found:
        yield found


async def test_changes_come_oldest_first_with_ids_of_their_own(record: Record) -> None:
    found = await record.changes.changes(FAR)
    assert len(found) >= 2
    assert [c.time for c in found] == sorted(c.time for c in found)
    assert len({c.id for c in found}) == len(found)
    assert {c.service for c in found} <= set(record.services)
    assert await record.changes.changes(FAR) == found


async def test_a_window_bounds_them(record: Record) -> None:
    found = await record.changes.changes(record.window)
    assert found
    assert all(record.window.start <= c.time < record.window.end for c in found)
    last = found[-1].time
    assert found[-1] not in await record.changes.changes(Window(start=record.window.start, end=last))


async def test_a_rollback_shows_as_a_deployment_of_its_target(live: Live) -> None:
    action = Action(
        kind=ActionKind.ROLLBACK, service=live.deployed, arguments=Arguments(version=live.version)
    )
    await live.world.actions.execute(action, "k1", UNFENCED)
    now = live.clock.now()
    found = await live.world.changes.changes(Window(start=now, end=now + timedelta(seconds=1)))
    assert [(c.kind, c.service, c.version_to) for c in found] == [
        (ChangeKind.DEPLOY, live.deployed, live.version)
    ]
