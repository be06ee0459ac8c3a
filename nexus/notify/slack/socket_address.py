"""Where Slack's Socket Mode is to be reached: an address that it gives for one connection, a minute long."""

from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from nexus.notify.destination import Attempt, Outcome
from nexus.notify.http import Exchange
from nexus.notify.slack.answers import of_api
from tools.clock import Clock

_LIMIT = timedelta(seconds=10)


async def socket_address(api: str, app_token: SecretStr, clock: Clock) -> str | Attempt:
    """Ask for one (`apps.connections.open`); what became of it where none was given.

    Args:
        api: where Slack's methods are.
        app_token: of the app, with the scope `connections:write`.
        clock: what a date in `Retry-After` is compared with.
    """
    token = app_token.get_secret_value()
    exchange = Exchange("Slack", [token], limit=_LIMIT, clock=clock)
    try:
        headers = {"authorization": f"Bearer {token}"}
        answer = await exchange.post(f"{api}/apps.connections.open", {}, headers)
        if isinstance(answer, Attempt):
            return answer
        attempt = of_api(exchange, answer)
        if attempt.outcome is not Outcome.ACCEPTED:
            return attempt
        found = answer.json().get("url")
    finally:
        await exchange.aclose()
    if isinstance(found, str) and _is_one(found, api):
        return found
    why = "Slack gave no address of a WebSocket that may be used"
    return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason=why)


def _is_one(address: str, api: str) -> bool:
    """Whether it is one; without TLS only if Slack's methods are asked without it too."""
    try:
        parts, asked = urlsplit(address), urlsplit(api)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and parts.scheme in ({"wss", "ws"} if asked.scheme == "http" else {"wss"})
