"""A conversation with one MCP server: begun for each question, bounded in time and size, then ended."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from incidents.errors import NexusError, SettingsError, ToolFailed
from tools.extras import install_command
from tools.live.http import LARGEST
from tools.live.mcp.transports import Meter, address, program
from tools.live.secrets import Secrets, without
from tools.live.settings_tools import McpServer
from tools.redaction.redact import redact
from tools.wording import CONTROL, plain

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.types import CallToolResult, Tool

R = TypeVar("R")

#: The library logs what a server sends that is no message, whole: it may hold anything.
logging.getLogger("mcp").setLevel(logging.CRITICAL)


async def converse(
    spec: McpServer, secrets: Secrets, ask: Callable[["ClientSession"], Awaitable[R]], seconds: float
) -> R:
    """Connect, ask, leave. What `ask` raises on purpose is raised.

    Raises:
        ToolFailed: the extra is not installed, or the server does not start, answer in time or make sense.
    """
    try:
        import httpx  # noqa: PLC0415 - the extra's client, not ours
        from mcp import McpError  # noqa: PLC0415 - only sites with servers wait for it
    except ImportError:
        raise ToolFailed(
            f"the MCP server {spec.name} cannot be asked: the extra `mcp` is not installed; "
            f"{install_command('mcp')}"
        ) from None
    found: list[R] = []
    refused: list[NexusError] = []
    full = False
    try:
        async with asyncio.timeout(seconds) as limit:

            def enough() -> None:
                nonlocal full
                full = True
                limit.reschedule(0)  # the library would wait for the rest

            async with _session(spec, secrets, seconds, Meter(enough)) as session:
                await session.initialize()
                try:
                    found.append(await ask(session))
                except NexusError as error:  # raised here it would be wrapped in groups
                    refused.append(error)
    except (OSError, SettingsError, McpError, httpx.HTTPError, ValueError, ExceptionGroup) as error:
        if not found and not refused:  # what goes wrong while leaving takes nothing back
            why = (
                f"answered more than {LARGEST // 1_000_000} MB"
                if full
                else _why(error, spec, secrets, seconds)
            )
            raise ToolFailed(f"the MCP server {spec.name} {why}") from None
    if refused:
        raise refused[0]
    return found[0]


@asynccontextmanager
async def _session(
    spec: McpServer, secrets: Secrets, seconds: float, meter: Meter
) -> AsyncIterator["ClientSession"]:
    from mcp import ClientSession  # noqa: PLC0415

    given = secrets_of(spec, secrets)
    wire = (
        program(spec.command, given, meter)
        if spec.url is None
        else address(str(spec.url), given, seconds, meter)
    )
    async with wire as (read, write), ClientSession(read, write) as session:
        yield session


def secrets_of(spec: McpServer, secrets: Secrets) -> dict[str, str]:
    """What a server is given: the environment of a program, or the headers for an address.

    Raises:
        SettingsError: one is not there, or can be given to nobody.
    """
    given = {}
    for name, ref in (spec.environment if spec.url is None else spec.headers).items():
        given[name] = value = secrets(ref).get_secret_value()
        if "\0" in value or (spec.url is not None and not (value.isascii() and value.isprintable())):
            raise SettingsError(f"{ref} holds a character that cannot be handed on as {name}")
    return given


async def listed(session: "ClientSession") -> dict[str, "Tool"]:
    """The tools that a server has now, by name."""
    found: dict[str, Tool] = {}
    cursor = None
    for _ in range(5):  # a server that always names a next page is not followed for ever
        page = await session.list_tools(cursor)
        found |= {one.name: one for one in page.tools}
        cursor = page.nextCursor
        if not cursor:
            break
    return found


def digest_of(tool: "Tool") -> str:
    """What a tool's name, words, arguments and marks come to: 16 hexadecimal digits."""
    said = tool.model_dump(mode="json", exclude_none=True, exclude={"meta", "icons"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def changes(tool: "Tool") -> bool:
    """Whether the server itself says that a tool changes something."""
    marks = tool.annotations
    return marks is not None and (marks.readOnlyHint is False or marks.destructiveHint is True)


def text_of(answer: "CallToolResult", spec: McpServer, secrets: Secrets) -> str:
    """What a tool answered, without control characters and without secrets: those given to it and others.

    Raises:
        ToolFailed: it is no longer known what the server was given.
    """
    parts = [
        text if isinstance(text := getattr(block, "text", None), str) else f"[{block.type}: left out]"
        for block in answer.content
    ]
    if not parts and answer.structuredContent is not None:
        parts = [json.dumps(answer.structuredContent)]
    try:
        given = secrets_of(spec, secrets).values()
    except SettingsError as error:
        raise ToolFailed(f"what {spec.name} answered is not shown: {error}") from None
    return CONTROL.sub("", redact(without("\n".join(parts), given))).strip()


def _why(error: Exception, spec: McpServer, secrets: Secrets, seconds: float) -> str:
    """The innermost reason in a line."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):
        return f"did not answer within {seconds:g} s"
    if isinstance(error, SettingsError):
        return f"was not asked: {error}"
    said = without(f"{type(error).__name__}: {error}", secrets_of(spec, secrets).values())
    return f"does not answer: {plain(redact(said), 200)}"
