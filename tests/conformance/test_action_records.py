"""What every place for the write-ahead of changes does, and what another machine's record says here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from incidents.action import Outcome
from incidents.errors import InProgress, ToolFailed
from nexus.store.postgres.action_records import StoredActionRecords
from tests.tools.live.test_actions_once import CATALOGUE, KEY, RESTART, Died, Restarts
from tools.clock import VirtualClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog, ActionRecords, FileRecords
from tools.live.actions.compose import LiveActions

NOW = datetime.fromisoformat("2026-11-23T03:00:00+00:00")


@pytest.fixture(params=["file", "postgres"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ActionRecords]:
    """Each call is one more process that reads and writes the same."""
    if request.param == "file":
        return lambda: FileRecords(tmp_path / "shared")
    address = request.getfixturevalue("postgres").empty()
    return lambda: StoredActionRecords(address)


class Machine:
    """A machine with locks of its own and the records of all."""

    def __init__(self, folder: Path, records: ActionRecords, target: Restarts, clock: VirtualClock) -> None:
        self._actions = LiveActions([target], CATALOGUE, ActionLog(folder / "actions", records), clock)

    async def execute(self) -> Outcome:
        return await self._actions.execute(RESTART, KEY, UNFENCED)

    async def status(self) -> Outcome | None:
        return await self._actions.status(KEY)


@pytest.fixture
def target() -> Restarts:
    return Restarts(tells=True)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def machines(
    records: Callable[[], ActionRecords], tmp_path: Path, target: Restarts, clock: VirtualClock
) -> tuple[Machine, Machine]:
    first, second = (Machine(tmp_path / name, records(), target, clock) for name in "ab")
    return first, second


async def dies(machine: Machine, target: Restarts, where: str) -> None:
    target.dies = where
    with pytest.raises(Died):
        await machine.execute()
    target.dies = "never"


async def test_an_outcome_is_known_to_all(machines: tuple[Machine, Machine], target: Restarts) -> None:
    first, second = machines
    done = await first.execute()
    assert await second.execute() == await second.status() == done
    assert target.effects == 1


async def test_what_was_only_planned_elsewhere_may_begin_here(
    machines: tuple[Machine, Machine], target: Restarts
) -> None:
    first, second = machines
    await dies(first, target, "unmarked")
    assert (await second.execute()).done
    assert target.effects == 1


async def test_what_may_have_begun_elsewhere_is_waited_for_and_then_looked_up(
    machines: tuple[Machine, Machine], target: Restarts, clock: VirtualClock
) -> None:
    first, second = machines
    await dies(first, target, "done")
    with pytest.raises(InProgress, match="another machine; what it started there may run until"):
        await second.execute()
    clock.advance_to(NOW + timedelta(seconds=61))
    assert (await second.execute()).detail == "it is younger"
    assert target.effects == 1


async def test_what_is_seen_on_one_machine_alone_is_never_called_unbegun_on_another(
    machines: tuple[Machine, Machine], target: Restarts, clock: VirtualClock
) -> None:
    first, second = machines
    target.goes_on_elsewhere = None
    await dies(first, target, "marked")
    clock.advance_to(NOW + timedelta(hours=1))
    with pytest.raises(ToolFailed, match="to be seen there alone"):
        await second.execute()
    assert target.effects == 0
    assert (await first.execute()).done
