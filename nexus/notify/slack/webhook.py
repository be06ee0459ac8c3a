"""Slack through an incoming webhook: messages one way, each by itself."""

from datetime import timedelta

from pydantic import SecretStr

from nexus.notify.destination import Attempt, Can
from nexus.notify.http import Exchange
from nexus.notify.notice import Notice, Purpose
from nexus.notify.slack.answers import of_webhook
from nexus.notify.slack.bot import content
from tools.clock import Clock


class SlackWebhook:
    """Implements `Destination` with an incoming webhook: its address is the secret, nothing can be changed.

    Args:
        name: as `nexus.yaml` calls it.
        address: of the webhook.
        clock: what a date in `Retry-After` is compared with.
        limit: how long one try may take.
    """

    can = frozenset[Can]()
    carries = frozenset(Purpose)

    def __init__(self, name: str, address: SecretStr, *, clock: Clock, limit: timedelta) -> None:
        self.name = name
        self._address = address
        secret = address.get_secret_value()
        self._exchange = Exchange("Slack's webhook", [secret], limit=limit, clock=clock)

    async def send(self, notice: Notice) -> Attempt:
        """Post it."""
        answer = await self._exchange.post(self._address.get_secret_value(), content(notice, answers=False))
        return answer if isinstance(answer, Attempt) else of_webhook(self._exchange, answer)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()
