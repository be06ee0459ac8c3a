"""`nexus prune` through the door that people use: shows what would go, deletes it, gives the room back."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import open_home
from nexus.runtime.periodic import PeriodicJob
from nexus.service.intake import AlertIntake
from nexus.service.watches import watches
from tests.nexus.command_line import Terminal
from tools.clock import WallClock


@pytest.fixture
def old(nexus: Terminal, ended: Path) -> Terminal:
    """A home with one incident that was closed two months ago, by the wall."""
    nexus.goes_on_from(ended)
    with closing(sqlite3.connect(nexus.home / "nexus.db")) as file, file:
        file.execute("update incidents set closed_at = '2026-01-01T00:00:00.000+00:00'")
    return nexus


def test_an_incident_that_has_ended_has_given_its_room_back(ended: Path) -> None:
    with closing(sqlite3.connect(ended / "nexus.db")) as file:
        assert file.execute("select closed from incidents").fetchall() == [(1,)]
        assert file.execute("select count(*) from checkpoints").fetchone() == (1,)
        free, page = (file.execute(f"pragma {n}").fetchone()[0] for n in ("freelist_count", "page_size"))
        body = file.execute("select length(body) from incidents").fetchone()[0]
        assert free * page <= body + page  # of the last time that its row was written anew


def identity(nexus: Terminal) -> str:
    (one,) = json.loads(nexus("incidents", "--json").out)
    return str(one["id"])


def test_without_a_retention_nothing_goes_and_the_verb_says_what_to_give(old: Terminal) -> None:
    said = old("prune")
    assert (said.code, "NEXUS_RETENTION_DAYS" in said.err) == (2, True)
    assert identity(old)


def test_a_dry_run_shows_and_keeps_everything(old: Terminal) -> None:
    old.set("NEXUS_RETENTION_DAYS", "30")
    (one,) = json.loads(old("prune", "--dry-run", "--json").out)
    assert one["incident"] == identity(old)
    assert one["rows"] > 20
    assert one["files"] > 2
    assert one["bytes"] > 1000
    shown = old("prune", "--dry-run").out
    assert "1 incidents" in shown
    assert "nothing was deleted" in shown
    assert (old.home / "incidents" / identity(old)).is_dir()


def test_pruning_deletes_rows_checkpoints_and_folder_and_gives_the_room_back(old: Terminal) -> None:
    was, name = (old.home / "nexus.db").stat().st_size, identity(old)
    assert "deleted" in old("prune", "--days", "30").out
    assert json.loads(old("incidents", "--json").out) == []
    assert not (old.home / "incidents" / name).exists()
    with closing(sqlite3.connect(old.home / "nexus.db")) as file:
        for table in ("incidents", "timeline", "evidence", "messages", "checkpoints", "writes"):
            assert file.execute(f"select count(*) from {table}").fetchone() == (0,)  # noqa: S608
        assert file.execute("pragma freelist_count").fetchone() == (0,)
    assert (old.home / "nexus.db").stat().st_size < was
    assert old("prune", "--days", "30").out.strip() == "Nothing is older than the retention."


def test_what_is_younger_or_open_stays(nexus: Terminal, ended: Path) -> None:
    nexus.goes_on_from(ended)
    assert json.loads(nexus("prune", "--days", "1", "--json").out) == []
    assert identity(nexus)


@pytest.mark.parametrize(
    ("store", "left"),
    [("", 1), ("store: {retention_days: 30}\n", 0), ("store: {retention_days: 36500}\n", 1)],
    ids=["nobody said how long", "for a month", "for a hundred years"],
)
def test_the_server_deletes_by_itself_what_the_site_says(
    old: Terminal, tmp_path: Path, store: str, left: int
) -> None:
    path = tmp_path / "nexus.yaml"
    path.write_text(f"services: [{{name: web}}]\n{store}")
    with open_home(Settings(home=old.home), create=False) as home:
        intake = AlertIntake(home, load_site(path), path, "playbook", WallClock())
        asyncio.run(_once(job for job in watches(intake).jobs if job.name == "retention"))
    assert len(json.loads(old("incidents", "--json").out)) == left


async def _once(jobs: Iterator[PeriodicJob]) -> None:
    for job in jobs:
        await job.run()
