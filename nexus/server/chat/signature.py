"""Whether a request is Slack's: signed over its raw body, five minutes old at most (docs.slack.dev, v0)."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

#: A request whose moment is further from now, before or after, is not taken, in seconds.
AGE = 300


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether the app of this secret was sent it.

    Args:
        secret: the app's signing secret.
        headers: by their names in lower case, or in any case.
        body: as it came, before anything was read from it.
        now: the moment.
    """
    moment = headers.get("x-slack-request-timestamp", "")
    shown = headers.get("x-slack-signature", "")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return False
    if abs(int(now.timestamp()) - int(moment)) > AGE:
        return False
    made = hmac.new(secret.encode(), b"v0:" + moment.encode() + b":" + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={made}".encode(), shown.encode("utf-8", "surrogateescape"))
