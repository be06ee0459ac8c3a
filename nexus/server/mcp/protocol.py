"""The tools in the words of the protocol; `mcp` comes with the extra, so who imports this has it."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_REQUEST,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.requests import Request

from incidents.access import Permission
from incidents.errors import NexusError
from nexus.server.mcp.desk import AgentDesk, Caller
from nexus.server.mcp.tools import MARKING, TOOLS, AgentTool, Called, call

#: Told to whatever connects, in place of what no schema says.
INSTRUCTIONS = (
    "Nexus runs a team's incident response. These tools read incidents, ask about them, leave a program's "
    "note and open an incident from an alert. None approves, rejects, overrides or stops anything: a change "
    f"is decided by a person, at the page that `read_incident` names. {MARKING}"
)

CallerOf = Callable[[Request | None], Awaitable[Caller]]


def protocol_server(desk: AgentDesk, caller_of: CallerOf) -> Server[Any]:
    """The server.

    Args:
        desk: the service.
        caller_of: for whom a request comes; None: over stdio.
    """

    async def list_tools(context: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        try:
            caller = await caller_of(context.request)
        except NexusError as error:
            raise MCPError(INVALID_REQUEST, str(error)) from None
        return ListToolsResult(tools=[_described(tool) for tool in TOOLS.values() if tool.may(caller)])

    async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
        try:
            done = await call(desk, await caller_of(context.request), params.name, params.arguments or {})
        except NexusError as error:
            done = Called(wrong=str(error))
        if done.wrong:
            return CallToolResult(content=[TextContent(type="text", text=done.wrong)], is_error=True)
        return CallToolResult(
            content=[TextContent(type="text", text=MARKING), TextContent(type="text", text=done.text)],
            structured_content=done.structured,
        )

    return Server(
        "nexus",
        version=version("nexus-incident"),
        title="Nexus",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _described(tool: AgentTool[Any]) -> Tool:
    reads = tool.needs is Permission.READ
    return Tool(
        name=tool.name,
        description=tool.says,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=ToolAnnotations(
            read_only_hint=reads, destructive_hint=False, idempotent_hint=reads, open_world_hint=False
        ),
    )
