"""Amazon SNS: its signature over a message, the addresses that are its own, what confirms a topic."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from incidents.errors import AlertError
from tools.alerts.times import read_time

#: SNS tries again for an hour at most.
REPLAY_WINDOW = timedelta(hours=1, minutes=5)
_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?")
#: What is signed, in this order.
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}


class AmazonPages(Protocol):
    """Reads a page of Amazon's: a certificate, or the one that confirms a subscription."""

    async def get(self, url: str) -> bytes:
        """What the page holds.

        Raises:
            ToolFailed: it did not answer.
        """


class RecordedPages:
    """The twin: pages by their address, and which were asked for."""

    def __init__(self, pages: Mapping[str, bytes]) -> None:
        self._pages = pages
        self.asked: list[str] = []

    async def get(self, url: str) -> bytes:
        """A page that was given."""
        self.asked.append(url)
        return self._pages.get(url, b"")


def is_amazons(url: str) -> bool:
    """Whether an address is SNS's own: by its host, over TLS, at the usual port, with nobody's name in it."""
    try:
        parts = urlsplit(url)
        is_plain = parts.port in {None, 443} and parts.username is None and parts.password is None
    except ValueError:
        return False
    return parts.scheme == "https" and is_plain and _HOST.fullmatch(parts.hostname or "") is not None


def message_of(body: bytes) -> Mapping[str, str]:
    """The texts of an SNS message; empty if it is none."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    texts = message.items() if isinstance(message, dict) else ()
    return {name: value for name, value in texts if isinstance(value, str)}


def certificate_url(message: Mapping[str, str]) -> str | None:
    """Where the certificate of a message is, if that is an address of Amazon's."""
    url = message.get("SigningCertURL", "")
    return url if is_amazons(url) and urlsplit(url).path.endswith(".pem") else None


def verify_sns(
    message: Mapping[str, str], certificate: bytes, topics: Sequence[str], received_at: datetime
) -> str | None:
    """Why a message is not of one of the topics, signed by the holder of the certificate and recent; or None.

    A signature alone shows that Amazon sent it, for anybody's topic.
    """
    if message.get("TopicArn") not in topics:
        return "TopicArn: it is no topic of nexus.yaml's `intake.senders`"
    try:
        at = read_time(message.get("Timestamp"), received_at, "Timestamp")
    except AlertError as error:
        return str(error)
    if not at.sent or abs(received_at - at.at) > REPLAY_WINDOW:
        return "Timestamp: it is missing, or over an hour from now"
    algorithm = _HASHES.get(message.get("SignatureVersion", ""))
    if algorithm is None:
        return "SignatureVersion: it must be 1 or 2"
    try:
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
        signer = x509.load_pem_x509_certificate(certificate)
        if not signer.not_valid_before_utc <= received_at <= signer.not_valid_after_utc:
            return "SigningCertURL: the certificate is not valid now"
        key = signer.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return "SigningCertURL: the certificate has no RSA key"
        key.verify(signature, canonical(message), padding.PKCS1v15(), algorithm())
    except InvalidSignature:
        return "Signature: it is of another certificate or another message"
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return "Signature: it, or the certificate, cannot be read"
    return None


def canonical(message: Mapping[str, str]) -> bytes:
    """What is signed: names and values in turn, each on a line."""
    names = _NOTIFICATION if message.get("Type") == "Notification" else _CONFIRMATION
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode(errors="replace")


def confirmation_url(message: Mapping[str, str]) -> str | None:
    """Where the subscription of a verified message is confirmed, if that is an address of Amazon's."""
    url = message.get("SubscribeURL", "")
    is_open = message.get("Type") == "SubscriptionConfirmation"
    return url if is_open and is_amazons(url) else None
