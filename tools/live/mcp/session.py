"""A conversation with one MCP server: begun for each question, bounded in time, ended with its process."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from incidents.errors import SettingsError, ToolFailed
from tools.live.secrets import Secrets
from tools.live.spec_beside import McpServer
from tools.redact import redact
from tools.words import plain

if TYPE_CHECKING:
    from mcp import ClientSession

R = TypeVar("R")

#: The library logs what a server sends that is no message, whole: it may hold anything.
logging.getLogger("mcp").setLevel(logging.CRITICAL)


async def converse(
    spec: McpServer, secrets: Secrets, ask: Callable[["ClientSession"], Awaitable[R]], seconds: float
) -> R:
    """Connect, ask, leave.

    Raises:
        ToolFailed: the extra is not installed, or the server does not start, answer in time or make sense.
    """
    try:
        import httpx  # noqa: PLC0415 - the extra's client, not ours
        from mcp import McpError  # noqa: PLC0415 - only sites with servers wait for it
    except ImportError:
        raise ToolFailed(
            f"the MCP server {spec.name} cannot be asked: the extra `mcp` is not installed "
            "(pip install 'nexus-incident[mcp]')"
        ) from None
    try:
        async with asyncio.timeout(seconds), _session(spec, secrets, seconds) as session:
            await session.initialize()
            return await ask(session)
    except TimeoutError:
        raise ToolFailed(f"the MCP server {spec.name} did not answer within {seconds:g} s") from None
    except SettingsError as error:
        raise ToolFailed(f"the MCP server {spec.name} was not asked: {error}") from None
    except (OSError, McpError, httpx.HTTPError, ValidationError, ExceptionGroup) as error:
        raise ToolFailed(f"the MCP server {spec.name} does not answer: {_why(error)}") from None


@asynccontextmanager
async def _session(spec: McpServer, secrets: Secrets, seconds: float) -> AsyncIterator["ClientSession"]:
    import httpx  # noqa: PLC0415
    from mcp import ClientSession  # noqa: PLC0415
    from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: PLC0415
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415
    from mcp.shared._httpx_utils import create_mcp_http_client  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        if spec.url is not None:
            headers = {name: secrets(ref).get_secret_value() for name, ref in spec.headers.items()}
            # The goodbye is a request of its own, which a server that hangs does not answer either.
            client = create_mcp_http_client(headers=headers, timeout=httpx.Timeout(seconds))
            await stack.enter_async_context(client)
            wire = streamable_http_client(str(spec.url), http_client=client)
            read, write, _ = await stack.enter_async_context(wire)
        else:
            given = {name: secrets(ref).get_secret_value() for name, ref in spec.environment.items()}
            program = StdioServerParameters(command=spec.command[0], args=list(spec.command[1:]), env=given)
            # What a server complains of may hold its secrets: it is nobody's to read here.
            silence = stack.enter_context(os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
            read, write = await stack.enter_async_context(stdio_client(program, errlog=silence))
        yield await stack.enter_async_context(ClientSession(read, write))


def _why(error: Exception) -> str:
    """The innermost reason in a line."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return plain(redact(f"{type(error).__name__}: {error}"), 200)
