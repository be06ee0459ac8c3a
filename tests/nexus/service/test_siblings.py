"""Two incidents that look like one cause say so in both timelines, with the command that merges them."""

from pathlib import Path

import pytest

from incidents.actor import Actor, Via
from incidents.policy import ApprovalPolicy
from incidents.restriction import Restriction, Sensitive
from nexus.service.regrouping import IncidentRegrouping
from nexus.service.siblings import MOST_NAMED, SiblingWatch
from nexus.store.memory import MemoryStore
from tests.nexus.service.test_rematching import World

SITE = """
services:
  - {name: cart, depends_on: [database]}
  - {name: search, depends_on: [database]}
  - {name: mail}
  - {name: database}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, MemoryStore(), SITE)


async def told(world: World, incident: str) -> list[str]:
    return [entry.text for entry in await world.store.entries(incident)]


async def test_both_timelines_say_so_once(world: World) -> None:
    first, second = await world.fires("Errors", service="cart"), await world.fires("Slow", service="search")
    third = await world.fires("Lost", service="mail")
    watch = SiblingWatch(world.intake)
    await watch.look()
    why = "both began at one time, and cart and search call database"
    do = f"if so: `nexus merge {first} {second} --by YOU --reason WHY`"
    assert await told(world, first) == [f"{second} may have the same cause: {why}; {do}"]
    assert await told(world, second) == [f"{first} may have the same cause: {why}; {do}"]
    assert await told(world, third) == []
    await SiblingWatch(world.intake).look()  # as after a restart
    assert len(await told(world, first)) == 1
    assert await world.store.events(first) == await world.store.events(second) == (), "nothing is merged"


async def test_one_that_not_everybody_sees_is_named_nowhere_else(world: World) -> None:
    first, second = await world.fires("Errors", service="cart"), await world.fires("Slow", service="search")
    said = Restriction(incident=first, why=Sensitive.BREACH, people=(), by="kim", at=world.clock.now())
    await world.store.restrict(said)
    await SiblingWatch(world.intake).look()
    assert await told(world, second) == []
    assert f"{second} may have the same cause" in (await told(world, first))[0], "who sees the one may know"


async def test_the_command_does_what_it_says(world: World) -> None:
    first, second = await world.fires("Errors", service="cart"), await world.fires("Slow", service="search")
    door = IncidentRegrouping(world.store, world.clock, lambda _: ApprovalPolicy())
    ana = Actor.named("ana", Via.CLI)
    await door.merge(first, second, actor=ana, reason="the disk is full")
    assert [event.kind for event in await world.store.events(second)] == ["taken_out"]


async def test_an_older_one_names_a_few_and_each_younger_one_names_it(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(MOST_NAMED + 2)]
    listed = "".join(f"  - {{name: {name}, depends_on: [database]}}\n" for name in names)
    world = World(tmp_path, MemoryStore(), f"services:\n{listed}  - {{name: database}}\n")
    first, *others = [await world.fires(f"Slow {name}", service=name) for name in names]
    assert len({first, *others}) == len(names)
    await SiblingWatch(world.intake).look()
    assert len(await told(world, first)) == MOST_NAMED
    for other in others:
        (line,) = await told(world, other)
        assert line.startswith(f"{first} may have the same cause")
