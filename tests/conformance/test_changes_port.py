"""What every changes port keeps to."""

from datetime import timedelta

from incidents.action import Action, ActionKind, Arguments
from incidents.changes import ChangeKind
from incidents.findings import Window
from tests.conformance.conftest import Live


async def test_changes_come_oldest_first_with_ids_of_their_own(live: Live) -> None:
    far = Window(start=live.window.start - timedelta(days=30), end=live.window.end)
    found = await live.world.changes.changes(far)
    assert len(found) >= 2
    assert [c.time for c in found] == sorted(c.time for c in found)
    assert len({c.id for c in found}) == len(found)
    assert {c.service for c in found} <= set(live.world.catalogue.names)


async def test_a_window_bounds_them(live: Live) -> None:
    found = await live.world.changes.changes(live.window)
    assert found
    assert all(live.window.start <= c.time < live.window.end for c in found)
    last = found[-1].time
    assert found[-1] not in await live.world.changes.changes(Window(start=live.window.start, end=last))


async def test_a_rollback_shows_as_a_deployment_of_its_target(live: Live) -> None:
    action = Action(
        kind=ActionKind.ROLLBACK, service=live.deployed, arguments=Arguments(version=live.version)
    )
    await live.world.actions.execute(action, "k1")
    now = live.clock.now()
    found = await live.world.changes.changes(Window(start=now, end=now + timedelta(seconds=1)))
    assert [(c.kind, c.service, c.version_to) for c in found] == [
        (ChangeKind.DEPLOY, live.deployed, live.version)
    ]
