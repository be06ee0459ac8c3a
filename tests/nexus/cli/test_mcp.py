"""`nexus mcp` over stdio: as whom a program comes, in both protocols, with the reference client."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.nexus.command_line import Terminal
from tests.nexus.server.rooms import Room, room, token_of

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

from mcp import Client, StdioServerParameters

from tests.nexus.sample import ID
from tests.nexus.server.test_mcp import NAMES


@asynccontextmanager
async def program(home: Path, mode: str = "auto", *words: str, **environment: str) -> AsyncIterator[Client]:
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "nexus", "mcp", *words],
        env={"NEXUS_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[3]), **environment},
    )  # fmt: skip
    async with Client(server, mode=mode, cache=None) as one:
        yield one


@pytest.fixture
def made(tmp_path: Path) -> Room:
    with room(tmp_path) as one:
        return one


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_program_comes_as_the_person_whose_token_it_is_given(made: Room, mode: str) -> None:
    home = made.home.settings.home
    words = ("--config", str(home / "nexus.yaml"))
    tokens = {name.upper(): token_of(name) for name in ("dana", "viewer", "responder", "approver")}
    tokens |= {name.upper(): token_of(name) for name in ("commander", "admin")}
    async with program(home, mode, *words, NEXUS_TOKEN=token_of("viewer"), **tokens) as one:
        assert {tool.name for tool in (await one.list_tools()).tools} == NAMES - {
            "leave_note", "open_incident",
        }  # fmt: skip
    async with program(home, mode, *words, NEXUS_TOKEN=token_of("dana"), **tokens) as one:
        assert {tool.name for tool in (await one.list_tools()).tools} == NAMES
        read = await one.call_tool("read_incident", {"incident": ID})
        assert read.structured_content["incident"]["page"] == f"/incidents/{ID}"
        left = await one.call_tool("leave_note", {"incident": ID, "text": "seen"})
        assert left.structured_content["known"] is False


def test_a_home_with_people_takes_nobody_without_a_token(nexus: Terminal, made: Room) -> None:
    nexus.set("NEXUS_HOME", str(made.home.settings.home))
    nexus.set("DANA", token_of("dana"))
    config = made.home.settings.home / "nexus.yaml"
    refused = nexus("mcp", "--config", config)
    assert (refused.code, refused.out) == (1, "")
    assert "the token is missing: give the program your own one" in refused.err
    nexus.set("NEXUS_TOKEN", "nobodys")
    assert "the token is nobody's" in nexus("mcp", "--config", config).err


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_in_a_home_without_people_a_program_only_reads(ended: Path, mode: str) -> None:
    async with program(ended, mode) as one:
        assert {tool.name for tool in (await one.list_tools()).tools} == NAMES - {
            "leave_note", "open_incident",
        }  # fmt: skip
        (line,) = (await one.call_tool("list_incidents", {})).structured_content["items"]
        asked = await one.call_tool("ask_about", {"incident": line["id"], "question": "Which deployment?"})
        assert not asked.is_error
        refused = await one.call_tool("leave_note", {"incident": line["id"], "text": "x"})
        assert refused.is_error
