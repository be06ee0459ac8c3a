"""One connection to Slack at a time, opened by us: whatever ends it, the next one is opened.

Slack ends each after a few hours, with a warning about ten seconds before or with `refresh_requested`. While
one is opened anew what is sent goes to another (docs.slack.dev: up to ten for an app, each envelope to any).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from nexus.notify.destination import Attempt
from nexus.notify.slack.socket_address import socket_address
from nexus.server.chat.answering import Answered, ChatAnswers
from nexus.server.chat.app import SlackApp
from nexus.server.chat.envelopes import Frame, answered, frame_of, heard
from tools.live.link_local import is_link_local
from tools.live.trust import system_trust

log = structlog.get_logger(__name__)
T = TypeVar("T")

#: How long a connection, and its `hello`, may take; how long what is in hand is waited for at the end.
_OPENS, _ENDS = 10.0, 5.0
#: A connection that held for so many seconds was a good one.
_GOOD = 30.0
#: The pause before the next try, in seconds: after the first one that failed, the longest, and where only
#: a person can mend it.
_FIRST, _LONGEST, _MENDED = 1.0, 60.0, 300.0
#: So much at once of one connection; more waits.
_AT_ONCE = 20
#: Slack's largest payload is far below it.
_MOST_BYTES = 1_048_576
#: Why Slack ends a connection that was in order.
_PLANNED = frozenset({"warning", "refresh_requested"})


@dataclass(frozen=True)
class Ended:
    """Why a connection ended, or why there was none.

    Attributes:
        why: in words; empty: as planned.
        rest: how long Slack wants to be left alone, in seconds, if it said so.
        to_mend: whether only a person can mend it.
    """

    why: str = ""
    rest: float = 0.0
    to_mend: bool = False


Tell = Callable[[str | None], Awaitable[None]]


@dataclass
class SocketLine:
    """One of an app's connections.

    Args:
        app: whose.
        answers: answers what comes.
        tell: hears why there is no connection; None: there is one.
        within: what is answered in so many seconds is said as the acknowledgement.
        begins: after so many seconds.
        pause: sleeps for so many seconds.
        now: seconds that never go back.
    """

    app: SlackApp
    answers: ChatAnswers
    tell: Tell
    within: float
    begins: float = 0.0
    pause: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    now: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)
    is_open: bool = False
    _doing: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep one open until it is to stop; what takes longer than a moment then is broken off."""
        if self.begins:
            await _unless(stop, self.pause(self.begins))
        try:
            await self._again_and_again(stop)
        finally:
            for one in self._doing:
                one.cancel()
            await asyncio.gather(*self._doing, return_exceptions=True)

    async def _again_and_again(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            begun = self.now()
            ended = await self._once(stop)
            held = self.now() - begun >= _GOOD
            failures = 0 if held else failures + 1
            if ended.why:
                log.warning("Socket Mode has no connection", destination=self.app.name, why=ended.why)
                await self.tell(ended.why)
            await _unless(stop, self.pause(_rest(ended, failures)))

    async def _once(self, stop: asyncio.Event) -> Ended:
        """Open one and answer what comes until it ends."""
        try:
            found = await _unless(stop, self._opened())
            if not isinstance(found, ClientConnection):
                return found or Ended()
            async with found:
                return await self._listen(found, stop)
        except (OSError, TimeoutError, WebSocketException) as error:
            return Ended(f"the connection to Slack broke: {str(error) or type(error).__name__}")
        except Exception as error:  # a job's edge: the next connection is opened all the same
            log.exception("a connection to Slack broke off", destination=self.app.name)
            return Ended(f"the connection to Slack broke off: {type(error).__name__}")
        finally:
            self.is_open = False

    async def _opened(self) -> ClientConnection | Ended:
        assert self.app.app_token is not None  # such an app has no line  # noqa: S101
        address = await socket_address(self.app.api, self.app.app_token, self.app.clock)
        if isinstance(address, Attempt):
            rest = address.retry_after.total_seconds() if address.retry_after is not None else 0.0
            return Ended(address.reason, rest, address.disables)
        return await _connected(address)

    async def _listen(self, connection: ClientConnection, stop: asyncio.Event) -> Ended:
        hands = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.timeout(_OPENS):
            frame = await _unless(stop, _next(connection))
        if frame is not None and frame.type == "hello":
            self.is_open = True
            await self.tell(None)
        try:
            while frame is not None:
                if frame.type == "disconnect":
                    return _ended(frame.reason)
                if frame.envelope_id:
                    await hands.acquire()
                    one = asyncio.create_task(self._envelope(connection, frame, hands))
                    self._doing.add(one)
                    one.add_done_callback(self._doing.discard)
                frame = await _unless(stop, _next(connection))
            return Ended()
        finally:
            if self._doing:
                await asyncio.wait(self._doing, timeout=_ENDS)

    async def _envelope(self, connection: ClientConnection, frame: Frame, hands: asyncio.Semaphore) -> None:
        """Answer one, in time or the rest of it later; what comes later holds up no other."""
        try:
            try:
                work, late = await self._acknowledged(connection, frame)
            finally:
                hands.release()
            done = await work
            if late and done.body is not None and done.address:
                await self.app.respond(done.address, done.body)
            if done.later is not None:
                await done.later()
        except Exception:  # an edge, as of a request: one envelope takes nothing else with it
            log.exception("an envelope of Slack's could not be answered", type=frame.type)

    async def _acknowledged(
        self, connection: ClientConnection, frame: Frame
    ) -> tuple[asyncio.Task[Answered], bool]:
        """The work on an envelope, and whether it came too late for the acknowledgement."""
        work = asyncio.create_task(answered(frame, self.answers, self.app))
        await asyncio.wait({work}, timeout=self.within)
        late = not work.done()
        try:
            await connection.send(heard(frame, None if late else work.result().body))
        except ConnectionClosed:  # Slack sends it again, and then it changes nothing
            log.info("an envelope was not acknowledged", type=frame.type)
        return work, late


def _rest(ended: Ended, failures: int) -> float:
    """For how many seconds nothing is tried: none after a connection that was good."""
    grown = min(_FIRST * 2.0 ** (failures - 1), _LONGEST) if failures else 0.0
    if failures == 1 and not ended.why:  # one refresh soon after the opening may be
        grown = 0.0
    return max(grown, ended.rest, _MENDED if ended.to_mend else 0.0)


def _ended(reason: str) -> Ended:
    if reason in _PLANNED:
        return Ended()
    if reason == "link_disabled":
        return Ended("Socket Mode is switched off in the app's settings at Slack", to_mend=True)
    if reason == "too_many_websockets":
        return Ended("the app has ten connections already, as many as Slack allows")
    return Ended(f"Slack ended the connection: {reason[:100] or 'it did not say why'}")


async def _next(connection: ClientConnection) -> Frame:
    """The next frame that can be read; what is none is passed over, for it could not be answered."""
    while True:
        frame = frame_of(await connection.recv())
        if frame is not None:
            return frame


async def _unless(stop: asyncio.Event, wait: Coroutine[Any, Any, T]) -> T | None:
    """What is waited for, or None if it is to stop before."""
    waiting, stopping = asyncio.create_task(wait), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        for one in (waiting, stopping):
            one.cancel()
        await asyncio.gather(waiting, stopping, return_exceptions=True)


async def _connected(address: str) -> ClientConnection:
    """A connection; Slack leaves that of TCP open after the last words, so it is not waited for."""
    trust = system_trust() if urlsplit(address).scheme == "wss" else None
    return await connect(
        address, sock=await _socket(address), ssl=trust, proxy=None,
        compression=None, user_agent_header="nexus-incident", max_size=_MOST_BYTES,
        open_timeout=_OPENS, ping_interval=20, ping_timeout=20, close_timeout=1,
    )  # fmt: skip


async def _socket(address: str) -> socket.socket:
    """A connection to where no cloud hands out credentials, judged before a byte is sent."""
    parts, loop = urlsplit(address), asyncio.get_running_loop()
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    last: OSError = OSError("it has no address")
    for family, kind, protocol, _, where in found:
        if is_link_local(str(where[0])):
            last = OSError(f"{where[0]} is a link-local address: nothing is asked there")
            continue
        one = socket.socket(family, kind, protocol)
        one.setblocking(False)
        try:
            async with asyncio.timeout(_OPENS):
                await loop.sock_connect(one, where)
        except OSError as error:
            one.close()
            last = error
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise last
