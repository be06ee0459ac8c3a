"""One suite for checkpoints: what the fence refuses, what pruning leaves, what LangGraph does not guard."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.errors import UnknownInterruptError
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from incidents.errors import StaleLease
from nexus.runtime.checkpoints.opening import checkpoints_beside
from nexus.runtime.checkpoints.port import Checkpoints
from nexus.runtime.checkpoints.postgres import PostgresCheckpoints
from nexus.runtime.checkpoints.sqlite import SqliteCheckpoints
from nexus.runtime.driver import _config
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.store import PostgresStore
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.sample import at

#: The number of the lease in force in these tests.
LEASE = 2


class Asked(TypedDict, total=False):
    answer: str
    acted: int


async def ask(state: Asked) -> Asked:
    """Ask, as the incident's graph does: one interrupt and nothing before it."""
    return {"answer": interrupt("what now?")}


async def act(state: Asked) -> Asked:
    """Act on the answer."""
    return {"acted": state.get("acted", 0) + 1}


@dataclass(frozen=True)
class Kept:
    """Checkpoints, and what no port has: a look at the rows, and a hand on the fence."""

    checkpoints: Checkpoints

    @property
    def saver(self) -> Any:
        return self.checkpoints.saver()

    async def ids(self) -> list[str]:
        query = "select checkpoint_id from checkpoints order by 1"
        if isinstance(self.checkpoints, PostgresCheckpoints):
            async with self.checkpoints.pool.connection() as connection:
                return [row[0] for row in await (await connection.execute(query)).fetchall()]
        assert isinstance(self.checkpoints, SqliteCheckpoints)
        with closing(sqlite3.connect(self.checkpoints.file.path)) as raw:
            return [row[0] for row in raw.execute(query)]

    async def without_the_rule_about_parents(self) -> None:
        if isinstance(self.checkpoints, PostgresCheckpoints):
            async with self.checkpoints.pool.connection() as connection:
                await connection.execute("alter table checkpoints disable trigger parent_is_there")
            return
        assert isinstance(self.checkpoints, SqliteCheckpoints)
        with closing(sqlite3.connect(self.checkpoints.file.path)) as raw:
            raw.execute("drop trigger parent_is_there")


@pytest.fixture(params=["sqlite", "postgres"])
def leased(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store | PostgresStore]:
    """A store in which one holder has lost its lease to another."""
    store: Store | PostgresStore
    if request.param == "postgres":
        store = PostgresStore.open(request.getfixturevalue("postgres").empty())
    else:
        store = Store.open(tmp_path)

    async def lease() -> None:
        await store.register(sample.opened("INC-1"), WorldRef(kind=WorldKind.CASE, path="made"), at(0))
        assert await store.lease("INC-1", "lost", at(1), at(0)) == LEASE - 1
        assert await store.lease("INC-1", "holder", at(3), at(2)) == LEASE

    with store:
        asyncio.run(lease())
        yield store


@pytest.fixture
async def kept(leased: Store | PostgresStore) -> AsyncIterator[Kept]:
    async with checkpoints_beside(leased) as opened:
        yield Kept(opened)
    if isinstance(leased, PostgresStore):
        with connect(leased.address) as raw:  # the next test has the same tables
            raw.execute("alter table checkpoints enable trigger parent_is_there")


def graph_of(kept: Kept) -> Any:
    graph = StateGraph(Asked)
    graph.add_node("ask", ask)
    graph.add_node("act", act)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", "act")
    graph.add_edge("act", "ask")
    graph.add_edge("act", END)
    return graph.compile(checkpointer=kept.saver)


def fresh() -> Checkpoint:
    return empty_checkpoint() | {"id": str(uuid6())}


async def put(
    kept: Kept, parent: str | None, thread: str = "INC-1", *, checkpoint: Checkpoint | None = None
) -> str:
    config: Any = {"configurable": {"thread_id": thread, "checkpoint_ns": "", "checkpoint_id": parent}}
    stored = await kept.saver.aput(config, checkpoint or fresh(), {}, {})
    return str(stored["configurable"]["checkpoint_id"])


async def test_two_who_go_on_from_one_checkpoint_the_second_is_refused(kept: Kept) -> None:
    root = await put(kept, None)
    await put(kept, root)
    with pytest.raises(StaleLease, match="already gone on"):
        await put(kept, root)


@pytest.mark.parametrize("stands", ["on the head of then", "before the start"])
async def test_a_stopped_driver_cannot_fork_a_thread_that_was_pruned(kept: Kept, stands: str) -> None:
    root = await put(kept, None)
    head = await put(kept, await put(kept, root))
    await kept.checkpoints.prune("INC-1", LEASE)
    assert await kept.ids() == [head]
    with pytest.raises(StaleLease, match="is gone"):
        await put(kept, root if stands == "on the head of then" else None)
    # With the rule against siblings alone it would: its sibling was pruned.
    await kept.without_the_rule_about_parents()
    forked = await put(kept, root if stands == "on the head of then" else None)
    assert await kept.ids() == [head, forked]


async def test_pruning_keeps_the_head_with_its_question_and_other_threads(kept: Kept) -> None:
    graph, other = graph_of(kept), await put(kept, None, "INC-2")
    await graph.ainvoke({"acted": 0}, _config("INC-1"))
    await _answer(graph)
    before = await kept.ids()
    await kept.checkpoints.prune("INC-1", LEASE)
    left = await kept.ids()
    assert (len(before) > 3, len(left), other in left) == (True, 2, True)
    assert (await _answer(graph))["acted"] == 2, "the question is still open and its answer goes on"


async def test_a_machine_whose_clock_is_behind_goes_on_from_the_head_and_is_followed(kept: Kept) -> None:
    """Ids are made of the clock: what it writes has a smaller one than what it follows."""
    behind = fresh()
    ahead = await put(kept, await put(kept, None))
    head = await put(kept, ahead, checkpoint=behind)
    assert behind["id"] < ahead, "the premise"
    found = await kept.saver.aget_tuple(_config("INC-1"))
    assert found.config["configurable"]["checkpoint_id"] == head
    assert found.parent_config["configurable"]["checkpoint_id"] == ahead
    await kept.checkpoints.prune("INC-1", LEASE)
    assert await kept.ids() == [head]
    assert await kept.saver.aget_tuple(_config("INC-2")) is None


async def test_who_has_lost_the_lease_deletes_nothing_of_the_thread(kept: Kept) -> None:
    await graph_of(kept).ainvoke({"acted": 0}, _config("INC-1"))
    before = await kept.ids()
    await kept.checkpoints.prune("INC-1", LEASE - 1)
    await kept.checkpoints.drop("INC-1", LEASE - 1)
    assert (len(before) > 1, await kept.ids()) == (True, before)
    await kept.checkpoints.drop("INC-1", LEASE)
    assert await kept.ids() == []


async def _answer(graph: Any, question: str | None = None) -> Any:
    asked = question or (await graph.aget_state(_config("INC-1"))).interrupts[0].id
    return await graph.ainvoke(Command(resume={asked: "go on"}), _config("INC-1"))


async def test_the_resume_of_a_thread_that_nobody_started_or_that_was_dropped_is_refused(
    kept: Kept,
) -> None:
    graph = graph_of(kept)
    with pytest.raises(UnknownInterruptError):
        await _answer(graph, "0" * 32)
    await graph.ainvoke({"acted": 0}, _config("INC-1"))
    asked = (await graph.aget_state(_config("INC-1"))).interrupts[0].id
    await kept.checkpoints.drop("INC-1", LEASE)
    with pytest.raises(UnknownInterruptError):
        await _answer(graph, asked)
    assert await kept.ids() == []


async def test_a_question_is_answered_once(kept: Kept) -> None:
    graph = graph_of(kept)
    await graph.ainvoke({"acted": 0}, _config("INC-1"))
    asked = (await graph.aget_state(_config("INC-1"))).interrupts[0].id
    await _answer(graph, asked)
    with pytest.raises(UnknownInterruptError):
        await _answer(graph, asked)
    assert (await graph.aget_state(_config("INC-1"))).values["acted"] == 1


async def test_after_an_update_of_its_state_a_question_is_asked_again_under_a_new_id(
    kept: Kept,
) -> None:
    """As the driver does it: no open question is listed then, although the thread still waits."""
    graph = graph_of(kept)
    await graph.ainvoke({"acted": 0}, _config("INC-1"))
    asked = (await graph.aget_state(_config("INC-1"))).interrupts[0].id
    await graph.aupdate_state(_config("INC-1"), {"acted": 5})
    waiting = await graph.aget_state(_config("INC-1"))
    assert (waiting.interrupts, bool(waiting.tasks)) == ((), True)
    with pytest.raises(UnknownInterruptError):
        await _answer(graph, asked)
    await graph.ainvoke(None, _config("INC-1"))
    assert (await _answer(graph))["acted"] == 6
