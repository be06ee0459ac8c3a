"""Checkpoints: what the fence refuses, what pruning leaves, and what LangGraph itself does not guard."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.errors import UnknownInterruptError
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from nexus.runtime.checkpoints import Checkpoints
from nexus.runtime.driver import _config
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


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Checkpoints]:
    with Store.open(tmp_path) as store:
        await store.register(sample.opened("INC-1"), WorldRef(kind=WorldKind.CASE, path="made"), at(0))
        assert await store.lease("INC-1", "lost", at(1), at(0)) == LEASE - 1
        assert await store.lease("INC-1", "holder", at(3), at(2)) == LEASE
    async with Checkpoints.open(tmp_path / "nexus.db") as opened:
        yield opened


def graph_of(kept: Checkpoints) -> Any:
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


async def put(kept: Checkpoints, parent: str | None, thread: str = "INC-1") -> str:
    config: Any = {"configurable": {"thread_id": thread, "checkpoint_ns": "", "checkpoint_id": parent}}
    stored = await kept.saver.aput(config, fresh(), {}, {})
    return str(stored["configurable"]["checkpoint_id"])


async def ids(kept: Checkpoints) -> list[str]:
    rows = await kept.saver.conn.execute_fetchall("select checkpoint_id from checkpoints order by 1")
    return [row[0] for row in rows]


async def test_two_who_go_on_from_one_checkpoint_the_second_is_refused(kept: Checkpoints) -> None:
    root = await put(kept, None)
    await put(kept, root)
    with pytest.raises(sqlite3.IntegrityError, match="already gone on"):
        await put(kept, root)


@pytest.mark.parametrize("stands", ["on the head of then", "before the start"])
async def test_a_stopped_driver_cannot_fork_a_thread_that_was_pruned(kept: Checkpoints, stands: str) -> None:
    root = await put(kept, None)
    head = await put(kept, await put(kept, root))
    await kept.prune("INC-1", LEASE)
    assert await ids(kept) == [head]
    with pytest.raises(sqlite3.IntegrityError, match="is gone"):
        await put(kept, root if stands == "on the head of then" else None)
    # With the rule against siblings alone it would: its sibling was pruned.
    await kept.saver.conn.execute("drop trigger parent_is_there")
    forked = await put(kept, root if stands == "on the head of then" else None)
    assert await ids(kept) == [head, forked]


async def test_pruning_keeps_the_head_with_its_question_and_other_threads(kept: Checkpoints) -> None:
    graph, other = graph_of(kept), await put(kept, None, "INC-2")
    await graph.ainvoke({"acted": 0}, _config("INC-1"))
    await _answer(graph)
    before = await ids(kept)
    await kept.prune("INC-1", LEASE)
    left = await ids(kept)
    assert (len(before) > 3, len(left), other in left) == (True, 2, True)
    assert (await _answer(graph))["acted"] == 2, "the question is still open and its answer goes on"


async def test_who_has_lost_the_lease_deletes_nothing_of_the_thread(kept: Checkpoints) -> None:
    await graph_of(kept).ainvoke({"acted": 0}, _config("INC-1"))
    before = await ids(kept)
    await kept.prune("INC-1", LEASE - 1)
    await kept.drop("INC-1", LEASE - 1)
    assert (len(before) > 1, await ids(kept)) == (True, before)
    await kept.drop("INC-1", LEASE)
    assert await ids(kept) == []


async def _answer(graph: Any, question: str | None = None) -> Any:
    asked = question or (await graph.aget_state(_config("INC-1"))).interrupts[0].id
    return await graph.ainvoke(Command(resume={asked: "go on"}), _config("INC-1"))


async def test_the_resume_of_a_thread_that_nobody_started_or_that_was_dropped_is_refused(
    kept: Checkpoints,
) -> None:
    graph = graph_of(kept)
    with pytest.raises(UnknownInterruptError):
        await _answer(graph, "0" * 32)
    await graph.ainvoke({"acted": 0}, _config("INC-1"))
    asked = (await graph.aget_state(_config("INC-1"))).interrupts[0].id
    await kept.drop("INC-1", LEASE)
    with pytest.raises(UnknownInterruptError):
        await _answer(graph, asked)
    assert await ids(kept) == []


async def test_a_question_is_answered_once(kept: Checkpoints) -> None:
    graph = graph_of(kept)
    await graph.ainvoke({"acted": 0}, _config("INC-1"))
    asked = (await graph.aget_state(_config("INC-1"))).interrupts[0].id
    await _answer(graph, asked)
    with pytest.raises(UnknownInterruptError):
        await _answer(graph, asked)
    assert (await graph.aget_state(_config("INC-1"))).values["acted"] == 1


async def test_after_an_update_of_its_state_a_question_is_asked_again_under_a_new_id(
    kept: Checkpoints,
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
