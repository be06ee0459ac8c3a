"""The apps of Slack that send their buttons here: what `nexus.yaml` says of them, and what they are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.requests import Request

from nexus.config.site import Site
from nexus.notify.destination import Attempt
from nexus.notify.http import Exchange
from nexus.notify.slack.settings import SlackSettings
from nexus.notify.wiring import address_of
from nexus.server.chat.signature import is_signed
from tools.clock import Clock
from tools.live.secrets import Secrets

#: Slack wants its answer within three seconds.
_LIMIT = timedelta(seconds=2)


@dataclass(frozen=True)
class SlackApp:
    """One app, which sends to us and may be told.

    Attributes:
        name: of the destination that names it.
        token: of its bot.
        api: where Slack's methods are.
        signing: signs what it sends over HTTP; None: it sends nothing that way.
        app_token: opens Socket Mode; None: it sends nothing that way.
    """

    name: str
    token: SecretStr
    api: str
    clock: Clock
    signing: SecretStr | None = None
    app_token: SecretStr | None = None

    @property
    def seal(self) -> SecretStr:
        """What the codes are sealed with that make an account known."""
        secret = self.signing or self.app_token
        assert secret is not None  # none is made without one of them  # noqa: S101
        return secret

    async def call(self, method: str, body: dict[str, object]) -> bool:
        """Call a method of the Web API; whether it was done."""
        token = self.token.get_secret_value()
        exchange = Exchange("Slack", [token], limit=_LIMIT, clock=self.clock)
        try:
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json; charset=utf-8"}
            answer = await exchange.post(f"{self.api}/{method}", body, headers)
        finally:
            await exchange.aclose()
        return not isinstance(answer, Attempt) and answer.json().get("ok") is True

    async def respond(self, address: str, body: Mapping[str, object]) -> bool:
        """Answer later what came with an address for it; whether it was taken. It goes to Slack alone."""
        if not _is_slack(address, self.api):
            return False
        exchange = Exchange("Slack", [address], limit=_LIMIT, clock=self.clock)
        try:
            answer = await exchange.post(address, dict(body))
        finally:
            await exchange.aclose()
        return not isinstance(answer, Attempt) and 200 <= answer.status < 300


def _is_slack(address: str, api: str) -> bool:
    try:
        parts, ours = urlsplit(address), urlsplit(api)
    except ValueError:
        return False
    hooks = parts.scheme == "https" and parts.netloc in {"hooks.slack.com", "hooks.slack-gov.com"}
    return hooks or (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc)


def slack_apps(site: Site, secrets: Secrets, clock: Clock) -> tuple[SlackApp, ...]:
    """Those that `notify.destinations` names with a `signing_secret` or an `app_token`.

    Raises:
        SettingsError: a secret cannot be looked up.
    """
    return tuple(
        SlackApp(
            name=one.name,
            token=secrets(one.token),
            api=address_of(one.url, secrets).rstrip("/"),
            clock=clock,
            signing=secrets(one.signing_secret) if one.signing_secret is not None else None,
            app_token=secrets(one.app_token) if one.app_token is not None else None,
        )
        for one in site.notify.destinations
        if isinstance(one, SlackSettings) and one.answers
    )


def sender(apps: tuple[SlackApp, ...], request: Request, body: bytes, now: datetime) -> SlackApp | None:
    """The app that sent it; None: none of ours."""
    for one in apps:
        if one.signing and is_signed(one.signing.get_secret_value(), request.headers, body, now):
            return one
    return None
