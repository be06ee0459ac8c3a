"""A conversation with one MCP server: begun for each question, bounded in time and size, then ended."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import httpx2

from incidents.errors import NexusError, SettingsError, ToolFailed
from tools.extras import install_command
from tools.live.http import LARGEST
from tools.live.mcp.transports import Meter, Wire, address, program
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

    It begins as in protocol 2026-07-28. A server that takes the first question for none, ends over it or is
    silent for half of the time is asked anew with the handshake of the protocols before; nothing of `ask` has
    reached it by then.

    Raises:
        ToolFailed: the extra is not installed, or the server does not start, answer in time or make sense.
    """
    try:
        import mcp  # noqa: F401, PLC0415 - only sites with servers wait for it
    except ImportError:
        raise ToolFailed(
            f"the MCP server {spec.name} cannot be asked: the extra `mcp` is not installed; "
            f"{install_command('mcp')}"
        ) from None
    first = _Conversation(spec, secrets, ask, "auto", seconds, seconds / 2)
    begun = asyncio.get_running_loop().time()
    await first.hold()
    if not first.is_of_before:
        return first.result()
    left = seconds - (asyncio.get_running_loop().time() - begun)
    second = _Conversation(spec, secrets, ask, "legacy", left, left)
    await second.hold()
    return second.result() if second.entered else first.result()


@dataclass
class _Conversation(Generic[R]):
    """One connection.

    Args:
        spec: the server.
        secrets: resolves what it gets.
        ask: what is asked once it has said which protocol it speaks.
        mode: how that is found out: by asking for it, or by the handshake of the protocols before.
        seconds: for all of it.
        entering: of these, until it is connected.
    """

    spec: McpServer
    secrets: Secrets
    ask: Callable[["ClientSession"], Awaitable[R]]
    mode: Literal["auto", "legacy"]
    seconds: float
    entering: float
    entered: bool = False
    _found: list[R] = field(default_factory=list)
    _failed: NexusError | None = None
    _is_protocol: bool = False

    async def hold(self) -> None:
        """Connect, ask and leave; `result` tells what came of it."""
        from mcp import MCPError  # noqa: PLC0415 - only sites with servers wait for it

        full = False
        try:
            async with asyncio.timeout(self.entering) as limit:

                def enough() -> None:
                    nonlocal full
                    full = True
                    limit.reschedule(0)  # the library would wait for the rest

                def connected() -> None:
                    if not full:
                        limit.reschedule(until)

                until = asyncio.get_running_loop().time() + self.seconds
                await self._talk(Meter(enough), connected)
        except* (OSError, SettingsError, MCPError, httpx2.HTTPError, ValueError, RuntimeError) as group:
            if not self._found and self._failed is None:  # what goes wrong while leaving takes nothing back
                error = _innermost(group)
                self._is_protocol = isinstance(error, MCPError | TimeoutError) and not full
                why = f"answered more than {LARGEST // 1_000_000} MB" if full else self._why(error)
                self._failed = ToolFailed(f"the MCP server {self.spec.name} {why}")

    async def _talk(self, meter: Meter, connected: Callable[[], object]) -> None:
        from mcp import Client  # noqa: PLC0415

        wire = _wire(self.spec, self.secrets, self.seconds, meter)
        async with Client(wire, mode=self.mode, cache=None) as client:
            self.entered = True
            connected()
            try:
                # Not the client's own call: that sends a call again which was refused for its headers.
                self._found.append(await self.ask(client.session))
            except NexusError as error:  # raised here it would be wrapped in groups
                self._failed = error

    @property
    def is_of_before(self) -> bool:
        """Whether a server may be one that knows the handshake only."""
        return self.mode == "auto" and not self.entered and self._is_protocol

    def result(self) -> R:
        """What was answered; raises as `converse`."""
        if self._failed is not None:
            raise self._failed
        return self._found[0]

    def _why(self, error: BaseException) -> str:
        """The reason in a line."""
        if isinstance(error, TimeoutError):
            return f"did not answer within {self.seconds:g} s"
        if isinstance(error, SettingsError):
            return f"was not asked: {error}"
        said = without(f"{type(error).__name__}: {error}", secrets_of(self.spec, self.secrets).values())
        return f"does not answer: {plain(redact(said), 200)}"


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _wire(
    spec: McpServer, secrets: Secrets, seconds: float, meter: Meter
) -> AbstractAsyncContextManager[Wire]:
    given = secrets_of(spec, secrets)
    if spec.url is None:
        return program(spec.command, given, meter)
    return address(str(spec.url), given, seconds, meter)


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
    from mcp.types import PaginatedRequestParams  # noqa: PLC0415 - the extra is there: see `converse`

    found: dict[str, Tool] = {}
    cursor = None
    for _ in range(5):  # a server that always names a next page is not followed for ever
        params = PaginatedRequestParams(cursor=cursor) if cursor else None
        page = await session.list_tools(params=params)
        found |= {one.name: one for one in page.tools}
        cursor = page.next_cursor
        if not cursor:
            break
    return found


def digest_of(tool: "Tool") -> str:
    """What a tool's name, words, arguments and marks come to: 16 hexadecimal digits."""
    said = tool.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"meta", "icons"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def changes(tool: "Tool") -> bool:
    """Whether the server itself says that a tool changes something."""
    marks = tool.annotations
    return marks is not None and (marks.read_only_hint is False or marks.destructive_hint is True)


def text_of(answer: "CallToolResult", spec: McpServer, secrets: Secrets) -> str:
    """What a tool answered, without control characters and without secrets: those given to it and others.

    Raises:
        ToolFailed: it is no longer known what the server was given.
    """
    parts = [
        text if isinstance(text := getattr(block, "text", None), str) else f"[{block.type}: left out]"
        for block in answer.content
    ]
    if not parts and answer.structured_content is not None:
        parts = [json.dumps(answer.structured_content)]
    try:
        given = secrets_of(spec, secrets).values()
    except SettingsError as error:
        raise ToolFailed(f"what {spec.name} answered is not shown: {error}") from None
    return CONTROL.sub("", redact(without("\n".join(parts), given))).strip()
