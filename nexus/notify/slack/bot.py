"""Slack through a bot: one message in the channel for each incident, kept up to date; the rest is its thread.

The first notice of an incident opens the thread. Every later one is said in it, those that wake somebody in
the channel too, and the first is then changed to what is so now.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from pydantic import SecretStr

from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.http import Exchange
from nexus.notify.notice import Notice, Purpose
from nexus.notify.slack.answers import of_api
from nexus.notify.slack.blocks import blocks_of, fallback
from tools.clock import Clock

#: As many threads are known without being asked for.
_KNOWN = 1_000
#: Nobody sees these who does not look into the thread, unless they are said in the channel too.
_ALOUD = frozenset({Purpose.PAGE, Purpose.DECISION, Purpose.ESCALATION, Purpose.RESOLVED})


#: The reference of the first notice of an incident that this destination took, such as `C1:1700.01`.
Opening = Callable[[str], Awaitable[str | None]]


class SlackBot:
    """Implements `Destination` with `chat.postMessage` and `chat.update`.

    Args:
        name: as `nexus.yaml` calls it.
        token: of the bot, `xoxb-…`, with the scope `chat:write`.
        channel: its id.
        opening: remembers across restarts what opened an incident's thread; without one only this process
            knows.
        answers: whether somebody listens to its buttons; else they lead to pages.
        api: where Slack's methods are.
        clock: what a date in `Retry-After` is compared with.
        limit: how long one try may take.
    """

    can = frozenset({Can.EDIT, Can.THREAD, Can.BUTTONS})
    carries = frozenset(Purpose)

    def __init__(
        self,
        name: str,
        token: SecretStr,
        channel: str,
        *,
        opening: Opening | None = None,
        answers: bool = False,
        api: str,
        clock: Clock,
        limit: timedelta,
    ) -> None:
        self.name = name
        self._token = token
        self._channel = channel
        self._opening = opening
        self._one_opens = asyncio.Lock()
        self._answers = answers
        self._api = api.rstrip("/")
        # A notice in a thread takes two requests, and may wait for one that opens it: all have to fit.
        self._wait = limit / 4
        self._exchange = Exchange("Slack", [token.get_secret_value()], limit=limit * 3 / 8, clock=clock)
        self._threads: dict[str, str] = {}

    async def send(self, notice: Notice) -> Attempt:
        """Open the incident's thread, or say it there and bring the first message up to date."""
        opened = await self._opened(notice.thread)
        if opened is None:
            try:
                async with asyncio.timeout(self._wait.total_seconds()):
                    await self._one_opens.acquire()
            except TimeoutError:
                return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason="others are just being sent")
            try:  # two at once would be two threads
                opened = self._threads.get(notice.thread)
                if opened is None:
                    return await self._opens(notice)
            finally:
                self._one_opens.release()
        channel, _, ts = opened.partition(":")
        into = {"channel": channel, "thread_ts": ts, "reply_broadcast": notice.purpose in _ALOUD}
        attempt = await self._said(notice, into)
        if attempt.outcome is Outcome.ACCEPTED:
            await self.edit(opened, notice)  # told it was, even if the first goes on saying something older
        return attempt

    async def edit(self, reference: str, notice: Notice) -> Attempt:
        """Put a notice in the place of one that was taken."""
        channel, _, ts = reference.partition(":")
        return await self._called("chat.update", {"channel": channel, "ts": ts, **self._content(notice)})

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()

    async def _said(self, notice: Notice, where: dict[str, object]) -> Attempt:
        quiet = {"unfurl_links": False, "unfurl_media": False, "mrkdwn": False}
        return await self._called("chat.postMessage", where | quiet | self._content(notice))

    async def _called(self, method: str, body: dict[str, object]) -> Attempt:
        headers = {
            "authorization": f"Bearer {self._token.get_secret_value()}",
            "content-type": "application/json; charset=utf-8",
        }
        answer = await self._exchange.post(f"{self._api}/{method}", body, headers)
        return answer if isinstance(answer, Attempt) else of_api(self._exchange, answer)

    def _content(self, notice: Notice) -> dict[str, object]:
        return content(notice, answers=self._answers)

    async def _opens(self, notice: Notice) -> Attempt:
        attempt = await self._said(notice, {"channel": self._channel})
        if attempt.reference is not None:
            self._remember(notice.thread, attempt.reference)
        return attempt

    async def _opened(self, thread: str) -> str | None:
        if thread not in self._threads and self._opening is not None:
            found = await self._opening(thread)
            if found is not None:
                self._remember(thread, found)
        return self._threads.get(thread)

    def _remember(self, thread: str, reference: str) -> None:
        self._threads[thread] = reference
        while len(self._threads) > _KNOWN:
            del self._threads[next(iter(self._threads))]


def content(notice: Notice, *, answers: bool) -> dict[str, object]:
    """Text and blocks of a message; `answers` unless its buttons only lead to pages."""
    return {"text": fallback(notice), "blocks": blocks_of(notice, answers=answers)}
