"""The backends of one live world, opened once for all incidents of a process, closed when idle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from incidents.errors import SettingsError
from incidents.findings import Window
from nexus.config.site import Site, load_site
from nexus.home import Home
from nexus.runtime.sent_changes import SentChanges
from nexus.runtime.sharing import action_records_of
from tools.clock import Clock
from tools.live.mcp import Offered, mcp_tools
from tools.live.world import live_world
from tools.ports import World

log = structlog.get_logger(__name__)

#: What was changed in live worlds, beside the store; see `tools.live.actions.action_log`.
ACTION_LOG = "actions"

#: How long connections stay open while no incident is driven.
IDLE = timedelta(seconds=60)


@dataclass(frozen=True)
class LiveSite:
    """A live world while its connections are open; `world.quiet` is each incident's own to set."""

    site: Site
    world: World
    tools: Offered


@dataclass
class _Opened:
    live: LiveSite
    version: tuple[int, int]
    stack: AsyncExitStack
    users: int = 0
    closing: asyncio.TimerHandle | None = None


class SiteConnections:
    """The world that the `nexus.yaml` of a path describes, by its present text.

    A file that has changed is read again for whoever comes next; what is driven already keeps what it has.
    If the changed file cannot be used, what it said before stays in force.
    """

    def __init__(self, home: Home, path: Path, clock: Clock, idle: timedelta = IDLE) -> None:
        self._home = home
        self._path = path
        self._clock = clock
        self._idle = idle
        self._now: _Opened | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> bool:
        """Whether anything is."""
        return self._now is not None

    @asynccontextmanager
    async def use(self) -> AsyncIterator[LiveSite]:
        """The world for the length of a block.

        Raises:
            SettingsError: its `nexus.yaml` cannot be read, and never could.
        """
        async with self._lock:
            opened = await self._current()
            opened.users += 1
            if opened.closing is not None:
                opened.closing.cancel()
        try:
            yield opened.live
        finally:
            opened.users -= 1
            if not opened.users:
                await self._let_go(opened)

    async def aclose(self) -> None:
        """Close whatever is open."""
        if self._now is not None:
            opened, self._now = self._now, None
            if opened.closing is not None:
                opened.closing.cancel()
            await opened.stack.aclose()

    async def _current(self) -> _Opened:
        before = self._now
        try:
            version = _version(self._path)
            if before is not None and before.version == version:
                if before.live.tools.gaps:  # a server was missing: it may be there by now
                    before.live = replace(before.live, tools=await self._offered(before.live.site))
                return before
            self._now = await self._open(load_site(self._path), version)
        except SettingsError as error:
            if before is None:
                raise
            log.warning("nexus.yaml cannot be used; what it said before stays in force", why=str(error))
            return before
        if before is not None and not before.users:
            await before.stack.aclose()
        return self._now

    async def _open(self, site: Site, version: tuple[int, int]) -> _Opened:
        never = datetime.fromtimestamp(0, self._clock.now().tzinfo)
        stack = AsyncExitStack()
        world = await stack.enter_async_context(
            live_world(
                site.backends,
                site.catalogue,
                Window(start=never, end=never + timedelta(seconds=1)),  # each incident brings its own
                site.windows.spans,
                self._home.secrets,
                self._clock,
                self._home.settings.home / ACTION_LOG,
                SentChanges.of(self._home.store, site, self._path),
                action_records_of(self._home.store),
            )
        )
        return _Opened(LiveSite(site, world, await self._offered(site)), version, stack)

    async def _offered(self, site: Site) -> Offered:
        return await mcp_tools(site.backends.mcp, self._home.secrets)

    async def _let_go(self, opened: _Opened) -> None:
        if opened is not self._now:
            await opened.stack.aclose()
            return
        loop = asyncio.get_running_loop()
        opened.closing = loop.call_later(self._idle.total_seconds(), self._close, opened)

    def _close(self, opened: _Opened) -> None:
        if opened is self._now and not opened.users:
            task = asyncio.get_running_loop().create_task(self.aclose())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def _version(path: Path) -> tuple[int, int]:
    """What tells one text of a file from another; zeros where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)
