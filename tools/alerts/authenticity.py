"""Whether a delivery is from whom it says, as each sender shows it. Pure: secrets and clock are arguments.

Each function returns why a delivery is not authentic, or None. Several secrets may hold at once, so that one
can be replaced by the next. Comparisons take the same time wherever two texts differ.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from standardwebhooks import Webhook

from tools.alerts.body import Body

#: How far the time of a signature may be from the receipt: what was listened in on is worth nothing later.
REPLAY_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request as its authenticity is judged: headers with names in lower case, the body as it was sent."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """How a sender signs: an HMAC over the body, or over its time and the body.

    Attributes:
        header: where the signature stands; several are separated by commas or spaces.
        prefix: what stands before it.
        timestamp: the header of the time of signing, if the sender has one.
        content: what is signed, with `{timestamp}` and `{body}`.
    """

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    timestamp: str = ""
    content: str = "{body}"


#: How the senders that sign do it, by the names of their forms.
SIGNATURES: Mapping[str, Signature] = {
    "checkly": Signature("x-checkly-signature"),
    "flux": Signature("x-signature", prefix="sha256="),
    "github": Signature("x-hub-signature-256", prefix="sha256="),
    "grafana": Signature("x-grafana-alerting-signature"),
    "netbox": Signature("x-hook-signature", algorithm="sha512"),
    "pagerduty": Signature("x-pagerduty-signature", prefix="v1="),
    "sentry": Signature("sentry-hook-signature"),
}


def _matches(shown: str, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets was shown; every one is compared."""
    equal = [hmac.compare_digest(shown.encode(errors="replace"), secret.encode()) for secret in secrets]
    return any(equal)


def _in_window(at: datetime, received_at: datetime, window: timedelta = REPLAY_WINDOW) -> str | None:
    if abs(received_at - at) <= window:
        return None
    minutes = round(window / timedelta(minutes=1))
    return f"it was signed more than {minutes} minutes from now: a replay, or one of the clocks is wrong"


def verify_bearer(delivery: Delivery, secrets: Sequence[str]) -> str | None:
    """`Authorization: Bearer …`."""
    scheme, _, shown = delivery.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return "the header Authorization shows no bearer token"
    return None if _matches(shown.strip(), secrets) else "the bearer token is another one"


def verify_basic(delivery: Delivery, user: str, secrets: Sequence[str]) -> str | None:
    """`Authorization: Basic …` of a user, with one of the secrets as password."""
    scheme, _, shown = delivery.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "the header Authorization shows no user and password"
    try:
        name, _, password = base64.b64decode(shown.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "the header Authorization is no base64 of a user and a password"
    is_user, is_password = _matches(name, [user]), _matches(password, secrets)
    return None if is_user and is_password else "the user or the password is another one"


def verify_header(delivery: Delivery, header: str, secrets: Sequence[str]) -> str | None:
    """A secret in a header of the sender's own, such as `X-Gitlab-Token`."""
    shown = delivery.headers.get(header.lower(), "")
    if not shown:
        return f"the header {header} is missing"
    return None if _matches(shown.strip(), secrets) else f"the header {header} shows another secret"


def verify_field(delivery: Delivery, path: str, secrets: Sequence[str]) -> str | None:
    """A secret in the body, such as PagerDuty's `routing_key`."""
    try:
        shown = Body(json.loads(delivery.body)).text(path)
    except (ValueError, RecursionError):
        return f"{path}: the body is no JSON"
    if not shown:
        return f"{path}: is missing"
    return None if _matches(shown.value, secrets) else f"{path}: it is another secret"


def verify_signature(delivery: Delivery, signature: Signature, secrets: Sequence[str]) -> str | None:
    """An HMAC in a header, of a time that is near enough if the sender signs one."""
    shown = delivery.headers.get(signature.header, "")
    if not shown:
        return f"the header {signature.header} is missing"
    sent = delivery.headers.get(signature.timestamp, "") if signature.timestamp else ""
    if signature.timestamp:
        if not sent:
            return f"the header {signature.timestamp} is missing"
        try:
            at = datetime.fromtimestamp(int(sent), UTC)
        except (ValueError, OverflowError, OSError):
            return f"the header {signature.timestamp} is no count of seconds since 1970"
        if (late := _in_window(at, delivery.received_at)) is not None:
            return late
    before, _, after = signature.content.replace("{timestamp}", sent).partition("{body}")
    content = before.encode() + delivery.body + after.encode()
    expected = [_hmac(signature, secret, content) for secret in secrets]
    candidates = [one.removeprefix(signature.prefix) for one in shown.replace(",", " ").split()]
    is_ours = any(_matches(candidate, expected) for candidate in candidates)
    return None if is_ours else f"the signature in {signature.header} is of another secret or another body"


def _hmac(signature: Signature, secret: str, content: bytes) -> str:
    digest = hmac.digest(secret.encode(), content, signature.algorithm)
    return digest.hex() if signature.encoding == "hex" else base64.b64encode(digest).decode()


def verify_standard_webhook(delivery: Delivery, secrets: Sequence[str]) -> str | None:
    """Standard Webhooks, as Svix sends them: identity, time and body are signed.

    The library signs; it would check the time by its own clock and raises of many kinds for odd headers.
    """
    headers = delivery.headers
    identity, sent, shown = (
        headers.get(f"webhook-{part}") or headers.get(f"svix-{part}", "")
        for part in ("id", "timestamp", "signature")
    )
    if not (identity and sent and shown):
        return "the headers webhook-id, webhook-timestamp and webhook-signature are not all there"
    try:
        at = datetime.fromtimestamp(int(sent), UTC)
        data = delivery.body.decode()
        expected = [Webhook(secret).sign(identity, at, data) for secret in secrets]
    except (ValueError, OverflowError, OSError):
        return "the time, the body or the secret cannot be read"
    if (late := _in_window(at, delivery.received_at)) is not None:
        return late
    is_ours = any(_matches(candidate, expected) for candidate in shown.split())
    return None if is_ours else "the signature in webhook-signature is of another secret or another body"


def verify_client_certificate(
    delivery: Delivery, header: str, names: Sequence[str], proxies: Sequence[str]
) -> str | None:
    """Mutual TLS that a proxy has checked: it alone may write the certificate's name into a header."""
    if delivery.peer not in proxies:
        return f"{delivery.peer or 'an unknown address'} is no proxy that may vouch for a certificate"
    shown = delivery.headers.get(header.lower(), "").strip()
    if not shown:
        return f"the header {header} is missing: the proxy saw no certificate"
    return None if shown in names else f"the certificate in {header} is of somebody else"
