"""A team's own script: values from the inventory, no shell, bounded in time, silent about secrets."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from demo.processes import wait_for
from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused, ToolFailed
from tests.patience import PATIENCE
from tests.tools.live.effects import carried_out, settled
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.command import CommandActions
from tools.live.actions.compose import LiveActions
from tools.live.secrets import Secrets
from tools.live.settings import Command

CATALOGUE = Catalogue(services=(Service(name="db"), Service(name="web")))
KEY = "INC-1:A1:abcdef012345"
SECRET = "hunter2-and-more"
FAILOVER = Action(kind=ActionKind.FAILOVER, service="db")

#: The script of the team: it keeps which replica is the primary, and who asked last.
SCRIPT = """#!/bin/sh
cd "$(dirname "$0")"
case "$1" in
  plan) echo "observed: primary = $(cat primary)"; echo "the replica of $2 takes over";;
  run) echo "$3" > done; echo b > primary; echo "token=$TOKEN done for $2";;
  undo) echo a > primary; echo back;;
  status) [ "$(cat done 2>/dev/null)" = "$3" ] || exit 1;;
  fail) echo "no replica" >&2; exit 4;;
  hang) sleep 600 & echo $! > child; wait;;
  show) shift; printf '%s|' "$@" > shown;;
  flood) yes | head -c 2000000;;
esac
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    place = tmp_path / "team.sh"
    place.write_text(SCRIPT)
    place.chmod(0o755)
    (tmp_path / "primary").write_text("a\n")
    return str(place)


def on(script: str, tmp_path: Path, **more: Any) -> LiveActions:
    said: dict[str, Any] = {
        "kind": "command",
        "action": "failover",
        "services": ("db",),
        "run": (script, "run", "{service}", "{key}"),
        "dry_run": (script, "plan", "{service}"),
        "undo": (script, "undo"),
        "status": (script, "status", "{service}", "{key}"),
        "environment": {"TOKEN": "env:TEAM_TOKEN"},
    }
    spec = Command.model_validate(said | more)
    adapter = CommandActions(spec, Secrets({"TEAM_TOKEN": SECRET}), WallClock())
    return LiveActions([adapter], CATALOGUE, ActionLog(tmp_path / "ledger"), WallClock())


async def test_the_dry_run_is_the_plan_and_the_undo_an_action_of_its_own(script: str, tmp_path: Path) -> None:
    actions = on(script, tmp_path)
    plan = await actions.plan(FAILOVER)
    assert [(fact.name, fact.value) for fact in plan.observed] == [("primary", "a")]
    assert plan.effects == ("the replica of db takes over",)
    assert plan.undo is not None
    assert plan.undo.title == "take back: fail db over to its replica"
    outcome = await actions.execute(FAILOVER, KEY, UNFENCED)
    assert outcome.done
    assert (tmp_path / "primary").read_text() == "b\n"
    assert (await actions.plan(plan.undo)).undo is None
    assert (await actions.execute(plan.undo, "INC-1:A2:x", UNFENCED)).done
    assert (tmp_path / "primary").read_text() == "a\n"


async def test_a_secret_that_is_printed_goes_nowhere(script: str, tmp_path: Path) -> None:
    actions = on(script, tmp_path, dry_run=(script, "run", "x", "y"))
    plan = await actions.plan(FAILOVER)
    outcome = await actions.execute(FAILOVER, KEY, UNFENCED)
    kept = (tmp_path / "ledger").read_text()
    assert SECRET not in f"{plan}{outcome}{kept}"
    assert "credential" in outcome.detail
    assert "done for db" in outcome.detail


async def test_a_command_that_hangs_is_killed_with_its_children(script: str, tmp_path: Path) -> None:
    limit = timedelta(seconds=3)
    actions = on(script, tmp_path, run=(script, "hang"), timeout=limit)
    with pytest.raises(ToolFailed, match=r"team\.sh did not end within 3 s and was killed"):
        await actions.execute(FAILOVER, KEY, UNFENCED)
    child = int((tmp_path / "child").read_text())
    wait_for("the end of the child", lambda: True if _gone(child) else None, seconds=PATIENCE, pause=0.01)
    assert await settled(actions, KEY) is None


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


async def test_a_failing_command_says_so(script: str, tmp_path: Path) -> None:
    outcome = await on(script, tmp_path, run=(script, "fail")).execute(FAILOVER, KEY, UNFENCED)
    assert not outcome.done
    assert "failed with status 4: no replica" in outcome.detail
    assert "to take it back: take back: fail db over to its replica" in outcome.detail
    with pytest.raises(ActionRefused, match=r"the dry run .* failed \(4\): no replica"):
        await on(script, tmp_path, dry_run=(script, "fail")).plan(FAILOVER)


async def test_after_a_kill_the_status_command_decides(script: str, tmp_path: Path) -> None:
    actions = on(script, tmp_path)
    deed = ActionRecord(key=KEY, plan=await actions.plan(FAILOVER), begun=WallClock().now())
    ActionLog(tmp_path / "ledger").write(deed)
    assert await actions.status(KEY) is None
    await carried_out(actions, deed, tmp_path / "ledger")
    found = await actions.status(KEY)
    assert found is not None
    assert found.done


async def test_without_a_status_command_nobody_can_say_and_nothing_is_done_again(
    script: str, tmp_path: Path
) -> None:
    actions = on(script, tmp_path, status=())
    deed = ActionRecord(key=KEY, plan=await actions.plan(FAILOVER), begun=WallClock().now())
    ActionLog(tmp_path / "ledger").write(deed)
    for asked in (actions.status(KEY), actions.execute(FAILOVER, KEY, UNFENCED)):
        with pytest.raises(ToolFailed, match="the command has no `status`"):
            await asked
    assert not (tmp_path / "done").exists()


def rollback(version: str) -> Action:
    return Action(kind=ActionKind.ROLLBACK, service="db", arguments=Arguments(version=version))


async def test_values_come_from_the_inventory_and_never_reach_a_shell(script: str, tmp_path: Path) -> None:
    run = (script, "show", "--to={version}", "$HOME")
    actions = on(script, tmp_path, action="rollback", allowed=("1.0", "1.0@a~b"), run=run)
    for version in ("2.0", "1.0; rm -rf /", "1.0\\n", "$(id)"):
        with pytest.raises(ActionRefused, match=r"not allowed to .*; allowed: 1\.0|is no name of one"):
            await actions.execute(rollback(version), KEY, UNFENCED)
    assert (await actions.execute(rollback("1.0@a~b"), KEY, UNFENCED)).done
    assert (tmp_path / "shown").read_text() == "--to=1.0@a~b|$HOME|"


async def test_a_flood_of_output_is_cut(script: str, tmp_path: Path) -> None:
    plan = await on(script, tmp_path, dry_run=(script, "flood")).plan(FAILOVER)
    assert len(plan.model_dump_json()) < 5_000
    assert plan.effects[-1].endswith("more lines)")


async def test_a_check_runs_the_dry_run(script: str, tmp_path: Path) -> None:
    assert "ended with 0: observed: primary = a" in await on(script, tmp_path).adapters[0].check()
    missing = on(script, tmp_path, dry_run=("/nowhere/team.sh",))
    with pytest.raises(ToolFailed, match=r"team\.sh cannot be started: No such file"):
        await missing.adapters[0].check()


def test_a_rollback_without_allowed_versions_is_a_mistake(script: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="needs `allowed`"):
        on(script, tmp_path, action="rollback")


async def test_without_an_undo_command_nothing_is_taken_back(script: str, tmp_path: Path) -> None:
    actions = on(script, tmp_path, undo=())
    assert (await actions.plan(FAILOVER)).undo is None
    back = FAILOVER.model_copy(update={"arguments": Arguments(undo=True)})
    with pytest.raises(ActionRefused, match="nothing is configured that can take back"):
        await actions.execute(back, KEY, UNFENCED)


def gives(script: str, *argv: str) -> dict[str, Any]:
    return {"environment": {}, "credential": {"command": [script, *argv], "variable": "TOKEN"}}


async def test_a_change_gets_a_secret_of_its_own_which_is_kept_nowhere(script: str, tmp_path: Path) -> None:
    actions = on(script, tmp_path, **gives("/bin/echo", "only-for-{key}-of-{service}"))
    plan = await actions.plan(FAILOVER)
    assert plan.effects[-1] == "it gets a TOKEN of its own from /bin/echo when it begins"
    assert (await actions.adapters[0].check()).endswith("; each change gets its own TOKEN")
    outcome = await actions.execute(FAILOVER, KEY, UNFENCED)
    assert (outcome.done, outcome.detail) == (True, "token=<credential> done for db")
    kept = "".join(one.read_text() for one in tmp_path.rglob("*") if one.is_file())  # noqa: ASYNC240
    assert "only-for" not in kept


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("/bin/sh", "-c", "echo the-secret; echo no vault >&2; exit 3"), "credential to fail db over"),
        (("/bin/sh", "-c", "echo the-secret; echo more"), "printed 2 lines where a credential is one"),
        (("/bin/true",), "printed 0 lines where a credential is one"),
    ],
)
async def test_without_a_secret_of_its_own_nothing_is_begun(
    script: str, tmp_path: Path, argv: tuple[str, ...], why: str
) -> None:
    actions = on(script, tmp_path, **gives(*argv))
    with pytest.raises(ToolFailed, match=why) as error:
        await actions.execute(FAILOVER, KEY, UNFENCED)
    assert "the-secret" not in str(error.value)
    assert await actions.status(KEY) is None
    assert (tmp_path / "primary").read_text() == "a\n"


async def test_the_doctor_says_what_a_script_holds_at_any_time(script: str, tmp_path: Path) -> None:
    said = await on(script, tmp_path).adapters[0].check()
    assert said.endswith("; it holds TOKEN at any time, `credential` would give it for one change")
