"""Processes that die between any two writes of its checkpoints: the next one goes on, and all act once."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from graph.build import build
from incidents.action import ActionState, Verdict
from incidents.events import Stopped
from incidents.incident import Incident
from incidents.severity import Status
from nexus.store.records import WorldKind, WorldRef
from tests.graph.harness import Bench, bench, incident
from tests.graph.test_incidents import decide
from tests.graph.worlds import ALERT

#: How many writes a process lives, in turn.
LIVES = (1, 2, 3, 4, 6, 10)


class Died(Exception):
    """The process is gone."""


class Mortal(InMemorySaver):
    """Dies again and again, after ever other numbers of writes; what was written before stays."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self._lives = itertools.cycle([*LIVES[first:], *LIVES[:first]])
        self._left = next(self._lives)

    def _write(self) -> None:
        if self._left == 0:
            self._left = next(self._lives)
            raise Died
        self._left -= 1

    async def aput(self, *args: Any) -> Any:
        self._write()
        return await super().aput(*args)

    async def aput_writes(self, config: Any, writes: Sequence[Any], *args: Any) -> None:
        self._write()
        await super().aput_writes(config, writes, *args)


async def lived(first: int, stop_at: int | None) -> tuple[Bench, Incident, int]:
    """The incident after many deaths, and how many they were; a person may speak at one."""
    here = bench(minutes=1)
    here.people.decides = decide(Verdict.APPROVE)
    await here.store.register(incident(), WorldRef(kind=WorldKind.CASE, path="made"), ALERT)
    graph = build(here.deps.runbook, Mortal(first))
    for deaths in range(1000):
        try:
            return here, await here.drive(graph), deaths
        except Died:
            if deaths == stop_at:
                said = Stopped(id="x", incident="INC-1", at=here.world.clock.now(), by="ana", reason="mine")
                await here.store.add_event(said)
    raise AssertionError("it gets nowhere")


@pytest.mark.parametrize("first", range(0, len(LIVES), 2))
async def test_the_next_process_goes_on_from_any_write(first: int) -> None:
    here, ended, deaths = await lived(first, stop_at=None)
    assert deaths > 30
    assert (ended.status, ended.closed) == (Status.RESOLVED, True)
    assert [p.state for p in ended.proposals] == [ActionState.DONE]
    assert len(here.world.deeds) == 1
    assert await here.store.events("INC-1") == ()
    told = [entry.id for entry in await here.store.entries("INC-1")]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("at", [0, 8, 20])
async def test_a_stop_said_while_no_process_lived_is_heard_by_the_next(at: int) -> None:
    here, ended, deaths = await lived(0, stop_at=at)
    assert deaths > at
    assert (ended.status, ended.end_reason) == (Status.HANDED_OVER, "stopped by ana: mine")
    assert not ended.pending
    assert len(here.world.deeds) <= 1
    assert await here.store.events("INC-1") == ()
