"""A home of an earlier release opens, is upgraded once, and loses nothing on the way."""

import asyncio
import json
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.errors import NexusError, Refused
from nexus.store.deliveries import AlertDelivery, Disposition, Filing, IntakeView
from nexus.store.leases import this_process
from nexus.store.records import DEFAULT_SITE
from nexus.store.sqlite import migrate
from nexus.store.sqlite.database import Database
from nexus.store.sqlite.store import Store
from tests.conformance.test_store import WORLD
from tests.forks import forked
from tests.homes import LIVE, RECORDED, unpacked
from tests.nexus import sample
from tests.nexus.sample import at

#: Tables of which an upgrade may neither add nor lose a row.
TABLES = (
    "incidents", "timeline", "inbox", "evidence", "approvals", "intents", "backlog", "messages", "numbers",
    "checkpoints", "writes",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return unpacked("0.1.0", tmp_path)


def counted(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as raw:
        return {name: raw.execute(f"select count(*) from {name}").fetchone()[0] for name in TABLES}  # noqa: S608


def version(file: Path) -> int:
    with closing(sqlite3.connect(file)) as raw:
        return int(raw.execute("pragma user_version").fetchone()[0])


async def test_a_home_of_the_first_release_is_upgraded_with_a_copy_beside_it(home: Path) -> None:
    file, before = home / "nexus.db", counted(home / "nexus.db")
    with Store.existing(home) as store:
        recorded, live = await store.load(RECORDED), await store.load(LIVE)
        assert recorded is not None
        assert live is not None
        assert [p.id for p in recorded.pending] == ["A1"]
        assert len(await store.entries(RECORDED)) == 14
        (evidence, *_) = await store.evidence(RECORDED)
        assert await store.body(RECORDED, evidence.id)
    assert version(file) == migrate.VERSION
    assert counted(file) == before
    copy = home / "nexus.db.schema-1"
    assert version(copy) == 1
    assert counted(copy) == before
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("pragma journal_mode").fetchone() == ("wal",)
        assert raw.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert raw.execute("pragma foreign_key_check").fetchall() == []
    copy.unlink()
    Store.existing(home).close()
    assert not copy.exists(), "a file of this version is not upgraded again"


async def test_its_live_incident_is_due_at_once_and_its_recorded_one_never(home: Path) -> None:
    with Store.existing(home) as store:
        now = await store.clock_of(LIVE)
        assert [one.incident for one in await store.due(now, 10, DEFAULT_SITE)] == [LIVE]
        assert await store.lease(LIVE, "me", now, now) == 1


async def test_a_further_alert_finds_the_incident_that_was_open_before(home: Path) -> None:
    with Store.existing(home) as store:
        live = await store.load(LIVE)
        assert live is not None
        alert = live.alerts[-1]

        def decide(view: IntakeView) -> Filing:
            (word,) = view.last_words([alert.fingerprint]).values()
            assert (word.incident, word.open, word.firing) == (LIVE, True, alert.firing)
            assert abs(word.starts_at - alert.starts_at) < timedelta(milliseconds=1)
            keys = {f"service:{name}" for name in live.services}
            assert [one.id for one in view.candidates(keys, at(-9))] == [LIVE]
            return Filing(disposition=Disposition.IGNORED)

        await store.take_in(AlertDelivery(received_at=live.opened_at, body=b"{}"), DEFAULT_SITE, decide)


def test_nothing_is_upgraded_while_a_process_of_the_older_release_works_on_it(home: Path) -> None:
    file = home / "nexus.db"
    process = this_process().model_dump(exclude={"machine"})  # which 0.1.0 did not keep
    body = json.dumps({"incident": LIVE, "owner": "x", "process": process, "at": "2026-11-29T09:14:56Z"})
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("update claims set body = ?", (body,))
    with pytest.raises(
        Refused, match=f"process {this_process().pid} still works on {LIVE}: stop that process"
    ):
        Store.existing(home)
    assert version(file) == 1


def test_nothing_is_upgraded_while_another_process_has_the_file_open(
    home: Path,
) -> None:
    file = home / "nexus.db"
    with closing(sqlite3.connect(file)) as idle:
        assert idle.execute("select count(*) from incidents").fetchone() == (2,)
        with pytest.raises(Refused, match="stop every `nexus` on this home"):
            migrate.upgrade(file, lambda path: migrate.connect(path, patience=0.05))
    assert version(file) == 1
    assert not (home / "nexus.db.schema-1").exists()
    Store.existing(home).close()
    assert version(file) == migrate.VERSION


def test_a_claim_of_0_1_0_is_refused_by_an_upgraded_store(home: Path) -> None:
    Store.existing(home).close()
    with closing(sqlite3.connect(home / "nexus.db")) as raw:
        assert raw.execute("select count(*) from claims").fetchone() == (0,)
        with pytest.raises(sqlite3.IntegrityError, match="a newer Nexus has upgraded this store"):
            raw.execute(  # as 0.1.0 wrote it
                "insert into claims (incident, owner, body) values (?, 'me', '{}') "
                "on conflict (incident) do update set owner = excluded.owner, body = excluded.body",
                (LIVE,),
            )


def opens(home: Path) -> None:
    """What each of two servers does that start at once."""
    with Store.existing(home) as store:
        sys.stdout.write(f"{len(asyncio.run(store.page()))}\n")


def test_several_that_start_at_once_upgrade_it_once(home: Path) -> None:
    with forked(opens, home) as (one, first), forked(opens, home) as (other, second):
        assert [first.read().strip(), second.read().strip()] == ["2", "2"]
        one.join()
        other.join()
    assert version(home / "nexus.db") == migrate.VERSION
    assert version(home / "nexus.db.schema-1") == 1


def test_a_full_disk_leaves_the_old_file_as_it_was(home: Path) -> None:
    file = home / "nexus.db"
    before = counted(file)
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("vacuum")  # no page is free

    def small(path: Path) -> sqlite3.Connection:
        connection = migrate.connect(path)
        connection.execute(f"pragma max_page_count = {connection.execute('pragma page_count').fetchone()[0]}")
        return connection

    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        migrate.upgrade(file, small)
    assert version(file) == 1
    assert counted(file) == before
    Store.existing(home).close()
    assert version(file) == migrate.VERSION


async def limited(store: Store, pages: int) -> None:
    """Let the file have so many pages, at least those that it has."""
    database = store._database
    assert isinstance(database, Database)
    await database._in_thread(lambda: database._connection.execute(f"pragma max_page_count = {pages}"))


async def test_a_disk_that_fills_up_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        await store.register(sample.opened(), WORLD, at(0))
        await store.put(sample.evidence(0), b"kept")
        await limited(store, 1)
        with pytest.raises(NexusError, match="make room on its disk and try again"):
            await store.put(sample.evidence(1), bytes(range(256)) * 10_000)
        assert await store.evidence(sample.ID) == (sample.evidence(0),)
        await limited(store, 100_000)
        await store.put(sample.evidence(1), b"room again")
        assert await store.body(sample.ID, sample.EVIDENCE[1]) == b"room again"


async def test_a_value_of_a_later_release_is_read_without_what_this_one_does_not_know(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        await store.register(sample.waiting(), WORLD, at(0))
        await store.add_event(sample.decision("d1"))
    with closing(sqlite3.connect(tmp_path / "nexus.db")) as raw, raw:
        for table in ("incidents", "inbox"):
            raw.execute(
                f"update {table} set body = json_set(body, '$.mood', 'calm', '$.alerts[0].mood', 'calm')"  # noqa: S608
            )
    with Store.existing(tmp_path) as store:
        assert await store.load(sample.ID) == sample.waiting()
        assert await store.events(sample.ID) == (sample.decision("d1"),)


def test_a_copy_of_an_older_home_without_its_lock_file_upgrades_too(home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(home / "nexus.db", elsewhere)
    Store.existing(elsewhere).close()
    assert version(elsewhere / "nexus.db") == migrate.VERSION
