"""ntfy: a notice as a push message, at the highest priority where it is to wake somebody.

Published as JSON (docs.ntfy.sh, 2.x): no header holds a text of ours, and Markdown stays off. A message of
more than 4,096 bytes would become an attached file, which a lock screen does not show.
"""

import base64
from datetime import timedelta

from pydantic import SecretStr

from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.http import Answer, Exchange
from nexus.notify.notice import Notice, Purpose
from nexus.notify.wording import headline, in_bytes, loudness, message
from tools.clock import Clock

MESSAGE, TITLE = 4_096, 250
_WAKING = frozenset({Purpose.PAGE, Purpose.DECISION, Purpose.ESCALATION})
#: ntfy's own codes: the topic's or the visitor's quota of a day is used up, not just too much at once.
_OF_THE_DAY = frozenset({42902, 42905, 42908, 42909, 42910})


class Ntfy:
    """Implements `Destination`.

    Args:
        name: as `nexus.yaml` calls it.
        topic: who knows it reads along, so it is shown nowhere.
        server: the address of the server.
        token: an access token, or `user:password`; None: whoever knows the topic may publish.
        clock: what a date in `Retry-After` is compared with.
        limit: how long one try may take.
    """

    can = frozenset({Can.WAKE})
    carries = frozenset(Purpose)

    def __init__(
        self,
        name: str,
        topic: SecretStr,
        *,
        server: str,
        token: SecretStr | None = None,
        clock: Clock,
        limit: timedelta,
    ) -> None:
        self.name = name
        self._topic = topic
        self._server = server
        self._headers = _authorization(token.get_secret_value()) if token is not None else {}
        secrets = [topic.get_secret_value(), *self._headers.values()]
        if token is not None:
            secrets += [token.get_secret_value(), *token.get_secret_value().split(":", 1)]
        self._exchange = Exchange("ntfy", secrets, limit=limit, clock=clock)

    async def send(self, notice: Notice) -> Attempt:
        """Publish it."""
        body = message_of(notice) | {"topic": self._topic.get_secret_value()}
        answer = await self._exchange.post(self._server, body, self._headers)
        return answer if isinstance(answer, Attempt) else self._judged(answer)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()

    def _judged(self, answer: Answer) -> Attempt:
        said = answer.json()
        words, identity = said.get("error"), said.get("id")
        attempt = self._exchange.judged(answer, words if isinstance(words, str) else None)
        if attempt.outcome is Outcome.ACCEPTED and isinstance(identity, str):
            return attempt.model_copy(update={"reference": identity})
        if said.get("code") in _OF_THE_DAY and attempt.retry_after is None:
            return attempt.model_copy(update={"reason": f"{attempt.reason} (the quota of the day)"})
        return attempt


def message_of(notice: Notice) -> dict[str, object]:
    """A notice as what ntfy publishes, without its topic."""
    published: dict[str, object] = {
        "title": headline(notice, TITLE),
        "message": message(notice, MESSAGE, in_bytes),
        "priority": _priority(notice),
        "markdown": False,
    }
    if notice.link is not None:
        published["click"] = notice.link
    return published


def _priority(notice: Notice) -> int:
    """5 rings and vibrates long, 4 vibrates, 3 is ntfy's default, 2 makes no sound."""
    if notice.purpose not in _WAKING:
        return 3
    return 5 if loudness(notice.severity) <= 1 else 4


def _authorization(token: str) -> dict[str, str]:
    if ":" in token:
        return {"authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}
    return {"authorization": f"Bearer {token}"}
