"""The apps of Slack that send their buttons here: what `nexus.yaml` says of them, and what they are told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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
    """One app, which sends to us and may be told."""

    secret: SecretStr
    token: SecretStr
    api: str
    clock: Clock

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


def slack_apps(site: Site, secrets: Secrets, clock: Clock) -> tuple[SlackApp, ...]:
    """Those that `notify.destinations` names with a `signing_secret`.

    Raises:
        SettingsError: a secret cannot be looked up.
    """
    return tuple(
        SlackApp(
            secret=secrets(one.signing_secret),
            token=secrets(one.token),
            api=address_of(one.url, secrets).rstrip("/"),
            clock=clock,
        )
        for one in site.notify.destinations
        if isinstance(one, SlackSettings) and one.signing_secret is not None
    )


def sender(apps: tuple[SlackApp, ...], request: Request, body: bytes, now: datetime) -> SlackApp | None:
    """The app that sent it; None: none of ours."""
    signed = [one for one in apps if is_signed(one.secret.get_secret_value(), request.headers, body, now)]
    return signed[0] if signed else None
