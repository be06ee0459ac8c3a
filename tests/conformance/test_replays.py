"""What every place for the deeds in a recorded world does: a file of one machine, the database of many."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, Outcome
from incidents.errors import ActionRefused, ToolFailed
from nexus.runtime.stored_replay import StoredReplay
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.store import PostgresStore
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.postgres import PostgresServer
from tools.recorded.replay_log import Deed, Deeds, ReplayLog

RESTART = Action(kind=ActionKind.RESTART, service="web")


def deed(key: str, minutes: float = 0) -> Deed:
    outcome = Outcome(done=True, at=at(minutes), detail="restarted")
    return Deed(key=key, action=RESTART, at=at(minutes), outcome=outcome)


@pytest.fixture(params=["file", "postgres"])
def replays(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Deeds]:
    """Each call is one more process on the same world."""
    if request.param == "file":
        return lambda: ReplayLog(tmp_path / "world.jsonl")
    address = request.getfixturevalue("postgres").empty()
    with PostgresStore.open(address, create=False) as store:
        asyncio.run(store.register(sample.opened(), WORLD, at(0)))
    return lambda: StoredReplay(address, ID)


def test_what_was_done_is_known_to_the_next_process_in_its_order(replays: Callable[[], Deeds]) -> None:
    one = replays()
    assert one.deeds() == ()
    for key in ("k2", "k1"):
        assert one.once(key, lambda key=key: deed(key)) == deed(key)  # type: ignore[misc]
    assert one.deeds() == replays().deeds() == (deed("k2"), deed("k1"))
    assert replays().find("k1") == deed("k1")
    assert replays().find("k3") is None


def test_a_key_is_done_once_by_however_many(replays: Callable[[], Deeds]) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: replays().once("k1", lambda: deed("k1", n)), range(4)))
    assert len(set(found)) == 1
    assert replays().deeds() == (found[0],)


def test_what_is_refused_was_not_done(replays: Callable[[], Deeds]) -> None:
    def refuses() -> Deed:
        raise ActionRefused("not in this world")

    one = replays()
    with pytest.raises(ActionRefused):
        one.once("k1", refuses)
    assert one.deeds() == ()
    assert one.once("k1", lambda: deed("k1")) == deed("k1")


def test_what_cannot_be_read_is_told_and_goes_with_its_incident(postgres: PostgresServer) -> None:
    address = postgres.empty()
    with PostgresStore.open(address, create=False) as store:
        asyncio.run(store.register(sample.opened(), WORLD, at(0)))
    with connect(address) as raw:
        raw.execute("insert into replays (incident, key, body) values (%s, 'k', '{}')", (ID,))
        with pytest.raises(ToolFailed, match="cannot be read"):
            StoredReplay(address, ID).deeds()
        raw.execute("delete from incident_keys where incident = %s", (ID,))
        raw.execute("delete from incidents where id = %s", (ID,))
        assert StoredReplay(address, ID).deeds() == ()
