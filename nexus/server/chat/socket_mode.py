"""Socket Mode: what people do in Slack comes over connections that we open, where no door lets Slack in.

As many as two are open for each app, so that one serves while Slack ends the other; Slack allows ten, so up
to five processes may serve one app.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from incidents.errors import NexusError
from nexus.server.chat.answering import ChatAnswers
from nexus.server.chat.app import SlackApp, slack_apps
from nexus.service.destinations import socket_mode_of
from nexus.store.leading import FailingJob
from tools.redaction.redact import redact

if TYPE_CHECKING:
    from nexus.server.chat.socket_line import SocketLine

log = structlog.get_logger(__name__)

LINES = 2
#: Slack waits three seconds for an acknowledgement; what takes longer is said another way.
ANSWER = 2.0
#: The second connection is opened so many seconds after the first: Slack ends both at about the same age.
_APART = 60.0
#: How often it is asked whether `nexus.yaml` names other apps by now, in seconds.
_LOOK = 10.0


@dataclass
class SocketMode:
    """Keeps the connections of every app.

    Args:
        answers: answers what comes.
        within: what is answered in so many seconds is said as the acknowledgement.
        pause: sleeps for so many seconds.
    """

    answers: ChatAnswers
    within: float = ANSWER
    pause: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    _open: dict[SlackApp, tuple[asyncio.Event, list[asyncio.Task[None]]]] = field(default_factory=dict)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the block lasts; what is being answered at its end is answered to its end."""
        stop = asyncio.Event()
        keeping = asyncio.create_task(self._keep(stop))
        try:
            yield
        finally:
            stop.set()
            await keeping

    async def _keep(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                await self.look()
                try:
                    async with asyncio.timeout(_LOOK):
                        await stop.wait()
                except TimeoutError:
                    continue
        finally:
            await asyncio.gather(*(self._close(app) for app in tuple(self._open)))

    async def look(self) -> None:
        """Open what `nexus.yaml` names by now, and close what it names no more."""
        context = self.answers.doing.context
        try:
            apps = slack_apps(context.intake.site, context.home.secrets, context.intake.clock)
        except NexusError as error:  # the destination's own line says so too
            log.warning("the apps of Slack cannot be read", why=str(error))
            return
        wanted = {one.app_token: one for one in reversed(apps) if one.app_token is not None}
        for app in [one for one in self._open if one not in wanted.values()]:
            await self._close(app)
            await self._tell(app, None)
        for app in wanted.values():
            if app not in self._open:
                stop = asyncio.Event()
                tasks = [asyncio.create_task(line.run(stop)) for line in self._lines(app)]
                self._open[app] = stop, tasks

    def _lines(self, app: SlackApp) -> "list[SocketLine]":
        from nexus.server.chat.socket_line import SocketLine  # noqa: PLC0415 - for those who name an app

        made = list[SocketLine]()

        async def tell(why: str | None) -> None:
            if why is None or not any(one.is_open for one in made):
                await self._tell(app, why)

        made += [
            SocketLine(app, self.answers, tell, self.within, n * _APART, self.pause) for n in range(LINES)
        ]
        return made

    async def _close(self, app: SlackApp) -> None:
        stop, tasks = self._open.pop(app)
        stop.set()
        for broke in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(broke, Exception):
                log.error("a connection of Socket Mode broke off", destination=app.name, why=str(broke))

    async def _tell(self, app: SlackApp, why: str | None) -> None:
        """Keep how it stands, for `doctor`, the queue's page and whoever asks for the health."""
        context = self.answers.doing.context
        store, site, name = context.home.store, context.intake.site.site, socket_mode_of(app.name)
        now = context.intake.clock.now()
        try:
            if why is None:
                await store.job_went(site, name)
            else:
                await store.job_failed(FailingJob(site=site, name=name, tries=1, since=now, why=redact(why)))
        except NexusError as error:
            log.warning("how Socket Mode stands could not be kept", why=str(error))
