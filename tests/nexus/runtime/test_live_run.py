"""`nexus run` in a live world: a client of its own worker, or of a server's on the same home."""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from incidents.restriction import Restriction, Sensitive
from incidents.timeline import EntryKind
from nexus.store.records import DEFAULT_SITE, WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.live import together
from tests.nexus.rig import GOOD, Rig, rig
from tests.nexus.sample import at
from tests.nexus.served import served, typed

BEFORE, HIDDEN = "INC-2026-11-01-001", "INC-2026-11-01-002"


def played(beside_a_server: bool) -> None:
    with TemporaryDirectory(prefix="nx-") as place, rig(Path(place)) as made:
        home = made.folder / "home"
        if not beside_a_server:
            _run(made, home)
            return
        with served(made.folder, home):
            _run(made, home)


def _seen_before(home: Path) -> None:
    """The same alert came a week ago, and once more than people may see."""
    with Store.open(home) as store:
        for number, name in enumerate((BEFORE, HIDDEN)):
            told = sample.alert().model_copy(update={"title": "HighErrorRate: web fails", "service": "web"})
            old = sample.resolved().evolve(id=name, title=told.title, alerts=(told,), opened_at=at(number))
            asyncio.run(store.register(old, WorldRef(kind=WorldKind.LIVE, path="x"), at(50), DEFAULT_SITE))
        said = Restriction(incident=HIDDEN, why=Sensitive.BREACH, people=(), by="kim", at=at(60))
        asyncio.run(store.restrict(said))


def _run(made: Rig, home: Path) -> None:
    _seen_before(home)
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
        summary, *_ = asyncio.run(store.page())
        approvals = asyncio.run(store.approvals(summary.id))
        entries = asyncio.run(store.entries(summary.id))
    assert summary.status == "resolved"
    assert [(one.action, one.via) for one in approvals] == [("A1", "cli")], "by the commands, as everybody"
    assert made.switches == [GOOD]
    (line,) = (one for one in entries if one.kind is EntryKind.HISTORY)
    assert line.text.startswith(f"Seen before: {BEFORE} on ")
    assert HIDDEN not in line.text
    written = (home / "incidents" / summary.id / "post-mortem.md").read_text()
    assert f"**Seen before.** Looking alike is not having the same cause.\n\n- {BEFORE} on " in written
    assert HIDDEN not in written


def test_a_live_run_to_its_end_alone_and_beside_a_server() -> None:
    together((False, True), played)
