"""What only the file can promise: whole rows after a kill, several processes, versions, checkpoints."""

import asyncio
import json
import random
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TypedDict

import pytest
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from incidents.errors import NexusError, UsageError
from incidents.timeline import EntryKind
from nexus.store.leases import in_other_hands, is_alive, this_process
from nexus.store.sqlite import migrate
from nexus.store.sqlite.sql import FENCE, QUERIES
from nexus.store.sqlite.store import Store
from tests.conformance.store_writer import SITE, run
from tests.conformance.test_store import WORLD
from tests.forks import forked
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as kept:
        yield kept


def test_who_only_looks_is_told_that_there_is_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no incidents yet"):
        Store.existing(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_only_holds_checkpoints_holds_no_incidents(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "nexus.db") as other:
        other.execute("create table checkpoints (x)")
    other.close()
    with pytest.raises(UsageError, match="no incidents yet"):
        Store.existing(tmp_path)
    Store.open(tmp_path).close()
    Store.existing(tmp_path).close()


def test_a_newer_file_is_refused_and_untouched(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    newer = sqlite3.connect(tmp_path / "nexus.db")
    newer.execute("pragma user_version = 70")
    newer.close()
    for door in (Store.open, Store.existing):
        with pytest.raises(UsageError, match=r"newer Nexus \(schema 70, this one knows \d+\)"):
            door(tmp_path)


def test_a_file_that_is_no_store_says_so(tmp_path: Path) -> None:
    (tmp_path / "nexus.db").write_text("not a database" * 100)
    with pytest.raises(NexusError, match="cannot be used: file is not a database"):
        Store.open(tmp_path)


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the way")
    with pytest.raises(NexusError, match="cannot be used"):
        Store.open(tmp_path / "home")


async def test_it_is_still_there_after_closing(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        await store.register(sample.resolved(), WORLD, at(47))
    with Store.existing(tmp_path) as store:
        assert await store.load(ID) == sample.resolved()


async def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    with forked(run, tmp_path, "left", 150) as left, forked(run, tmp_path, "right", 150) as right:
        said = [printed.read().split() for _, printed in (left, right)]
        for process, _ in (left, right):
            process.join()
            assert process.exitcode == 0
    with Store.existing(tmp_path) as store:
        listed = {line.id for line in await store.page()}
        assert len(listed) == 2
        for acknowledged in said:
            assert len(acknowledged) == 151
            entries = await store.entries(acknowledged[0])
            assert [entry.id for entry in entries] == acknowledged[1:]
        assert await store.next_id(date(2026, 11, 23)) == "INC-2026-11-23-003"


async def test_a_killed_writer_leaves_whole_rows_and_all_that_it_was_promised(tmp_path: Path) -> None:
    dice = random.Random(20261123)  # noqa: S311 - no secret
    for attempt in range(12):
        with forked(run, tmp_path, f"victim-{attempt}", 100_000) as (process, printed):
            acknowledged = [printed.readline().strip() for _ in range(dice.randint(1, 60))]
            process.kill()
            acknowledged += printed.read().split("\n")[:-1]
            process.join()
        identity, *written = acknowledged
        with Store.open(tmp_path) as store:
            entries = await store.entries(identity)
            ids = [entry.id for entry in entries]
            assert ids[: len(written)] == written
            assert len(ids) <= len(written) + 1
            assert all(len(entry.text) == 2000 and entry.kind is EntryKind.NOTE for entry in entries)
            decided = len(await store.approvals(identity))
            assert decided == len(await store.events(identity))
            assert len(ids) <= decided + 1
    checked = sqlite3.connect(tmp_path / "nexus.db")
    assert checked.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert checked.execute("pragma foreign_key_check").fetchall() == []
    checked.close()


async def test_a_living_process_keeps_its_incident_and_a_dead_one_frees_it_at_once(tmp_path: Path) -> None:
    holder = forked(run, tmp_path, "holder", 100_000)
    with holder as (process, printed), Store.open(tmp_path) as store:
        identity = printed.readline().strip()
        printed.readline()
        assert await store.lease(identity, "me", at(20), at(1)) is None
        assert await store.due(at(1), 10, SITE) == ()
        held = await store.lease_of(identity)
        assert held is not None
        assert f"worked on by process {process.pid} on" in str(in_other_hands(held))
        process.kill()
        process.join()
        assert [one.incident for one in await store.due(at(1), 10, SITE)] == [identity]
        number = await store.lease(identity, "me", at(20), at(1))
        assert number == held.number + 1


@pytest.mark.parametrize(
    "changed", [{"host": "another-machine"}, {"machine": "another boot, another namespace"}]
)
async def test_a_lease_of_another_machine_or_container_runs_out_and_is_never_called_dead(
    store: Store, changed: dict[str, str]
) -> None:
    await store.register(sample.opened(), WORLD, at(0), SITE)
    assert await store.lease(ID, "elsewhere", at(0.5), at(0)) == 1
    raw = sqlite3.connect(store.path)
    process = json.loads(raw.execute("select lease_process from incidents").fetchone()[0])
    gone = process | {"pid": 2**22 + 1} | changed
    with raw:
        raw.execute("update incidents set lease_process = ?", (json.dumps(gone),))
    raw.close()
    assert await store.lease(ID, "me", at(9), at(0.4)) is None
    assert await store.due(at(0.4), 10, SITE) == ()
    assert [one.incident for one in await store.due(at(0.5), 10, SITE)] == [ID]
    assert await store.lease(ID, "me", at(9), at(0.5)) == 2


def test_a_pid_that_was_given_again_is_another_process() -> None:
    mine = this_process()
    assert is_alive(mine) is True
    assert is_alive(mine.model_copy(update={"started": mine.started + "1"})) is False
    assert is_alive(mine.model_copy(update={"machine": ""})) is True  # as 0.1.0 kept it


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("due", "incidents_due (site=? AND wake_at<?)"),
        ("live_leases", "incidents_leased (lease_until>?)"),
        ("unhandled", "inbox_of_incident (incident=? AND handled=?)"),
        ("lease", "sqlite_autoindex_incidents_1 (id=?)"),
        ("page", "incidents_newest ((opened_at,id)<(?,?))"),
        ("page_of_open", "incidents_open ((opened_at,id)<(?,?))"),
        ("open_counts", "incidents_open"),
        ("due_since", "incidents_due (site=? AND wake_at<?)"),
        ("oldest_due", "incidents_due"),
        ("keyed_candidates", "(key=?"),
        ("broken_off", "incidents_broken_off"),
        ("entries_after", "INTEGER PRIMARY KEY (rowid>?)"),
        ("entries_of_incident_after", "timeline_of_incident (incident=? AND rowid>?)"),
        ("last_sequence", "SEARCH timeline"),
        ("entries_before", "timeline_of_incident (incident=? AND rowid<?)"),
        ("entries_of_kinds_before", "timeline_of_incident (incident=? AND rowid<?)"),
        ("tasks", "INTEGER PRIMARY KEY (rowid>?)"),
        ("place_of_task", "backlog_by_id (id=?)"),
        ("cited", "sqlite_autoindex_evidence_1 (incident=? AND id=?)"),
    ],
)
def test_a_look_at_what_waits_goes_by_an_index(store: Store, query: str, index: str) -> None:
    with closing(migrate.connect(store.path)) as raw:
        names = set(re.findall(r":(\w+)", QUERIES[query]))
        plan = raw.execute(f"explain query plan {QUERIES[query]}", dict.fromkeys(names, "1")).fetchall()
    assert any(index in row[-1] for row in plan), plan
    looks = [row[-1] for row in plan if "json_each" not in row[-1]]
    assert not any(look.startswith("SCAN") and "INDEX" not in look for look in looks), plan
    if query.startswith(("page", "entries", "tasks")):  # in their order without sorting: a page costs a page
        assert not any("TEMP B-TREE" in look for look in looks), plan


async def test_a_writer_on_the_loop_beside_it_can_finish_its_transaction(store: Store) -> None:
    """The store waits in its own thread, so whoever holds the lock can still commit on the loop."""
    await store.register(sample.opened(), WORLD, at(0))
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("begin immediate")
    writing = asyncio.create_task(store.write(sample.ENTRIES[0]))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not writing.done()
    other.execute("commit")
    other.close()
    await asyncio.wait_for(writing, timeout=PATIENCE)
    assert await store.entries(ID) == sample.ENTRIES[:1]


class State(TypedDict):
    count: int


def graph(saver: AsyncSqliteSaver, store: Store | None = None):  # type: ignore[no-untyped-def]  # theirs is generic
    async def count(state: State) -> State:
        if store is not None:
            for entry in sample.ENTRIES:
                await store.write(entry)
        return {"count": state["count"] + 1}

    built = StateGraph(State)
    built.add_node("one", count)
    built.add_node("two", count)
    built.add_edge(START, "one")
    built.add_edge("one", "two")
    built.add_edge("two", END)
    return built.compile(checkpointer=saver)


async def test_checkpoints_live_in_the_same_file_behind_the_fence(store: Store) -> None:
    await store.register(sample.opened(), WORLD, at(0))
    async with AsyncSqliteSaver.from_conn_string(str(store.path)) as saver:
        await saver.setup()
        await saver.conn.executescript(FENCE)
        await saver.conn.executescript(FENCE)
        config = {"configurable": {"thread_id": ID}}
        done = await graph(saver, store).ainvoke({"count": 0}, config, durability="sync")
        assert done == {"count": 2}
        forked = await saver.conn.execute(
            "select * from checkpoints where parent_checkpoint_id is not null limit 1"
        )
        names = [column[0] for column in forked.description]
        row = dict(zip(names, tuple(await forked.fetchone() or ()), strict=True))
        row["checkpoint_id"] = "another-child-of-the-same-parent"
        marks = ", ".join(f":{name}" for name in names)
        with pytest.raises(sqlite3.IntegrityError, match="already gone on"):
            await saver.conn.execute(f"insert or replace into checkpoints values ({marks})", row)  # noqa: S608
        await saver.conn.rollback()
    assert len(await store.entries(ID)) == len(sample.ENTRIES)
    Store.existing(store.path.parent).close()


def test_looking_needs_neither_the_graph_nor_the_frames() -> None:
    """`nexus show` and its like start fast because these are not imported."""
    heavy = ("langgraph", "langchain_core", "polars", "matplotlib")
    asked = f"import sys, nexus.store, nexus.cli.terminal; print(sorted(set({heavy}) & set(sys.modules)))"
    command = [sys.executable, "-c", asked]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert said.stdout.strip() == "[]"
