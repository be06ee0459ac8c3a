"""Posts notices to an address of the site's own, signed by Standard Webhooks 1.0.

The body is `{"type": "nexus.<purpose>", "timestamp": …, "data": <the notice>}`. `webhook-id` is the notice's
key: a receiver that has seen it drops what comes again.
"""

import base64
import binascii
import json
from datetime import timedelta

from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from incidents.errors import SettingsError
from incidents.value import iso
from nexus.notify.destination import Attempt, Can
from nexus.notify.http import Exchange
from nexus.notify.notice import Notice, Purpose
from tools.clock import Clock


class WebhookDestination:
    """Implements `nexus.notify.destination.Destination`.

    Args:
        name: as `nexus.yaml` calls it.
        url: where to.
        secret: what it is signed with, `whsec_` and base64.
        clock: the moment of a signature.
        limit: how long one try may take.

    Raises:
        SettingsError: the secret is none.
    """

    carries = frozenset(Purpose)
    can = frozenset({Can.KEYS})

    def __init__(self, name: str, url: str, secret: SecretStr, clock: Clock, limit: timedelta) -> None:
        self.name = name
        self._url = url
        self._signer = Webhook(_key(name, secret))
        self._clock = clock
        self._exchange = Exchange("the webhook", [url, secret.get_secret_value()], limit=limit, clock=clock)

    async def send(self, notice: Notice) -> Attempt:
        """Try once to hand a notice over."""
        now = self._clock.now()
        told = {
            "type": f"nexus.{notice.purpose}",
            "timestamp": iso(now),
            "data": notice.model_dump(mode="json"),
        }
        body = json.dumps(told, ensure_ascii=False)
        headers = {
            "content-type": "application/json",
            "webhook-id": notice.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(notice.key, now, body),
        }
        answer = await self._exchange.ask("POST", self._url, body.encode(), headers)
        return answer if isinstance(answer, Attempt) else self._exchange.judged(answer)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()


def _key(name: str, secret: SecretStr) -> bytes:
    """The bytes of a secret, which the library would take from whatever it is given."""
    text = secret.get_secret_value().removeprefix("whsec_")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < 16:
        raise SettingsError(
            f"notify.destinations.{name}.secret: it has to be whsec_ and base64 of 24 to 64 bytes"
        )
    return key
