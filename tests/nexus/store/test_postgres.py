"""What the store in PostgreSQL alone has: an address, migrations, code that the schema has left behind."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import SecretStr

from incidents.errors import NexusError, NothingYet, Refused, SettingsError, UsageError
from nexus.store.postgres.address import Address
from nexus.store.postgres.clock import ServerClock
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.direct import DirectDatabase
from nexus.store.postgres.migrate import Schema, migrate
from nexus.store.postgres.sql import QUERIES, VERSION
from nexus.store.postgres.store import PostgresStore
from nexus.store.sqlite import sql
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.postgres import PostgresServer

SECRET = "hunter2:x"


def address(url: str) -> Address:
    return Address(SecretStr(url))


def test_both_databases_have_the_same_queries() -> None:
    assert set(QUERIES) - {"changed"} == set(sql.QUERIES)


def test_people_are_told_of_a_database_without_its_secrets() -> None:
    shown = address("postgresql://nexus:hunter2%3Ax@db.internal:5433/incidents?sslmode=require")
    assert str(shown) == "db.internal:5433/incidents"
    assert SECRET not in repr(shown)
    assert shown.hidden(f"wrong {SECRET}") == "wrong ***"


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "postgresql://u:hunter2@h:port/d?wrong", "hunter2"])
def test_an_address_that_cannot_be_read_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match=r"store\.url: ") as refused:
        address(url)
    assert "hunter2" not in str(refused.value)


def test_where_nothing_listens_the_sentence_names_it() -> None:
    with pytest.raises(NexusError, match=r"The store at 127\.0\.0\.1:9/d cannot be used: .*refused"):
        PostgresStore.open(address("postgresql://u:hunter2@127.0.0.1:9/d"))


def test_whoever_only_looks_makes_no_tables(postgres: PostgresServer) -> None:
    fresh = postgres.new("fresh")
    with pytest.raises(NothingYet, match="`nexus migrate` makes its tables"):
        PostgresStore.open(fresh, create=False)
    assert migrate(fresh) == (Schema(0, 0), Schema(VERSION, 1))
    PostgresStore.open(fresh, create=False).close()
    assert migrate(fresh) == (Schema(VERSION, 1), Schema(VERSION, 1))


def test_of_many_that_start_at_once_one_migrates(postgres: PostgresServer) -> None:
    fresh = postgres.new("at_once")
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: migrate(fresh), range(6)))
    assert {after for _, after in found} == {Schema(VERSION, 1)}


def test_a_migration_that_fails_leaves_nothing(postgres: PostgresServer) -> None:
    fresh = postgres.new("broken")
    with connect(fresh) as raw:
        raw.execute("create table changes (mine text)")  # the last one of the first migration
    with pytest.raises(NexusError, match="already exists"):
        migrate(fresh)
    with connect(fresh) as raw:
        assert raw.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (1,)


async def test_code_goes_on_with_a_schema_that_was_only_added_to(postgres: PostgresServer) -> None:
    newer = postgres.new("newer")
    migrate(newer)
    leave_behind(newer, works_from=VERSION)
    with PostgresStore.open(newer) as store:
        assert await store.next_id(date(2026, 11, 23)) == ID


async def test_code_that_the_schema_has_left_behind_reads_on_and_changes_nothing(
    postgres: PostgresServer,
) -> None:
    shared = postgres.new("left_behind")
    with PostgresStore.open(shared) as store:
        await store.register(sample.opened(), WORLD, at(0), "shop")
        leave_behind(shared, works_from=VERSION + 1)
        assert await store.load(ID) == sample.opened()
        for asked in (store.lease(ID, "me", at(1), at(0)), store.next_id(date(2026, 11, 23))):
            with pytest.raises(Refused, match=f"newer Nexus \\(schema {VERSION + 1}, this process knows"):
                await asked
        with pytest.raises(Refused, match="takes no work"):
            await store.due(at(1), 9, "shop")
    for create in (True, False):
        with pytest.raises(UsageError, match="install that version"):
            PostgresStore.open(shared, create=create)


def leave_behind(there: Address, works_from: int) -> None:
    """As a later version's migration does."""
    with connect(there) as raw:
        raw.execute("update schema_version set version = %s, works_from = %s", (VERSION + 1, works_from))


def test_whoever_does_not_migrate_waits_for_who_does(postgres: PostgresServer) -> None:
    older = postgres.new("older")
    migrate(older)
    with connect(older) as raw:
        raw.execute("update schema_version set version = %s", (VERSION - 1,))
    with pytest.raises(UsageError, match="run `nexus migrate`" if VERSION > 1 else "`nexus migrate` makes"):
        PostgresStore.open(older, create=False)


async def test_text_that_postgresql_cannot_hold_is_kept_without_what_it_cannot(
    postgres: PostgresServer,
) -> None:
    with PostgresStore.open(postgres.empty()) as store:
        odd = sample.opened().evolve(title="a\0b")
        await store.register(odd, WORLD, at(0))
        assert await store.load(ID) == odd
        assert [line.id for line in await store.page()] == [ID]


async def test_nothing_is_left_in_a_session(postgres: PostgresServer) -> None:
    """A pooler may hand each transaction to another connection, and ours to somebody else."""
    with PostgresStore.open(postgres.empty(), threads=False) as store:
        await store.register(sample.opened(), WORLD, at(0))
        await store.load(ID)
        assert isinstance(store._database, DirectDatabase)
        raw = store._database.connection
        left = """
            select (select count(*) from pg_prepared_statements), current_setting('statement_timeout'),
                (select count(*) from pg_locks where locktype = 'advisory')
        """
        assert raw.execute(left).fetchone() == (0, "0", 0)


#: A server whose clock is five minutes ahead of this machine's: its own functions are shadowed.
AHEAD = """
create schema ahead;
create function ahead.clock_timestamp() returns timestamptz language sql volatile as
    $$ select pg_catalog.clock_timestamp() + interval '5 minutes' $$;
alter database "ahead" set search_path = ahead, pg_catalog, public;
"""


@pytest.mark.parametrize("threads", [True, False])
async def test_time_is_the_servers_whatever_this_machine_says(
    postgres: PostgresServer, threads: bool
) -> None:
    fresh = postgres.new("ahead")
    migrate(fresh)
    with connect(fresh) as raw:
        raw.execute(AHEAD)
    with PostgresStore.open(fresh, create=False, threads=threads) as store:
        ahead = store.now() - datetime.now(UTC)
        assert abs(ahead - timedelta(minutes=5)) < timedelta(seconds=30)
        identity = await store.next_id(date(2026, 11, 23))
        await store.register(sample.opened(identity), WORLD, store.now(), "shop")
        now = store.now()
        number = await store.lease(identity, "me", now + timedelta(seconds=30), now)
        assert number is not None
        await store.save(sample.resolved().evolve(id=identity, closed=True), now, number)
        ((closed_at),) = [kept.closed_at for kept in await store.closed(now + timedelta(minutes=1))]
        assert now - timedelta(seconds=1) < closed_at < now + timedelta(seconds=30)


def test_the_servers_time_goes_on_between_its_answers_and_a_late_answer_counts_little(
    postgres: PostgresServer,
) -> None:
    boot, late = [100.0], [0.0]

    def since_boot() -> float:
        boot[0] += late[0]
        return boot[0]

    clock = ServerClock(since_boot)
    with connect(postgres.empty()) as raw:
        clock.ask(raw)
        told = clock.now()
        boot[0] += 5
        assert clock.now() - told == timedelta(seconds=5)
        clock.ask(raw)  # it was asked a moment ago
        assert clock.now() - told == timedelta(seconds=5)
        boot[0] += 5
        late[0] = 2
        clock.ask(raw)  # the answer took two seconds
        late[0] = 0
        assert clock.now() - told >= timedelta(seconds=10)
        clock.ask(raw)
        assert clock.now() - told < timedelta(seconds=5), "the server has not moved as this clock was made to"
