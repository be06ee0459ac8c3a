"""What only its dry run tells of a script: how many run, asked by numbers until one is not refused."""

from pathlib import Path

import pytest

from incidents.catalogue import Catalogue, Service
from tools.clock import WallClock
from tools.live.actions.action_log import ActionLog
from tools.live.actions.command import CommandActions
from tools.live.actions.compose import LiveActions
from tools.live.secrets import Secrets
from tools.live.settings import Command

CATALOGUE = Catalogue(services=(Service(name="crew"), Service(name="other")))


def scripted(tmp_path: Path, running: int) -> LiveActions:
    """A team's script that scales `crew`; it refuses a number that runs already."""
    script = tmp_path / "scale.sh"
    script.write_text(
        f'#!/bin/sh\n[ "$1" = {running} ] && exit 3\necho "observed: instances = {running}"\necho grows\n'
    )
    script.chmod(0o755)
    spec = Command.model_validate(
        {
            "kind": "command", "action": "scale", "services": ["crew"],
            "dry_run": [str(script), "{replicas}"], "run": [str(script), "{replicas}"],
        }
    )  # fmt: skip
    clock = WallClock()
    adapter = CommandActions(spec, Secrets({}), clock)
    return LiveActions([adapter], CATALOGUE, ActionLog(tmp_path / "ledger"), clock)


@pytest.mark.parametrize("running", [1, 2, 7])
async def test_a_script_tells_by_its_dry_run(running: int, tmp_path: Path) -> None:
    found = await scripted(tmp_path, running).inventory("crew")
    assert (found.instances, found.flags) == (running, None)


async def test_of_what_nothing_can_scale_nothing_is_known(tmp_path: Path) -> None:
    assert (await scripted(tmp_path, 2).inventory("other")).instances is None
