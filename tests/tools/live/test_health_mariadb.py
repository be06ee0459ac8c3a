"""MariaDB asked from inside: a real server on this machine, in the states that incidents have."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pymysql
import pytest

from incidents.catalogue import Catalogue, Service
from incidents.health import Probe
from tests.patience import PATIENCE
from tests.tools.live.real import MARIADB_ROOT, running_mariadb
from tools.clock import VirtualClock
from tools.live.health import LiveHealth
from tools.live.health.mariadb_judged import Reading, Server, Session, Transaction, judged
from tools.live.health.statements import masked
from tools.live.secrets import Secrets
from tools.live.settings_health import MariaDb
from tools.telemetry.data_gaps import collect_gaps

CLOCK = VirtualClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
PASSWORD = "hunter2-hunter2"
#: Limits that a test can wait for.
EAGER = {"slow": "1s", "long": "1s", "lag": "1s"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mariadb")


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """Its own zone is Tokyo's and its sessions' is UTC, as where machines and databases differ."""
    settings = ("--default-time-zone=+00:00", "--log-bin=log", "--server-id=1", "--performance-schema=on")
    with running_mariadb(folder, *settings, zone="Asia/Tokyo") as found:
        run(
            found,
            "create database shop", "create table shop.orders (id int primary key, mail varchar(99))",
            "insert into shop.orders values (1, 'ana@example.org'), (2, 'bo@example.org')",
            *(f"create user {name} identified by '{PASSWORD}'" for name in ("nexus", "plain", "copy")),
            "grant process, slave monitor on *.* to nexus",
            "grant select on performance_schema.* to nexus",
            "grant replication slave on *.* to copy",
        )  # fmt: skip
        yield found


def connected(port: int) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    return pymysql.connect(host="127.0.0.1", port=port, user="root", password=MARIADB_ROOT)


def number_of(cursor: "pymysql.cursors.Cursor") -> int:
    """The number of a session."""
    cursor.execute("select connection_id()")
    (number,) = cursor.fetchone() or (0,)
    return int(number)


def run(port: int, *statements: str) -> None:
    with closing(connected(port)) as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def waiting(port: int, statement: str) -> Iterator[None]:
    """A session with a statement that has to end by the end of the block."""
    thread = threading.Thread(target=run, args=(port, statement))
    thread.start()
    try:
        yield
    finally:
        thread.join()


async def told(port: int, user: str = "nexus", **more: object) -> tuple[tuple[Probe, ...], str]:
    """What the server says to an account, and the gaps."""
    spec = MariaDb.model_validate(
        {"kind": "mariadb", "service": "db", "url": f"mariadb://127.0.0.1:{port}", "user": user,
         "password": "env:P", **more}
    )  # fmt: skip
    health = LiveHealth([spec], Catalogue(services=(Service(name="db"),)), Secrets({"P": PASSWORD}), CLOCK)
    with collect_gaps() as gaps:
        found = await health.probe()
    await health.aclose()
    return found, "; ".join(gaps)


async def until(port: int, *words: str, **more: object) -> Probe:
    """What it says once all of the words stand in it."""
    said = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                ((found,), _) = await told(port, **more)  # type: ignore[arg-type]
                said = found.said
                if all(word in said for word in words):
                    return found
    except TimeoutError:
        raise AssertionError(f"{words} never stood in: {said}") from None


def figures(probe: Probe) -> dict[str, float]:
    return {one.name: one.value for one in probe.figures}


async def test_the_least_rights_are_enough_for_a_server_that_is_well(port: int) -> None:
    (found,), gaps = await told(port)
    assert (found.healthy, gaps) == (True, "")
    assert found.said.startswith("primary with 0 replicas; nothing waits; most time since its statistics")
    assert figures(found)["connections allowed"] == 151
    assert "example.org" not in found.said


async def test_who_holds_the_row_that_others_wait_for_is_named_with_the_right_time(port: int) -> None:
    """InnoDB tells times by the zone of the server's process: nine hours off, here, by the session's."""
    with closing(connected(port)) as head, head.cursor() as cursor:
        number = number_of(cursor)
        cursor.execute("update shop.orders set mail = 'cy@example.org' where id = 1")
        with waiting(port, 'delete from shop.orders where id = 1 and mail <> "dan@example.org"'):
            found = await until(port, "a lock of a row", f"session {number}")
            head.rollback()
    run(port, "replace into shop.orders values (1, 'ana@example.org')")
    assert not found.healthy
    assert f"session {number} (root, in a transaction that is open for " in found.said
    assert ": idle) blocks 1 of them" in found.said
    assert 2 <= figures(found)["longest wait for a lock"] < 600
    assert "example.org" not in found.said


async def test_a_change_of_a_table_that_waits_for_an_old_transaction_is_told(port: int) -> None:
    with closing(connected(port)) as reader, reader.cursor() as cursor:
        number = number_of(cursor)
        cursor.execute("select count(*) from shop.orders")
        with waiting(port, "alter table shop.orders add column note text"):
            found = await until(port, "wait for a lock of a table", **EAGER)
            reader.rollback()
    assert "`alter table shop.orders add column note text` (Waiting for table metadata lock)" in found.said
    assert f"the oldest transaction is that of session {number} (root" in found.said


async def test_a_prepared_transaction_holds_locks_without_any_session(port: int) -> None:
    with closing(connected(port)) as own, own.cursor() as cursor:
        for statement in ("xa start 'x1'", "update shop.orders set mail = '' where id = 2", "xa end 'x1'",
                          "xa prepare 'x1'"):  # fmt: skip
            cursor.execute(statement)
    with waiting(port, "delete from shop.orders where id = 2"):
        found = await until(port, "a prepared XA transaction that is open for", "blocks 1 of them")
        run(port, "xa rollback 'x1'")
    assert not found.healthy


async def test_what_runs_long_is_told_without_its_values(port: int) -> None:
    with waiting(port, "select sleep(4), 'hunter2', \"hunter2\" # hunter2"):
        found = await until(port, "statements run for more than 1 s", **EAGER)
    assert "`select sleep(?), ?, ?`" in found.said
    assert "hunter2" not in found.said


async def test_an_account_without_rights_is_told_which_it_lacks(port: int) -> None:
    (found,), gaps = await told(port, "plain")
    assert "what other sessions do is hidden" in found.said
    assert "nothing waits" not in found.said
    for right in ("process on *.*", "slave monitor on *.*", "select on performance_schema.*"):
        assert f"`grant {right} to plain`" in gaps
    found_none, gaps = await told(port, "nobody")
    assert (found_none, "refuses the account of Nexus (Access denied" in gaps) == ((), True)
    assert PASSWORD not in gaps


async def test_replication_is_told_on_both_sides_and_where_it_stopped(port: int, tmp_path: Path) -> None:
    with running_mariadb(tmp_path, "--server-id=2") as replica:
        run(
            replica,
            f"create user nexus identified by '{PASSWORD}'", "grant process, slave monitor on *.* to nexus",
            f"change master to master_host='127.0.0.1', master_port={port}, master_user='copy', "
            f"master_password='{PASSWORD}', master_use_gtid=no, master_connect_retry=1, "
            "master_log_file='log.000001', master_log_pos=4",
            "set global slave_exec_mode='IDEMPOTENT'", "start slave",
        )  # fmt: skip
        assert (await until(port, "primary with 1 replicas")).healthy
        run(replica, "stop slave sql_thread")
        found = await until(replica, "replication has stopped (receives: Yes, applies: No)")
    assert not found.healthy


async def test_a_server_without_a_free_connection_is_ill(folder: Path, tmp_path: Path) -> None:
    with running_mariadb(tmp_path, "--max-connections=10") as port:
        run(port, f"create user nexus identified by '{PASSWORD}'")
        taken = [connected(port) for _ in range(9)]
        (crowded,), _ = await told(port)
        assert "10 of 10 connections are in use" in crowded.said
        taken.append(connected(port))
        (full,), _ = await told(port)
        for one in taken:
            one.close()
    assert (full.healthy, full.said) == (False, "does not answer: too many connections")


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (r"""select 'it\'s', "a "" b", `order 7`""", "select ?, ?, `order 7`"),
        ("insert into t values (0x1f, -2.5) # hunter2", "insert into t values (?, -?)"),
    ],
)
def test_statements_are_shown_without_their_values(statement: str, shown: str) -> None:
    assert masked(statement, mariadb=True) == shown


def test_nothing_of_others_is_judged_that_cannot_be_seen() -> None:
    spec = MariaDb.model_validate(
        {"kind": "mariadb", "service": "db", "url": "mariadb://db", "user": "nexus", "password": "env:P"}
    )
    stuck = Session("app", "Query", "Waiting for table metadata lock", 9, "alter table t add x int")
    held = Transaction(id=1, thread=5, who="app", command="Sleep", opened=900, waited=0, statement="")
    found = judged(Reading(Server(100, 95, True), [held], (), [stuck]), spec)
    assert [one.split(" ")[0] for one in found.wrong] == ["1", "95", "1", "1"]
    assert "nothing waits" not in "; ".join(found.stands)
