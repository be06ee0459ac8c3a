"""A declared command and the death of the Nexus that started it: it is done once, whenever the kill comes."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from demo.processes import wait_for
from incidents.action import Action, ActionKind
from incidents.catalogue import Catalogue, Service
from incidents.errors import InProgress, StaleLease, ToolFailed
from tests.forks import forked
from tests.patience import PATIENCE
from tests.tools.live.effects import settled
from tools.clock import WallClock, since_boot
from tools.fence import UNFENCED, Fence, LeaseFence
from tools.live.actions import live_actions
from tools.live.actions.compose import LiveActions
from tools.live.process import holding, run
from tools.live.secrets import Secrets
from tools.live.settings import Backends

KEY = "INC-1:A1:abcdef012345"
FAILOVER = Action(kind=ActionKind.FAILOVER, service="db")

#: It waits in the middle for as long as the file `gate` is there, or in its dry run where that is to be slow.
SCRIPT = """#!/bin/sh
cd "$(dirname "$0")"
held() { while [ -e gate ]; do sleep 0.02; done; }
case "$1" in
  plan) echo "observed: primary = a"; [ -e slow-plan ] && { touch planning; held; }; true;;
  run) echo $PPID > guard; echo $$ > pid; echo begun >> runs; held; echo "to b"; echo ended >> runs;;
  status) [ -e runs ] && grep -q ended runs;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    script = tmp_path / "team.sh"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    (tmp_path / "gate").touch()
    return tmp_path


def on(folder: Path, *, status: bool = True, timeout: str = "60s") -> LiveActions:
    script = str(folder / "team.sh")
    spec = {
        "kind": "command", "action": "failover", "services": ["db"], "run": [script, "run"],
        "dry_run": [script, "plan"], "status": [script, "status"] if status else [], "timeout": timeout,
    }  # fmt: skip
    specs = Backends.model_validate({"actions": [spec]}).actions
    catalogue = Catalogue(services=(Service(name="db"),))
    return live_actions(specs, catalogue, Secrets({}), WallClock(), folder / "home" / "actions")


def executed(folder: Path, timeout: str = "60s", fence: Callable[[Path], Fence] = lambda _: UNFENCED) -> None:
    """The work of a Nexus; it tells what stopped it."""
    try:
        asyncio.run(on(folder, timeout=timeout).execute(FAILOVER, KEY, fence(folder)))
    except StaleLease as lost:
        sys.stdout.write(f"lost: {lost}\n")


def short_lease(folder: Path) -> Fence:
    return LeaseFence(number=7, span=0.9)


class Halting:
    """A fence at which a process stands still, as often as it was told to pass before."""

    number = None

    def __init__(self, folder: Path, passes: int) -> None:
        self._folder = folder
        self._passes = passes

    def may_act(self) -> float:
        if self._passes == 0:
            (self._folder / "halted").touch()
            time.sleep(600)
        self._passes -= 1
        return since_boot() + 600


def before_it_is_marked(folder: Path) -> Fence:
    return Halting(folder, passes=0)


def before_it_is_started(folder: Path) -> Fence:
    return Halting(folder, passes=1)


def runs(folder: Path) -> list[str]:
    return (folder / "runs").read_text().split() if (folder / "runs").exists() else []


def awaited(folder: Path, name: str) -> None:
    wait_for(name, lambda: (folder / name).exists() or None, seconds=PATIENCE, pause=0.01)


@pytest.mark.parametrize("status", [True, False])
async def test_killed_while_the_command_runs_it_runs_once(folder: Path, status: bool) -> None:
    with forked(executed, folder) as (nexus, _):
        awaited(folder, "runs")
        nexus.kill()
        nexus.join()
    restarted = on(folder, status=status)
    for asked in (restarted.status(KEY), restarted.execute(FAILOVER, KEY, UNFENCED)):
        with pytest.raises(InProgress, match="is being executed right now, or a program"):
            await asked
    (folder / "gate").unlink()
    found = await settled(restarted, KEY)
    assert found is not None
    assert found.done, found.detail
    assert await restarted.execute(FAILOVER, KEY, UNFENCED) == found
    assert runs(folder) == ["begun", "ended"]


async def test_killed_after_the_command_has_ended_its_outcome_is_known(folder: Path) -> None:
    with forked(executed, folder) as (nexus, _):
        awaited(folder, "runs")
        assert nexus.pid is not None
        os.kill(nexus.pid, signal.SIGSTOP)
        guard = int((folder / "guard").read_text())
        (folder / "gate").unlink()
        wait_for("its end", lambda: "ended" in runs(folder) or None, seconds=PATIENCE, pause=0.01)
        wait_for("the guard's end", lambda: _ended(guard) or None, seconds=PATIENCE, pause=0.01)
        nexus.kill()
        nexus.join()
    found = await settled(on(folder, status=False), KEY)
    assert found is not None
    assert (found.done, found.detail) == (
        True, "the command ended with status 0 while Nexus was away; its words are lost",
    )  # fmt: skip
    assert runs(folder) == ["begun", "ended"]


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("fence", [before_it_is_marked, before_it_is_started])
async def test_killed_between_the_intent_and_the_start_it_is_begun_anew(
    folder: Path, fence: Callable[[Path], Fence]
) -> None:
    with forked(executed, folder, "60s", fence) as (nexus, _):
        awaited(folder, "halted")
        nexus.kill()
        nexus.join()
    (folder / "gate").unlink()
    restarted = on(folder)
    assert await restarted.status(KEY) is None
    assert (await restarted.execute(FAILOVER, KEY, UNFENCED)).done
    assert runs(folder) == ["begun", "ended"]


async def test_killed_right_before_the_start_nobody_can_say_without_a_status(folder: Path) -> None:
    with forked(executed, folder, "60s", before_it_is_started) as (nexus, _):
        awaited(folder, "halted")
        nexus.kill()
        nexus.join()
    restarted = on(folder, status=False)
    for asked in (restarted.status(KEY), restarted.execute(FAILOVER, KEY, UNFENCED)):
        with pytest.raises(ToolFailed, match=r"it is not known whether it was done .* has no `status`"):
            await asked
    assert runs(folder) == []


async def test_before_it_was_marked_it_is_proven_without_a_status(folder: Path) -> None:
    with forked(executed, folder, "60s", before_it_is_marked) as (nexus, _):
        awaited(folder, "halted")
        nexus.kill()
        nexus.join()
    (folder / "gate").unlink()
    restarted = on(folder, status=False)
    assert await restarted.status(KEY) is None
    assert (await restarted.execute(FAILOVER, KEY, UNFENCED)).done
    assert runs(folder) == ["begun", "ended"]


async def test_stopped_longer_than_its_lease_it_begins_nothing(folder: Path) -> None:
    (folder / "slow-plan").touch()
    with forked(executed, folder, "60s", short_lease) as (nexus, lines):
        awaited(folder, "planning")
        assert nexus.pid is not None
        os.kill(nexus.pid, signal.SIGSTOP)
        stopped = since_boot()
        (folder / "gate").unlink()
        wait_for("the lease's end", lambda: since_boot() > stopped + 1 or None, seconds=PATIENCE, pause=0.05)
        os.kill(nexus.pid, signal.SIGCONT)
        assert lines.readline().startswith("lost: lease 7 is lost or in its last third")
    assert runs(folder) == []
    other = on(folder, status=False)
    assert await other.status(KEY) is None
    assert (await other.execute(FAILOVER, KEY, LeaseFence(number=8, span=60))).done
    assert runs(folder) == ["begun", "ended"]


async def test_a_command_that_is_started_too_late_is_not_run(folder: Path) -> None:
    """Stopped between the last look at the lease and the start: the guard looks at the clock itself."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    with holding(descriptor), pytest.raises(StaleLease, match=r"team\.sh was not started"):
        await run(
            [str(folder / "team.sh"), "run"], timeout=timedelta(seconds=60), record=descriptor,
            until=since_boot(),
        )  # fmt: skip
    os.close(descriptor)
    assert (folder / "lock").read_text() == '{"late": "too late"}\n'
    assert runs(folder) == []


async def test_the_time_limit_holds_where_nexus_is_dead(folder: Path) -> None:
    with forked(executed, folder, "4s") as (nexus, _):
        awaited(folder, "runs")
        nexus.kill()
        nexus.join()
    found = await settled(on(folder), KEY)
    assert found is not None
    assert not found.done
    assert "did not end within 6 s and was killed; its status says that it is not done" in found.detail
    assert runs(folder) == ["begun"]
    assert _ended(int((folder / "pid").read_text()))


async def test_a_command_whose_guard_is_killed_holds_the_lock_itself(folder: Path) -> None:
    with forked(executed, folder) as (nexus, _):
        awaited(folder, "runs")
        nexus.kill()
        nexus.join()
    os.kill(int((folder / "guard").read_text()), signal.SIGKILL)
    restarted = on(folder)
    with pytest.raises(InProgress):
        await restarted.execute(FAILOVER, KEY, UNFENCED)
    (folder / "gate").unlink()  # with nobody to read what it prints it ends there
    assert await settled(restarted, KEY) is None
    assert runs(folder) == ["begun"]
