"""Tools of an MCP server as actions: signed definitions, bounded values, servers that misbehave."""

import re
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from demo.processes import wait_for
from incidents.action import Action, ActionKind, Arguments, Plan
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused, ToolFailed
from tests.patience import PATIENCE
from tests.tools.live.effects import carried_out
from tests.tools.live.fakes import mcp_ops
from tests.tools.live.fakes.mcp_http import over_http
from tests.tools.live.fakes.server import serving
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions import LiveActions, live_actions
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.mcp import mcp_tools
from tools.live.secrets import Secrets
from tools.live.settings_tools import McpServer

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

KEY = "INC-1:A1:abcdef012345"
TOKEN = "hunter2-and-more"
SECRETS = Secrets({"TOKEN": TOKEN, "HEADER": f"Bearer {TOKEN}", "BROKEN": "line\nbreak-hunter2"})
CATALOGUE = Catalogue(services=(Service(name="shop"),))
ROLLBACK = Action(kind=ActionKind.ROLLBACK, service="shop", arguments=Arguments(version="1.0"))
SCALE = Action(kind=ActionKind.SCALE, service="shop", arguments=Arguments(replicas=3))

GIVEN: dict[str, object] = {"service": "{service}", "version": "{version}"}
ACTION: dict[str, object] = {
    "action": "rollback", "services": ["shop"], "allowed": ["1.0"],
    "run": {"tool": "roll_out", "arguments": GIVEN | {"key": "{key}"}},
    "dry_run": {"tool": "plan_roll_out", "arguments": GIVEN},
    "undo": {"tool": "revert"},
    "status": {"tool": "became", "arguments": {"key": "{key}"}, "done": "was done", "never": "never"},
    "timeout": "60s",
}  # fmt: skip
SCALES: dict[str, object] = {
    "action": "scale", "services": ["shop"],
    "run": {"tool": "roll_out", "arguments": {"replicas": "{replicas}"}},
    "dry_run": {"tool": "roll_out", "arguments": {"replicas": "{replicas}", "dry_run": True}},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the server keeps."""
    (tmp_path / "version").write_text("2.0")
    return tmp_path


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    with serving(over_http(folder)) as server:
        yield f"{server.url}/mcp"


@pytest.fixture(params=["program", "address"])
def reached(request: pytest.FixtureRequest, folder: Path) -> dict[str, object]:
    """Either way to the server; both are given the secret, which it likes to repeat."""
    if request.param == "program":
        return program(folder)
    return {"url": request.getfixturevalue("url"), "headers": {"Authorization": "env:HEADER"}}


def program(folder: Path) -> dict[str, object]:
    argv = [sys.executable, "-I", mcp_ops.__file__, str(folder)]
    return {"command": argv, "environment": {"OPS_TOKEN": "env:TOKEN"}}


def server(reached: dict[str, object], *actions: dict[str, object], **more: object) -> McpServer:
    return McpServer.model_validate({"name": "ops", "actions": actions, **reached, **more})


def on(reached: dict[str, object], folder: Path, **more: object) -> LiveActions:
    spec = server(reached, ACTION | more)
    return live_actions((), CATALOGUE, SECRETS, WallClock(), folder / "ledger", [spec])


def behave(folder: Path, mode: str) -> None:
    (folder / "mode").write_text(mode)


def facts(plan: Plan) -> dict[str, str]:
    return {fact.name: fact.value for fact in plan.observed}


def calls(folder: Path) -> list[str]:
    called = folder / "called"
    return [line.split()[0] for line in called.read_text().splitlines()] if called.exists() else []


async def test_people_sign_the_call_the_dry_run_and_what_the_tools_are(
    reached: dict[str, object], folder: Path
) -> None:
    actions = on(reached, folder)
    plan = await actions.plan(ROLLBACK)
    call, effect = plan.effects
    assert call.startswith("the MCP server ops is called: roll_out ")
    assert '"service": "shop", "version": "1.0", "key": "{key}"' in call
    assert effect == "shop goes from 2.0 to 1.0"
    assert facts(plan)["running version"] == "2.0"
    defined = {name for name in facts(plan) if name.startswith("definition of ")}
    assert defined == {f"definition of {tool}" for tool in ("roll_out", "revert", "plan_roll_out", "became")}
    done = await actions.execute(ROLLBACK, KEY, UNFENCED)
    assert done.done
    assert plan.undo is not None
    assert (await actions.plan(plan.undo)).effects[0] == "the MCP server ops is called: revert {}"
    assert (await actions.execute(plan.undo, "INC-1:A2:x", UNFENCED)).done
    assert (folder / "version").read_text() == "2.0"
    shown = f"{plan}{done}{(folder / 'ledger').read_text()}"
    assert TOKEN not in shown
    assert "credential" in done.detail


async def test_values_keep_their_type_and_a_dry_run_may_be_an_argument(url: str, folder: Path) -> None:
    actions = on({"url": url}, folder, **SCALES, allowed=(), undo=None, status=None)
    plan = await actions.plan(SCALE)
    assert plan.effects[1] == "would have 3"
    assert (plan.undo, (folder / "version").read_text()) == (None, "2.0")
    assert (await actions.execute(SCALE, KEY, UNFENCED)).done
    assert (folder / "called").read_text().splitlines()[-1] == 'roll_out {"replicas": 3}'


@pytest.mark.parametrize("mode", ["drift", "gone"])
async def test_a_server_that_changes_its_tools_is_not_called(url: str, folder: Path, mode: str) -> None:
    actions = on({"url": url}, folder)
    plan = await actions.plan(ROLLBACK)
    behave(folder, mode)
    if mode == "drift":  # what was signed is no longer what is planned: `graph.execute` refuses
        was, now = facts(plan), facts(await actions.plan(ROLLBACK))
        assert {name for name in was if was[name] != now[name]} == {"definition of roll_out"}
        record = ActionRecord(key=KEY, plan=plan, begun=WallClock().now())
        late = await carried_out(actions, record, folder / "other")
        assert not late.done
        assert late.detail == "nothing was changed: ops has changed its tools since they were looked at"
    else:
        with pytest.raises(ActionRefused, match="the MCP server ops has no tool 'roll_out'; it has became"):
            await actions.execute(ROLLBACK, KEY, UNFENCED)
    assert "roll_out" not in calls(folder)
    assert (folder / "version").read_text() == "2.0"


async def test_a_server_that_hangs_is_ended_and_its_own_record_decides(folder: Path) -> None:
    behave(folder, "hang")
    actions = on(program(folder), folder, timeout=timedelta(seconds=8))
    with pytest.raises(ToolFailed, match="the MCP server ops did not answer within 8 s"):
        await actions.execute(ROLLBACK, KEY, UNFENCED)
    pid = int((folder / "pid").read_text())
    wait_for(
        "the end of the server", lambda: None if Path(f"/proc/{pid}").exists() else True, seconds=PATIENCE
    )
    found = await on(program(folder), folder).status(KEY)
    assert found is not None
    assert found.done
    assert calls(folder).count("roll_out") == 1


async def test_a_server_that_dies_is_a_sentence_and_nothing_is_done_again(folder: Path) -> None:
    behave(folder, "die")
    actions = on(program(folder), folder)
    with pytest.raises(ToolFailed, match="ops does not answer: MCPError: Connection closed"):
        await actions.execute(ROLLBACK, KEY, UNFENCED)
    assert (await actions.execute(ROLLBACK, KEY, UNFENCED)).detail == "it was done"
    assert calls(folder).count("roll_out") == 1


async def test_an_answer_without_end_is_not_read_to_its_end(reached: dict[str, object], folder: Path) -> None:
    behave(folder, "flood")
    actions = on(reached, folder)
    with pytest.raises(ToolFailed, match="the MCP server ops answered more than 32 MB"):
        await actions.execute(ROLLBACK, KEY, UNFENCED)
    found = await actions.status(KEY)
    assert found is not None
    assert found.done


@pytest.mark.parametrize("mode", ["silent", "both", "deaf"])
async def test_where_the_status_tells_nothing_clear_nobody_can_say(url: str, folder: Path, mode: str) -> None:
    actions = on({"url": url}, folder)
    ago = WallClock().now() - timedelta(hours=1)
    ActionLog(folder / "ledger").write(
        ActionRecord(key=KEY, plan=await actions.plan(ROLLBACK), begun=ago, marked=True, sent=ago)
    )
    assert await actions.status(KEY) is None
    behave(folder, mode)
    for asked in (actions.status(KEY), actions.execute(ROLLBACK, KEY, UNFENCED)):
        with pytest.raises(ToolFailed, match="it is not known whether it was done to roll back shop to"):
            await asked
    with pytest.raises(ToolFailed, match="the action has no `status`; look at shop"):
        await on({"url": url}, folder, status=None).status(KEY)
    assert "roll_out" not in calls(folder)


async def test_a_tool_that_fails_says_so_and_a_failed_dry_run_refuses(url: str, folder: Path) -> None:
    actions = on({"url": url, "headers": {"X-Token": "env:TOKEN"}}, folder)
    behave(folder, "refuse")
    with pytest.raises(ActionRefused, match=r"the dry run .* failed: no such release; <credential>"):
        await actions.plan(ROLLBACK)
    behave(folder, "fail")
    outcome = await actions.execute(ROLLBACK, KEY, UNFENCED)
    assert not outcome.done
    assert outcome.detail.startswith("the tool roll_out refused: no space left; to take it back: ")


async def test_an_answer_of_another_form_than_declared_is_no_success(url: str, folder: Path) -> None:
    behave(folder, "lies")
    with pytest.raises(ToolFailed, match="ops does not answer: RuntimeError: Tool roll_out has an output"):
        await on({"url": url}, folder).execute(ROLLBACK, KEY, UNFENCED)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"run": {"tool": "roll_out", "arguments": {"versoin": "{version}"}}}, "it takes no 'versoin'"),
        (
            {"dry_run": {"tool": "revert", "arguments": {"dry_run": True}}},
            "configured for revert do not fit: it takes no 'dry_run'",
        ),
        ({"run": {"tool": "roll_out", "arguments": {"replicas": "3"}}}, "'3' is not of type 'integer'"),
        ({"run": {"tool": "roll_out", "arguments": {"key": "{commit}"}}}, "needs commit"),
        ({"dry_run": {"tool": "wipe"}}, "wipe of the MCP server ops is to look only, and it changes"),
        ({"status": {"tool": "wipe", "done": "a", "never": "b"}}, "wipe .* is to look only"),
        ({"dry_run": {"tool": "nothing"}}, "has no tool 'nothing'; it has became"),
    ],
)
async def test_what_is_configured_wrongly_calls_nothing(
    url: str, folder: Path, more: dict[str, object], why: str
) -> None:
    actions = on({"url": url}, folder, **more)
    for asked in (actions.plan(ROLLBACK), actions.execute(ROLLBACK, KEY, UNFENCED)):
        with pytest.raises(ActionRefused, match=why):
            await asked
    assert calls(folder) == []


async def test_values_come_from_the_inventory(folder: Path) -> None:
    actions = on({"command": ["/nowhere"]}, folder)
    for version in ("7.7", "1.0\n", "{key}"):
        action = ROLLBACK.model_copy(update={"arguments": Arguments(version=version)})
        with pytest.raises(ActionRefused, match=r"not allowed to .*; allowed: 1\.0|is no name of one"):
            await actions.plan(action)
    with pytest.raises(ToolFailed, match="ops does not answer: FileNotFoundError"):
        await actions.plan(ROLLBACK)


@pytest.mark.parametrize(
    ("tools", "offered", "why"),
    [
        ((), ["ops_became"], "'wipe' of the MCP server ops is not offered: the server says that it changes"),
        (("wipe", "became"), ["ops_became"], "'wipe' .* is not offered: the server says that it changes"),
    ],
)
async def test_what_changes_something_is_lent_to_no_role(
    url: str, folder: Path, tools: tuple[str, ...], offered: list[str], why: str
) -> None:
    acts = ACTION | {"run": {"tool": "plan_roll_out"}, "dry_run": None}
    found = await mcp_tools([server({"url": url}, acts, roles=["a"], tools=tools)], SECRETS)
    assert [tool.name for tool in found.tools["a"]] == offered  # neither what acts, nor its undo
    assert len(found.gaps) == 1
    assert re.search(why, found.gaps[0])


async def test_a_server_without_roles_is_not_asked_when_an_incident_opens() -> None:
    assert (await mcp_tools([server({"command": ["/nowhere"]}, ACTION)], SECRETS)).gaps == ()


async def test_a_credential_that_no_header_can_carry_is_not_shown(folder: Path) -> None:
    actions = on({"url": "http://127.0.0.1:9", "headers": {"A": "env:BROKEN"}}, folder)
    with pytest.raises(
        ToolFailed, match="env:BROKEN holds a character that cannot be handed on as A"
    ) as told:
        await actions.plan(ROLLBACK)
    assert "hunter2" not in str(told.value)


async def test_a_check_makes_the_dry_run(url: str, folder: Path) -> None:
    check = on({"url": url}, folder).adapters[0].check
    assert (await check()).endswith("; shop goes from 2.0 to 1.0")
    behave(folder, "gone")
    with pytest.raises(ActionRefused, match="has no tool 'roll_out'"):
        await check()


def test_mistakes_in_the_configuration_are_named() -> None:
    wrong: list[tuple[Callable[[], McpServer], str]] = [
        (lambda: server({"command": ["x"]}), "no use without `roles`"),
        (lambda: server({"command": ["x"]}, ACTION, tools=["revert"]), "no role gets an action"),
        (lambda: server({"command": ["x"]}, ACTION | {"allowed": ()}), "a rollback needs `allowed`"),
        (lambda: server({"command": ["x"]}, ACTION | {"dry_run": ACTION["run"]}), "have to be other calls"),
        (
            lambda: server(
                {"command": ["x"]}, ACTION | {"undo": {"tool": "t", "arguments": {"a": "{servise}"}}}
            ),
            r"there is nothing called \{servise\}; did you mean service\?",
        ),
    ]
    for make, why in wrong:
        with pytest.raises(ValueError, match=why):
            make()
