"""A declared command whose server is killed while it runs: the next server waits for its end and takes it."""

from pathlib import Path

import yaml

from demo.processes import wait_for
from incidents.action import ActionState
from tests.nexus.live import Live, live
from tests.nexus.rig import GOOD
from tests.patience import PATIENCE

SCRIPT = """#!/bin/sh
cd "$(dirname "$0")"
case "$1" in
  plan) echo "observed: primary = a"; echo "shop is rolled back";;
  run) echo begun >> runs; while [ -e gate ]; do sleep 0.02; done; echo ended >> runs;;
  status) [ -e runs ] && grep -q ended runs;;
esac
"""


def declared(one: Live) -> Path:
    """Let a script roll the shop back, one that waits in the middle; its folder."""
    folder = one.made.folder / "team"
    folder.mkdir()
    (folder / "gate").touch()
    script = folder / "team.sh"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    file = one.made.folder / "nexus.yaml"
    site = yaml.safe_load(file.read_text())
    verbs = {"run": "run", "dry_run": "plan", "status": "status"}
    action = {
        "kind": "command", "action": "rollback", "services": ["shop"], "allowed": [GOOD],
        **{key: [str(script), verb] for key, verb in verbs.items()},
    }  # fmt: skip
    site["backends"]["actions"].insert(0, action)
    file.write_text(yaml.safe_dump(site))
    return folder


def test_a_command_runs_once_though_its_server_is_killed() -> None:
    with live() as one:
        folder = declared(one)
        one.again()
        one.alert()
        one.approve()
        runs = folder / "runs"
        wait_for("the command", lambda: runs.exists() or None, seconds=PATIENCE, pause=0.01)
        one.again()
        one.nexus.until("A1 is executing: what was begun to roll back shop to 1.0 may still run")
        assert one.stands().proposals[0].outcome is None
        (folder / "gate").unlink()
        line = one.nexus.until("A1 executed: ")[-1]
        assert "the command ended with status 0 while Nexus was away" in line
        one.seen(lambda incident: incident.proposals[0].state is ActionState.DONE)
        assert runs.read_text().split() == ["begun", "ended"]
