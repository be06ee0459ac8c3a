"""`nexus run` in a live world: a client of its own worker, or of a server's on the same home."""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from nexus.store.sqlite.store import Store
from tests.nexus.live import together
from tests.nexus.rig import GOOD, Rig, rig
from tests.nexus.served import served, typed


def played(beside_a_server: bool) -> None:
    with TemporaryDirectory(prefix="nx-") as place, rig(Path(place)) as made:
        home = made.folder / "home"
        if not beside_a_server:
            _run(made, home)
            return
        with served(made.folder, home):
            _run(made, home)


def _run(made: Rig, home: Path) -> None:
    body = made.folder / "alert.json"
    body.write_text(json.dumps(made.alert()))
    words = ("run", str(body), "--config", str(made.folder / "nexus.yaml"), "--approve", "all")
    runbook = str(made.folder / "runbook.yaml")
    with typed(home, *words, "--engine", "playbook", NEXUS_RUNBOOK=runbook) as (running, printed):
        last = "".join(printed)
        running.join(60)
        assert running.exitcode == 0, last
    assert "resolved:" in last
    with Store.existing(home) as store:
        (summary,) = asyncio.run(store.page())
        approvals = asyncio.run(store.approvals(summary.id))
    assert summary.status == "resolved"
    assert [(one.action, one.via) for one in approvals] == [("A1", "cli")], "by the commands, as everybody"
    assert made.switches == [GOOD]


def test_a_live_run_to_its_end_alone_and_beside_a_server() -> None:
    together((False, True), played)
