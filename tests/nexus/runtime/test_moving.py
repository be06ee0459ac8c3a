"""A home is moved whole or not at all, and what waits in it goes on where it was."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableConfig

from incidents.errors import NothingYet, Refused
from nexus.runtime.checkpoints.postgres import PostgresCheckpoints
from nexus.runtime.checkpoints.sqlite import SqliteCheckpoints
from nexus.runtime.moving import move
from nexus.runtime.stored_replay import StoredReplay
from nexus.store.leases import this_process
from nexus.store.port import IncidentStore
from nexus.store.postgres.store import PostgresStore
from nexus.store.sqlite.store import Store
from nexus.store.workers import WorkerBeat
from tests.conformance.test_replays import deed
from tests.homes import unpacked
from tests.nexus.command_line import Terminal
from tests.postgres import PostgresServer
from tools.recorded.replay_log import ReplayLog

NOW = datetime.now(UTC)
ID = "INC-2026-11-23-001"


@pytest.fixture
def home(waiting: Path, tmp_path: Path) -> Path:
    return shutil.copytree(waiting, tmp_path / "home")


def place(incident: str) -> RunnableConfig:
    return {"configurable": {"thread_id": incident, "checkpoint_ns": ""}}


async def all_of(store: IncidentStore, incident: str) -> tuple[object, ...]:
    evidence = await store.evidence(incident)
    bodies = [await store.body(incident, one.id) for one in evidence]
    kept = await store.load(incident), await store.entries(incident), evidence, bodies
    return (
        *kept,
        await store.messages(incident),
        await store.deliveries(incident),
        await store.lease_of(incident),
    )


async def test_everything_of_an_incident_that_waits_is_there_afterwards(
    home: Path, postgres: PostgresServer
) -> None:
    address = postgres.empty()
    with Store.open(home) as store:
        (listed,) = await store.page()
        before = await all_of(store, listed.id)
        async with SqliteCheckpoints.open(store.lender) as ours:
            head = await ours.saver().aget_tuple(place(listed.id))
    done = ReplayLog(home / "incidents" / listed.id / "world.jsonl").once("k1", lambda: deed("k1"))
    moved = {one.table: one.rows for one in await move(home, address, NOW)}
    assert moved["incidents"] == 1
    assert StoredReplay(address, listed.id).deeds() == (done,)
    assert moved["evidence"] > 3
    with PostgresStore.open(address, create=False) as store:
        (listed,) = await store.page()
        assert await all_of(store, listed.id) == before
        assert "status-page.md" in [one.name for one in await store.files(listed.id)]
        assert await store.next_id(NOW.date()) != listed.id
    async with PostgresCheckpoints.open(address, create=False) as theirs:
        there = await theirs.saver().aget_tuple(place(listed.id))
    assert head is not None
    assert there is not None
    assert there.checkpoint["channel_values"] == head.checkpoint["channel_values"]
    assert sorted(map(repr, there.pending_writes or ())) == sorted(map(repr, head.pending_writes or ()))
    assert not (home / "nexus.db").exists()


def test_an_incident_of_a_recorded_world_goes_on_on_another_machine(
    home: Path, nexus: Terminal, postgres: PostgresServer
) -> None:
    address = postgres.empty()
    asyncio.run(move(home, address, NOW))
    nexus.set("NEXUS_DATABASE_URL", address.url.get_secret_value())
    ((incident,),) = [[one["id"] for one in json.loads(nexus("incidents", "--json").out)]]
    ended = nexus("resume", "--approve", "all", "--json")
    assert ended.code == 0, ended.err
    assert [one["status"] for one in json.loads(ended.out)] == ["resolved"]
    assert [one.action.kind for one in StoredReplay(address, incident).deeds()] == ["rollback"]
    assert not (nexus.home / "incidents" / incident / "world.jsonl").exists()


async def test_an_older_home_is_upgraded_on_its_way(tmp_path: Path, postgres: PostgresServer) -> None:
    old = unpacked("0.1.0", tmp_path)
    moved = {one.table: one.rows for one in await move(old, postgres.empty(), NOW)}
    assert moved["incidents"] == 2


async def test_while_somebody_works_in_the_home_it_is_refused(home: Path, postgres: PostgresServer) -> None:
    with Store.open(home) as store:
        beat = WorkerBeat(
            owner="a", name="host:1", site="shop", process=this_process(), at_once=4, version="0.2.0"
        )
        await store.beat(beat, NOW)
    with pytest.raises(Refused, match="host:1 works in this home"):
        await move(home, postgres.empty(), NOW)
    assert (home / "nexus.db").exists()


async def test_a_database_that_holds_incidents_takes_no_home(
    home: Path, waiting: Path, tmp_path: Path, postgres: PostgresServer
) -> None:
    address = postgres.empty()
    await move(shutil.copytree(waiting, tmp_path / "other"), address, NOW)
    with pytest.raises(Refused, match="holds incidents already"):
        await move(home, address, NOW)
    assert (home / "nexus.db").exists()


async def test_where_nothing_is_nothing_is_moved(tmp_path: Path, postgres: PostgresServer) -> None:
    with pytest.raises(NothingYet):
        await move(tmp_path, postgres.empty(), NOW)
