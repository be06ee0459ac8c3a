"""Several workers on one PostgreSQL have a bad day: nothing is lost, done twice, intermixed or left lying.

Each plays a short series; `benchmarks/bad_days.py` plays long ones.
"""

from collections.abc import Iterator

import pytest

from tests.nexus import bad_days
from tests.nexus.bad_days import SHORT
from tests.pgbouncer import pooled
from tests.postgres import DURABLE, PostgresServer, postgres_server

SEED = 1


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """A server that keeps what it has committed through a crash of its own."""
    with postgres_server(DURABLE) as server:
        yield server


def test_of_four_workers_one_is_killed_again_and_again(durable: PostgresServer) -> None:
    assert bad_days.kills(durable.new("kills"), SHORT.kills, SEED, at_once=3).kills == SHORT.kills


def test_workers_are_killed_behind_a_pooler(durable: PostgresServer) -> None:
    durable.new("pooled")
    with pooled(durable, "pooled", size=12) as database:
        assert bad_days.kills(database, 2, SEED, workers=2, at_once=2).kills == 2


def test_the_database_crashes_in_the_middle_of_a_turn(durable: PostgresServer) -> None:
    assert bad_days.restarted(durable, durable.new("restarted"), SHORT.restarts, SEED).sound == 2


def test_every_connection_is_cut_between_an_intent_and_its_outcome(durable: PostgresServer) -> None:
    assert bad_days.cut_in_a_change(durable.new("cut")).sound == 1


def test_a_worker_sleeps_through_its_lease_while_its_change_runs(durable: PostgresServer) -> None:
    assert bad_days.stopped_in_a_change(durable.new("stopped")).sound == 1


def test_the_clocks_of_two_workers_are_five_minutes_apart(durable: PostgresServer) -> None:
    assert bad_days.clocks_apart(durable.new("clocks")).sound == 2


def test_the_disk_of_the_database_is_full_for_a_while(durable: PostgresServer) -> None:
    assert bad_days.disk_full(durable, SHORT.full).sound >= 2
