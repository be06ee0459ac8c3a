"""Rollback, restart and scale on real processes: what is seen, what is refused, what a kill leaves behind."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from demo.processes import wait_for
from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused, SettingsError, ToolFailed
from tests.patience import PATIENCE
from tests.tools.live.supervised import LOG, Target, supervised
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.compose import LiveActions
from tools.live.actions.releases import ReleasesActions
from tools.live.actions.supervise import Supervisord
from tools.live.settings import Releases

CATALOGUE = Catalogue(services=tuple(Service(name=name) for name in ("shop", "crew", "vendor")))
KEY = "INC-1:A1:abcdef012345"


@pytest.fixture(scope="module")
def running() -> Iterator[Target]:
    with supervised() as target:
        yield target


@pytest.fixture
async def target(running: Target) -> Target:
    await running.reset()
    return running


def on(target: Target, ledger: Path, patience: float = 5.0) -> LiveActions:
    clock = WallClock()
    adapter = ReleasesActions(target.spec(patience), clock, pause=timedelta(seconds=0.01))
    return LiveActions([adapter], CATALOGUE, ActionLog(ledger), clock)


@pytest.fixture
async def actions(target: Target, tmp_path: Path) -> AsyncIterator[LiveActions]:
    live = on(target, tmp_path / "ledger.jsonl")
    yield live
    await live.aclose()


def rollback(version: str, service: str = "shop") -> Action:
    return Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=version))


def scale(replicas: int) -> Action:
    return Action(kind=ActionKind.SCALE, service="crew", arguments=Arguments(replicas=replicas))


RESTART = Action(kind=ActionKind.RESTART, service="shop")


async def test_a_rollback_switches_restarts_and_is_healthy(target: Target, actions: LiveActions) -> None:
    plan = await actions.plan(rollback("1.0"))
    facts = {fact.name: fact.value for fact in plan.observed}
    assert facts == {"running version": "2.0", "running since": "2026-03-12T10:16:00Z"}
    assert plan.undo == rollback("2.0")
    outcome = await actions.execute(rollback("1.0"), KEY, UNFENCED)
    assert outcome.done, outcome.detail
    assert (target.link(), target.answering()) == ("1.0", "1.0")
    line = target.log()[-1]
    assert (line["version_from"], line["version_to"], line["kind"]) == ("2.0", "1.0", "deploy")
    assert (line["commit"], line["author"]) == ("aaa111", "Nexus (INC-1:A1)")
    assert line.keys() <= LOG[0].keys()  # the form that other readers of the log know


async def test_a_version_that_does_not_become_healthy_stays_and_names_the_undo(
    target: Target, tmp_path: Path
) -> None:
    actions = on(target, tmp_path / "ledger.jsonl", patience=1.0)
    outcome = await actions.execute(rollback("sick"), KEY, UNFENCED)
    assert not outcome.done
    assert "the link points to sick, its health address" in outcome.detail
    assert "to take it back: roll back shop to 2.0" in outcome.detail
    assert target.link() == "sick"
    assert await actions.status(KEY) == outcome
    await actions.aclose()
    actions = on(target, tmp_path / "ledger.jsonl")
    back = await actions.plan(rollback("2.0"))
    assert back.undo == rollback("sick")
    assert (await actions.execute(rollback("2.0"), "INC-1:A2:x", UNFENCED)).done
    with pytest.raises(ActionRefused, match="sick did not become healthy when it ran last"):
        await actions.plan(rollback("sick"))
    await actions.aclose()


async def test_a_version_that_cannot_start_is_no_success(target: Target, tmp_path: Path) -> None:
    log = (target.root / "releases.log").read_text().replace(', "healthy": false', "")
    (target.root / "releases.log").write_text(log)
    actions = on(target, tmp_path / "ledger.jsonl", patience=0.3)
    outcome = await actions.execute(rollback("broken"), KEY, UNFENCED)
    assert not outcome.done
    assert "the link points to broken" in outcome.detail
    await actions.aclose()


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (rollback("9.9"), "no release '9.9'; laid out are 1.0, 2.0, 3.0"),
        (rollback("../crew/1.0"), "is no name of one"),
        (rollback("current"), "no release"),
        (rollback("3.0"), "does not say that it ever ran; versions that ran before: 1.0"),
        (rollback("broken"), "did not become healthy when it ran last"),
        (rollback("2.0"), "already runs 2.0"),
        (rollback("1.0", "nowhere"), "'nowhere' is not in the service catalogue; known: shop, crew, vendor"),
        (rollback("1.0", "vendor"), "no change of it is configured; rollback is configured for crew, shop"),
        (Action(kind=ActionKind.FAILOVER, service="shop"), "it can be changed by restart, rollback, scale"),
        (rollback("1.0").model_copy(update={"arguments": Arguments(version="1.0", undo=True)}), "take back"),
        (scale(4), "3 instances at most"),
        (scale(2), "already has 2 instances"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_what_could(
    actions: LiveActions, action: Action, why: str
) -> None:
    for asked in (actions.plan(action), actions.execute(action, KEY, UNFENCED)):
        with pytest.raises(ActionRefused, match=why.replace("(", r"\(")):
            await asked
    assert await actions.status(KEY) is None


async def test_a_restart_is_a_new_process(target: Target, actions: LiveActions) -> None:
    plan = await actions.plan(RESTART)
    assert plan.undo is None
    assert await actions.plan(RESTART) == plan
    outcome = await actions.execute(RESTART, KEY, UNFENCED)
    assert outcome.done, outcome.detail
    assert [line["kind"] for line in target.log()[3:]] == ["infra"]


async def test_scaling_starts_and_stops_members(target: Target, actions: LiveActions) -> None:
    plan = await actions.plan(scale(3))
    assert {fact.name: fact.value for fact in plan.observed}["replicas"] == "2"
    assert plan.undo == scale(2)
    assert (await actions.execute(scale(3), KEY, UNFENCED)).done
    assert (await actions.execute(scale(1), "INC-1:A2:x", UNFENCED)).done
    assert {fact.name: fact.value for fact in (await actions.plan(scale(2))).observed}["replicas"] == "1"
    assert [line["version_to"] for line in target.log()[-2:]] == ["3 instances", "1 instance"]


async def test_a_key_stands_for_one_change(actions: LiveActions) -> None:
    await actions.execute(scale(3), KEY, UNFENCED)
    with pytest.raises(ActionRefused, match="stands for another change: scale crew to 3 instances"):
        await actions.execute(scale(1), KEY, UNFENCED)


async def test_a_supervisor_that_is_down_changes_nothing(target: Target, tmp_path: Path) -> None:
    spec = target.spec().model_copy(update={"supervisor": str(tmp_path / "nobody")})
    actions = LiveActions(
        [ReleasesActions(spec, WallClock())], CATALOGUE, ActionLog(tmp_path / "l"), WallClock()
    )
    with pytest.raises(ToolFailed, match=r"supervisord at .*nobody does not answer"):
        await actions.execute(rollback("1.0"), KEY, UNFENCED)
    assert target.link() == "2.0"
    assert await actions.status(KEY) is None
    with pytest.raises(ToolFailed, match="does not answer"):
        await actions.adapters[0].check()
    await actions.aclose()


async def test_a_check_says_what_runs(actions: LiveActions) -> None:
    assert "shop 2.0 (1 instance), crew 2.0 (3 instances)" in await actions.adapters[0].check()


def test_without_a_manager_there_is_no_adapter(target: Target) -> None:
    spec = Releases(kind="releases", root=target.root, services=("shop",))
    with pytest.raises(SettingsError, match="either `supervisor` or `systemd: true`"):
        ReleasesActions(spec, WallClock())


# A process that is killed in the middle of a change.

_KILLED = """
import asyncio, sys
from pathlib import Path
from tests.tools.live.test_actions_releases import CATALOGUE, KEY, rollback
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions.compose import LiveActions
from tools.live.actions.action_log import ActionLog
from tools.live.actions.releases import ReleasesActions
from tools.live.actions.supervise import Supervisord
from tools.live.settings import Releases

class Stuck(Supervisord):
    async def restart(self, program, begin):
        await super().restart(program, begin) if sys.argv[3] == "after" else begin()
        Path(sys.argv[4]).touch()
        await asyncio.sleep(600)

spec = Releases.model_validate_json(sys.argv[1])
adapter = ReleasesActions(spec, WallClock(), manager=Stuck(spec.supervisor, spec.patience))
actions = LiveActions([adapter], CATALOGUE, ActionLog(Path(sys.argv[2])), WallClock())
asyncio.run(actions.execute(rollback("1.0"), KEY, UNFENCED))
"""


def killed(target: Target, tmp_path: Path, when: str) -> None:
    """Begin a rollback in a process of its own and kill it before or after the restart."""
    reached = tmp_path / "reached"
    argv = [
        sys.executable,
        "-c",
        _KILLED,
        target.spec().model_dump_json(),
        str(tmp_path / "ledger"),
        when,
        str(reached),
    ]
    process = subprocess.Popen(argv)  # noqa: S603 - our own program
    wait_for("the restart", lambda: reached.exists() or process.poll(), seconds=PATIENCE, pause=0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


async def test_killed_after_the_restart_it_is_found_done_and_not_done_again(
    target: Target, tmp_path: Path
) -> None:
    killed(target, tmp_path, "after")
    actions = on(target, tmp_path / "ledger")
    found = await actions.status(KEY)
    assert found is not None
    assert found.done, found.detail
    before = target.log()
    assert await actions.execute(rollback("1.0"), KEY, UNFENCED) == found
    assert target.log() == before
    assert [line["id"] for line in before].count(f"nexus-{KEY}") == 1
    await actions.aclose()


async def test_a_manager_that_does_not_answer_leaves_the_link_where_it_is(
    target: Target, tmp_path: Path
) -> None:
    class Gone(Supervisord):
        async def restart(self, program: str, begin: Callable[[], object]) -> None:
            await super().restart("nobody", begin)

    adapter = ReleasesActions(
        target.spec(), WallClock(), manager=Gone(str(target.socket), timedelta(seconds=9))
    )
    actions = LiveActions([adapter], CATALOGUE, ActionLog(tmp_path / "ledger"), WallClock())
    with pytest.raises(ToolFailed, match="knows no program 'nobody'"):
        await actions.execute(rollback("1.0"), KEY, UNFENCED)
    assert (target.link(), target.answering()) == ("2.0", "2.0")
    assert await actions.status(KEY) is None, "it may be begun later"
    await actions.aclose()


async def test_killed_before_the_restart_the_truth_is_that_it_is_half_done(
    target: Target, tmp_path: Path
) -> None:
    killed(target, tmp_path, "before")
    assert (target.link(), target.answering()) == ("1.0", "2.0")
    actions = on(target, tmp_path / "ledger", patience=0.2)
    found = await actions.status(KEY)
    assert found is not None
    assert not found.done
    assert "the link points to 1.0" in found.detail
    assert "answers 200 as 2.0" in found.detail
    assert await actions.execute(rollback("1.0"), KEY, UNFENCED) == found
    assert target.answering() == "2.0"
    await actions.aclose()


async def test_killed_after_a_process_was_stopped_it_is_half_done_and_not_unbegun(
    target: Target, tmp_path: Path
) -> None:
    """A second restart would leave out the process that is down."""
    actions = on(target, tmp_path / "ledger", patience=0.2)
    ago = WallClock().now() - timedelta(minutes=1)
    plan = await actions.plan(Action(kind=ActionKind.RESTART, service="crew"))
    record = ActionRecord(key=KEY, plan=plan, begun=WallClock().now(), marked=True, sent=ago)
    ActionLog(tmp_path / "ledger").write(record)
    manager = Supervisord(str(target.socket), timedelta(seconds=10))
    await manager.resize("crew", 1, lambda: None)
    found = await actions.status(KEY)
    assert found is not None
    assert not found.done
    assert "STOPPED" in found.detail
    await manager.aclose()
    await actions.aclose()


async def test_killed_before_anything_was_done_it_is_done_once(target: Target, tmp_path: Path) -> None:
    actions = on(target, tmp_path / "ledger")
    deed = ActionRecord(
        key=KEY, plan=await actions.plan(rollback("1.0")), begun=WallClock().now(), marked=True
    )
    ActionLog(tmp_path / "ledger").write(deed)
    assert await actions.status(KEY) is None
    assert target.link() == "2.0"
    assert (await actions.execute(rollback("1.0"), KEY, UNFENCED)).done
    assert target.answering() == "1.0"
    await actions.aclose()


async def test_while_a_key_is_executed_nobody_else_executes_it(actions: LiveActions, tmp_path: Path) -> None:
    with ActionLog(tmp_path / "ledger.jsonl").held(KEY):
        for asked in (actions.execute(rollback("1.0"), KEY, UNFENCED), actions.status(KEY)):
            with pytest.raises(ToolFailed, match="is being executed right now"):
                await asked


async def test_the_inventory_has_how_many_are_to_run(actions: LiveActions) -> None:
    found = [(await actions.inventory(name)).instances for name in ("shop", "crew")]
    planned = (await actions.plan(scale(1))).running
    assert found == [1, planned]
