"""A pooled connection is asked whether it lives, but not again a moment later, unless the server has gone."""

from collections.abc import Iterator

import psycopg
import pytest

from nexus.store.postgres.checking import MOMENT, Checking
from tests.postgres import PostgresServer

Connection = psycopg.Connection[tuple[int]]


class Times:
    """A clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def connection(postgres: PostgresServer) -> Iterator[Connection]:
    with psycopg.connect(postgres.uri, autocommit=True) as made:
        yield made


def asked(postgres: PostgresServer, connection: Connection) -> object:
    """When the server last heard of it."""
    with psycopg.connect(postgres.uri) as other:
        query = "select query_start from pg_stat_activity where pid = %s"
        return other.execute(query, (connection.info.backend_pid,)).fetchone()


def test_one_that_was_asked_a_moment_ago_is_not_asked_again(
    postgres: PostgresServer, connection: Connection
) -> None:
    times = Times()
    checking = Checking(times)
    checking.check(connection)
    heard = asked(postgres, connection)
    times.now = MOMENT / 2
    checking.check(connection)
    assert asked(postgres, connection) == heard
    times.now = MOMENT
    checking.check(connection)
    assert asked(postgres, connection) != heard


def test_one_whose_server_has_gone_is_found_out_within_the_moment(
    postgres: PostgresServer, connection: Connection
) -> None:
    checking = Checking(Times())
    checking.check(connection)
    with psycopg.connect(postgres.uri) as other:
        other.execute("select pg_terminate_backend(%s, 20000)", (connection.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        checking.check(connection)
