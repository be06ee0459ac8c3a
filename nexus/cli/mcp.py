"""The verb that serves Nexus to a program of this machine, over its standard input and output."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from incidents.errors import Forbidden, SettingsError
from nexus.cli.base import home, log_to_stderr, settings
from nexus.cli.live import Config, intake_of, read_site
from nexus.cli.parser import Verbs
from nexus.cli.seeing import kept_token

if TYPE_CHECKING:
    from incidents.actor import Actor
    from nexus.config.site import Site
    from nexus.home import Home
    from nexus.server.mcp.desk import AgentDesk, Caller


def verbs() -> Verbs:
    """The verb of this module."""
    return {"mcp": mcp}


def mcp(config: Config = None) -> None:
    """Serve the Model Context Protocol over stdio, as the person whose token is given (docs/mcp.md)."""
    from tools.extras import install_command, missing_extras

    if missing_extras(("mcp",)):
        raise SettingsError(f"`nexus mcp` needs the extra `mcp`: {install_command('mcp')}")
    log_to_stderr()
    path = (config or settings().config).resolve()
    site = read_site(path) if path.exists() or config is not None else None
    with home(create=False, config=config) as opened:
        asyncio.run(_serve(opened, site, path))


async def _serve(opened: "Home", site: "Site | None", path: Path) -> None:
    from mcp.server.stdio import stdio_server

    from nexus.server.mcp.desk import AgentDesk
    from nexus.server.mcp.protocol import protocol_server

    intake = intake_of(opened, site, path, settings().engine) if site is not None else None
    base = (site.server.public_url if site is not None else None) or ""
    desk = AgentDesk(opened, settings(), base, intake)
    whose = kept_token(None)
    await _caller(desk, site, whose)  # who may not come is told at the start, not with the first call

    async def caller(request: Any) -> "Caller":
        return await _caller(desk, site, whose)

    server = protocol_server(desk, caller)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def _caller(desk: "AgentDesk", site: "Site | None", token: str | None) -> "Caller":
    """For whom the program comes, asked with each call: a token that was revoked does not count any more.

    Raises:
        Forbidden: the home has people, and the token is missing or nobody's.
    """
    from nexus.server.mcp.desk import Caller
    from nexus.service.restricting import hidden, hidden_by_token

    actor = await _actor(desk.home, site, token)
    if actor is None:
        return Caller(None, await hidden_by_token(desk.home, ""))
    return Caller(actor, await hidden(desk.home.store, actor))


async def _actor(opened: "Home", site: "Site | None", token: str | None) -> "Actor | None":
    from incidents.actor import Via
    from nexus.service.identity import People
    from nexus.service.tokens import PREFIX, Tokens

    people = People.of(site, opened.secrets) if site is not None else People()
    if not people:
        return None
    shown = (token or "").strip()
    if shown.startswith(PREFIX):
        found = await Tokens(opened.store, opened.clock).actor(shown, people, Via.MCP)
    else:
        found = people.by_token(shown, Via.MCP) if shown else None
    if found is None:
        why = "is nobody's" if shown else "is missing"
        raise Forbidden(
            f"the token {why}: give the program your own one of nexus.yaml's `people`, or an API token with "
            "the scopes mcp:read, mcp:note, mcp:open, as NEXUS_TOKEN or in the keyring"
        )
    return found
