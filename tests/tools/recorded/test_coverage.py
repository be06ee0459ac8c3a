"""What a recording does not hold is said as such, and never as "no data"."""

from datetime import datetime, timedelta
from pathlib import Path

from incidents.action import Action, ActionKind, Arguments
from incidents.findings import Window
from tests.cases import ALERT, END, QUIET_END, START, build_case, case_sources, case_world
from tools.fence import UNFENCED
from tools.memory import MemoryEvidence
from tools.ports import World
from tools.recorded.coverage import UNRECORDED, lacks
from tools.telemetry.data_gaps import collect_gaps
from tools.toolbox import TOOLS
from tools.toolset import Toolset


def rollback(version: str) -> Action:
    arguments = Arguments(version=version)
    return Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=arguments)


async def told(world: World, start: datetime, end: datetime, channel: str = "metrics") -> list[str]:
    ask = {"metrics": world.metrics.metrics, "logs": world.logs.logs, "traces": world.traces.spans}[channel]
    with collect_gaps() as gaps:
        await ask(Window(start=start, end=end))
    return gaps


async def test_what_was_recorded_says_nothing_even_where_it_is_silent(shop: Path, ledger: Path) -> None:
    world, _ = case_world(shop, ledger)
    assert await told(world, START, ALERT) == []
    with collect_gaps() as gaps:
        frame = await world.logs.logs(Window(start=START, end=ALERT), ["orders-db"])
        await world.changes.changes(Window(start=START, end=ALERT))
    assert frame.is_empty()
    assert gaps == []


async def test_beyond_the_recording_nothing_is_known(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    clock.advance(timedelta(hours=1))
    (before,) = await told(world, START - timedelta(minutes=5), QUIET_END)
    (after,) = await told(world, QUIET_END, clock.now())
    assert before.startswith(UNRECORDED)
    assert "from before 2026-03-12T10:00:00Z" in before
    assert "from after 2026-03-12T10:40:00Z" in after


async def test_the_future_is_not_unrecorded(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    assert await told(world, START, END + timedelta(hours=5)) == []
    assert clock.now() < END


async def test_a_channel_that_was_not_recorded_is_named(tmp_path: Path) -> None:
    folder = build_case(tmp_path, logs=False)
    (folder / "telemetry" / "changes.jsonl").unlink()
    world, _ = case_world(folder, tmp_path / "ledger.jsonl")
    gaps = await told(world, START, ALERT, "logs")
    assert gaps == ["unrecorded: this recording has no logs"]
    assert lacks(gaps, "logs")
    assert not lacks(gaps, "traces")
    with collect_gaps() as changed:
        await world.changes.changes(Window(start=START, end=ALERT))
    assert lacks(changed, "changes")


async def test_after_an_action_that_nobody_recorded(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger)
    await world.actions.execute(rollback("1.0"), "k1", UNFENCED)
    clock.advance(timedelta(minutes=2))
    assert await told(world, START, clock.now()) == []
    await world.actions.execute(rollback("0.9"), "k2", UNFENCED)
    begun = clock.now()
    clock.advance(timedelta(minutes=2))
    assert await told(world, begun, clock.now()) == [
        "unrecorded: nobody recorded what happens after an attempt to roll back checkout to 0.9"
    ]


async def test_a_question_that_nobody_asked_is_answered_from_the_snapshot(shop: Path, ledger: Path) -> None:
    sources, clock = case_sources(shop, ledger)
    clock.advance(timedelta(hours=2))
    toolset = Toolset(sources, MemoryEvidence(), "devops_automator", [TOOLS["overview"]])
    answer = await toolset.ask(TOOLS["overview"], TOOLS["overview"].args())
    assert UNRECORDED in answer.evidence.summary
