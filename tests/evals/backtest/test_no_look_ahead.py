"""A replay never shows what was not known at its clock, whatever port is asked for whatever window."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evals.backtest.playing import work
from evals.batch import Job
from incidents.action import Action, ActionKind, Arguments
from incidents.changes import ChangeKind
from incidents.errors import ActionRefused
from incidents.findings import Window
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.store.lists import EVERY
from nexus.store.records import WorldKind, WorldRef
from tests.cases import END, START, build_case
from tests.nexus import sample
from tests.nexus.cli.test_trust import said
from tests.nexus.sample import at
from tools.clock import VirtualClock
from tools.ports import World
from tools.recorded import Case, open_case, recorded_world
from tools.recorded.document import Arrival

ARRIVAL = Arrival(
    metrics=timedelta(seconds=30), logs=timedelta(seconds=10), traces=timedelta(seconds=20),
    changes=timedelta(seconds=5),
)  # fmt: skip
ALWAYS = Window(start=START - timedelta(days=90), end=END + timedelta(days=90))
#: A flag that is switched a quarter of an hour after the recording begins.
SWITCHED = {
    "time": (START + timedelta(minutes=15)).isoformat(), "id": "discounts", "service": "checkout",
    "kind": "flag", "version_from": "discounts=off", "version_to": "discounts=on", "summary": "discounts on",
}  # fmt: skip
#: The ports that tell of the past are asked below; what tells of the present alone, no replay has. The rest
#: is no port: how the world is looked at. Of sources only what was committed before is kept (`code.bundle`).
ASKED = {"metrics", "logs", "traces", "changes", "actions", "inventory"}
ABSENT = {"health", "pipelines", "screens", "patches", "rules", "code"}
NO_PORT = {"catalogue", "quiet", "spans", "lacks", "baseline"}
NAMES = ("web", "checkout", "catalogue")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = build_case(tmp_path_factory.mktemp("backtest"))
    content = yaml.safe_load((folder / "case.yaml").read_text())
    content["arrival"] = ARRIVAL.model_dump(mode="json")
    (folder / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    with (folder / "telemetry" / "changes.jsonl").open("a") as file:
        file.write(json.dumps(SWITCHED) + "\n")
    return open_case(folder)


def world_at(case: Case, now: datetime, ledger: Path) -> World:
    return recorded_world(case, VirtualClock(now), ledger / "world.jsonl")


async def leaks(world: World, now: datetime, versions: Sequence[str]) -> list[str]:
    """What a world shows that nobody knew yet, one sentence each."""
    frames = {
        "metrics": (await world.metrics.metrics(ALWAYS), ARRIVAL.metrics),
        "logs": (await world.logs.logs(ALWAYS), ARRIVAL.logs),
        "traces": (await world.traces.spans(ALWAYS), ARRIVAL.traces),
    }
    found = []
    for channel, (frame, delay) in frames.items():
        ends = frame["time"] + (
            frame["duration_us"].cast(pl.Duration("us")) if channel == "traces" else timedelta()
        )
        late = [one for one in ends.to_list() if one + delay > now]
        found += [f"{channel}: {len(late)} rows, the last of {max(late)}"] if late else []
    known = now - ARRIVAL.changes
    changes = await world.changes.changes(ALWAYS)
    found += [f"change {one.id} of {one.time}" for one in changes if one.time > known]
    begun = {one.version_to.partition("=")[0] for one in changes if one.kind is ChangeKind.FLAG}
    for service in NAMES:
        told = await world.inventory.inventory(service) if world.inventory is not None else None
        flags = {one.name for one in (told.flags if told is not None else None) or ()}
        found += [f"inventory: flag {one} of {service}" for one in sorted(flags - begun)]
    ran = {version for one in changes for version in (one.version_from, one.version_to)}
    for service in NAMES:
        for version in versions:
            runs = await _runs(world, service, version)
            if runs and runs - ran:
                found.append(f"a rollback of {service} from {runs}, which nobody had released yet")
    return found


async def _runs(world: World, service: str, version: str) -> set[str]:
    """What runs by a dry run of a rollback."""
    action = Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=version))
    try:
        plan = await world.actions.plan(action)
    except ActionRefused:
        return set()
    return {one.value for one in plan.observed if one.name == "running version"} - {"not recorded"}


def released(case: Case) -> list[str]:
    return [one.version_to for one in case.recording.changes]


@given(seconds=st.integers(min_value=-60, max_value=45 * 60))
async def test_no_port_shows_what_was_not_known(
    case: Case, tmp_path_factory: pytest.TempPathFactory, seconds: int
) -> None:
    now = START + timedelta(seconds=seconds)
    world = world_at(case, now, tmp_path_factory.mktemp("ledger"))
    assert await leaks(world, now, released(case)) == []


def test_every_port_is_asked_or_absent(case: Case, tmp_path: Path) -> None:
    """Whoever gives a world another port decides here what a replay may know of it."""
    world = world_at(case, END, tmp_path)
    assert {one.name for one in fields(World)} == ASKED | ABSENT | NO_PORT
    assert [one for one in sorted(ABSENT) if getattr(world, one) is not None] == []


def test_a_replay_has_no_memory_of_its_home(case: Case, tmp_path: Path) -> None:
    """What Nexus learned later (incidents, verdicts, lessons, action items) lies in its home."""
    settings = Settings(home=tmp_path / "home")
    remembered = sample.resolved().evolve(title="Checkout fails")

    async def learn() -> None:
        await home.store.register(remembered, WorldRef(kind=WorldKind.LIVE, path="x"), at(50))
        await home.store.keep_verdict(said(remembered.id, "Dana"))

    with open_home(settings, create=True) as home:
        asyncio.run(learn())
        run = work(Job(folder=case.folder, mode="playbook", epoch=1, settings=settings, key="k"))
        assert run.error is None
        assert run.record is not None
        assert run.record.incident.id != remembered.id
        assert remembered.id not in run.model_dump_json()
        kept = asyncio.run(home.store.page(EVERY, 9, None))
        assert [one.id for one in kept] == [remembered.id], "the replay left nothing there either"


async def test_a_port_that_leaks_is_found(case: Case, tmp_path: Path) -> None:
    now = START + timedelta(minutes=15)  # the flag and checkout 2.0 come within a minute
    world, later = world_at(case, now, tmp_path), world_at(case, now + timedelta(minutes=5), tmp_path)
    for port in ("metrics", "logs", "traces", "changes", "inventory"):
        leaking = replace(world, **{port: getattr(later, port)})
        assert any(
            one.startswith(port.removesuffix("s")) for one in await leaks(leaking, now, released(case))
        )
    found = await leaks(replace(world, actions=later.actions), now, released(case))
    assert [one for one in found if "rollback of checkout from {'2.0'}" in one]


async def test_a_span_is_known_when_it_has_ended(case: Case, tmp_path: Path) -> None:
    spans = await world_at(case, END + timedelta(hours=1), tmp_path).traces.spans(ALWAYS)
    longest = spans.sort("duration_us").tail(1).row(0, named=True)
    ended = longest["time"] + timedelta(microseconds=longest["duration_us"]) + ARRIVAL.traces
    just_before, then = [
        await world_at(case, at, tmp_path).traces.spans(ALWAYS)
        for at in (ended - timedelta(microseconds=1), ended)
    ]
    key = (longest["trace_id"], longest["span_id"])
    assert key not in just_before.select("trace_id", "span_id").rows()
    assert key in then.select("trace_id", "span_id").rows()
