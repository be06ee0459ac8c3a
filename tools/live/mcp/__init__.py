"""Servers of the Model Context Protocol as further tools for roles, which only read.

What a server can change is an action: see `tools.live.actions.mcp`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from incidents.errors import ToolFailed
from incidents.value import Value
from tools.live.mcp.server import McpTools, Offer
from tools.live.secrets import Secrets
from tools.live.settings_tools import McpServer
from tools.toolset import Tool

__all__ = ["McpTools", "Offered", "mcp_tools"]

#: A server that is not there must not keep an incident waiting, in seconds.
OPENING = 5.0


@dataclass(frozen=True)
class Offered:
    """The further tools by role, and a sentence for each server or tool that is missing."""

    tools: dict[str, tuple[Tool[Value, Value], ...]] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()


async def mcp_tools(specs: Sequence[McpServer], secrets: Secrets) -> Offered:
    """Ask every server once what it offers to roles, all at a time; one that does not answer is a gap."""
    specs = [spec for spec in specs if spec.roles]

    async def asked(spec: McpServer) -> Offer:
        try:
            return await McpTools(spec, secrets).offer(OPENING)
        except ToolFailed as error:
            return Offer((), (f"{error}; its tools are missing in this incident",))

    offers = await asyncio.gather(*map(asked, specs))
    tools: dict[str, tuple[Tool[Value, Value], ...]] = {}
    for spec, offer in zip(specs, offers, strict=True):
        for role in spec.roles:
            tools[role] = (*tools.get(role, ()), *offer.tools)
    return Offered(tools, tuple(gap for offer in offers for gap in offer.gaps))
