"""Verbs that only read or decide stay fast: they import neither the graph nor the frames nor a queue."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from nexus.cli.base import answered
from nexus.cli.verbs import VERBS, known
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.homes import RECORDED, unpacked
from tests.nexus import sample
from tests.nexus.sample import at

ROOT = Path(__file__).parents[3]

#: What a verb that drives nothing has no need of; each costs a tenth of a second, or leads to what does.
HEAVY = (
    "alembic", "babel", "sqlalchemy", "procrastinate", "psycopg", "polars", "numpy", "matplotlib",
    "langgraph", "langchain", "langchain_core", "openai", "uvicorn", "graph.build", "nexus.runtime.wiring",
    # The store answers in the thread that asks: no loop, no pool.
    "asyncio", "concurrent.futures", "ssl", "argon2",
)  # fmt: skip

#: What one has no need of either that meets no `nexus.yaml`; each costs some milliseconds.
LIGHTER = ("typer", "yaml", "subprocess", "incidents.catalogue", "nexus.home")

_RUN = """
import gc, sys
from nexus.cli import main
looked = sum(one["collections"] for one in gc.get_stats())
sys.argv = ["nexus", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    print("exit code", ended.code, file=sys.stderr)
print("looked for garbage", sum(one["collections"] for one in gc.get_stats()) - looked, file=sys.stderr)
print("imported", *sorted(sys.modules), file=sys.stderr)
"""

SITE = """
services:
  - name: checkout
    kind: service
backends:
  metrics:
    kind: prometheus
    url: http://127.0.0.1:9
"""


def ran(home: Path, *verb: str) -> tuple[str, set[str]]:
    """What a verb printed on both ways, and the modules that it had imported in the end."""
    asked = [sys.executable, "-c", _RUN, *verb]
    environment = {"NEXUS_HOME": str(home), "HOME": str(home), "PATH": ""}
    done = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    said, _, imported = done.stderr.rpartition("imported ")
    return done.stdout + said, set(imported.split())


@pytest.mark.parametrize(
    ("verb", "shows", "beyond"),
    [
        (("incidents",), RECORDED, ("incidents.action", "incidents.incident", "incidents.events")),
        (("show", RECORDED), "ConnectionPoolExhausted", ("incidents.events",)),
        (("approvals",), "roll back database", ("incidents.incident", "incidents.events")),
        (
            ("approve", RECORDED, "--by", "dana"),
            "A1 (roll back database to 2026.9.2): approved",
            ("incidents.incident", "rich"),
        ),
    ],
)
def test_a_verb_on_a_recorded_incident_imports_nothing_heavy(
    tmp_path: Path, verb: tuple[str, ...], shows: str, beyond: tuple[str, ...]
) -> None:
    said, imported = ran(unpacked("0.1.0", tmp_path), *verb)
    assert shows in said
    assert "exit code" not in said
    assert "looked for garbage 0" in said
    unneeded = {*HEAVY, *LIGHTER, *beyond}
    assert imported.isdisjoint(unneeded), imported.intersection(unneeded)


def test_a_decision_in_a_live_world_reads_its_settings_and_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "nexus.yaml").write_text(SITE)
    world = WorldRef(kind=WorldKind.LIVE, path=str(tmp_path / "nexus.yaml"))
    with Store.open(tmp_path) as store:
        asyncio.run(store.register(sample.waiting(), world, at(12), "shop"))
    said, imported = ran(tmp_path, "approve", sample.ID, "--by", "dana")
    assert "expired" in said
    assert "nexus.config.site" in imported
    assert imported.isdisjoint(HEAVY), imported.intersection(HEAVY)


def test_a_verb_imports_its_own_module_and_the_help_knows_all(tmp_path: Path) -> None:
    _, imported = ran(unpacked("0.1.0", tmp_path), "incidents")
    assert {name for name in imported if name.removeprefix("nexus.cli.") in VERBS} == {"nexus.cli.read"}
    for module, verbs in VERBS.items():
        assert tuple(known(verbs[0])) == verbs, module
    assert list(known("")) == [verb for verbs in VERBS.values() for verb in verbs]


def test_a_home_without_threads_refuses_what_would_wait() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)

    async def ends() -> int:
        return 7

    assert answered(ends()) == 7
    with pytest.raises(RuntimeError, match="it waits for something"):
        answered(waits())
