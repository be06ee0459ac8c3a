"""Channels hold JSON objects that any tool can read; text, as earlier versions wrote it, is read too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Send

from graph.build import build
from graph.state import incident_of, pack, unpack
from incidents.action import Verdict
from incidents.incident import Incident
from incidents.severity import Status
from incidents.usage import Usage
from nexus.runtime.driver import _config
from nexus.store.records import WorldKind, WorldRef
from tests.graph.harness import bench, incident
from tests.graph.test_broken_off import Died, Mortal
from tests.graph.test_incidents import decide
from tests.graph.worlds import ALERT
from tools.clock import WallClock
from tools.redaction.parts import dumped

OURS = {"incident", "move", "inbox", "assignments", "performed", "assignment"}


def as_text(channel: str, value: Any) -> Any:
    """A channel's value as version 0.1.0 wrote it."""
    if isinstance(value, list):
        return [as_text(channel, item) for item in value]
    if isinstance(value, Send):
        return Send(value.node, {name: as_text(name, one) for name, one in value.arg.items()})
    return json.dumps(value) if channel in OURS and isinstance(value, dict) else value


class Earlier(Mortal):
    """Dies again and again; what it reads afterwards was written by version 0.1.0."""

    texts = 0

    async def aget_tuple(self, config: Any) -> Any:
        found = await super().aget_tuple(config)
        if found is None:
            return None
        values = found.checkpoint["channel_values"]
        old = {name: as_text(name, value) for name, value in values.items()}
        self.texts += sum(isinstance(value, str) for name, value in old.items() if name in OURS)
        writes = [(task, name, as_text(name, value)) for task, name, value in found.pending_writes or ()]
        return found._replace(
            checkpoint={**found.checkpoint, "channel_values": old},
            pending_writes=writes,
        )


async def test_checkpoints_of_an_earlier_version_are_read_in_every_channel() -> None:
    here = bench(minutes=1)
    here.people.decides = decide(Verdict.APPROVE)
    await here.store.register(incident(), WorldRef(kind=WorldKind.CASE, path="made"), ALERT)
    saver = Earlier(0)
    graph = build(here.deps.runbook, saver)
    for _ in range(1000):
        try:
            ended = await here.drive(graph)
            break
        except Died:
            continue
    assert ended.status is Status.RESOLVED
    assert saver.texts > 100


async def test_time_travel_shows_plain_objects_and_finite_numbers() -> None:
    here = bench(minutes=1)
    here.people.decides = decide(Verdict.APPROVE)
    await here.store.register(incident(), WorldRef(kind=WorldKind.CASE, path="made"), ALERT)
    graph = build(here.deps.runbook, InMemorySaver())
    await here.drive(graph)
    steps = [snapshot.values async for snapshot in graph.aget_state_history(_config("INC-1"))]
    statuses = [values["incident"]["status"] for values in steps if "incident" in values]
    assert (statuses[0], statuses[-1]) == ("resolved", "open")
    for values in steps:
        json.dumps(values, allow_nan=False)
        assert not list(_texts(values)), "an object is no text that holds one"


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case str() if value.startswith('{"'):
            yield value


def test_an_incident_is_read_from_its_channel_as_the_very_one_that_a_node_wrote() -> None:
    """Neither made anew by the next node nor dumped anew for the row."""
    made = incident().evolve(as_of=ALERT.replace(microsecond=123_000))
    packed = pack(made)
    assert incident_of({"incident": packed}) is made
    assert dumped(made).json is packed
    assert unpack(Incident, packed) == made, "what is kept says all of it"


def test_a_moment_is_as_precise_for_the_next_node_as_after_a_restart() -> None:
    made = incident().evolve(as_of=ALERT.replace(microsecond=123_456))
    assert incident_of({"incident": pack(made)}).as_of == ALERT.replace(microsecond=123_000)
    assert WallClock().now().microsecond % 1000 == 0, "what the wall says is not rounded"


def test_an_incident_that_held_a_secret_is_read_without_it() -> None:
    told = incident().evolve(title="rotate AKIAIOSFODNN7EXAMPLE now")  # gitleaks:allow - Amazon's example
    read = incident_of({"incident": pack(told)})
    assert "AKIA" in told.title
    assert "AKIA" not in read.title


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_never_gets_into_a_channel(number: float) -> None:
    bad = incident().model_copy(update={"usage": Usage().model_copy(update={"cost": number})})
    packed: Any = pack(bad)
    json.dumps(packed, allow_nan=False)
    with pytest.raises(ValueError, match="cost"):
        unpack(Incident, packed)
