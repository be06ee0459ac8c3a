"""Amazon SNS: whose messages count, and which addresses are opened."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from nexus.config.senders import Sender, SnsTopics
from nexus.server.senders import SenderDoor
from tools.alerts.authenticity import Delivery
from tools.alerts.sns_signature import RecordedPages, canonical, is_amazons, verify_sns

NOW = datetime(2026, 11, 29, 3, 30, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:000000000000:ops"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t0"
Message = dict[str, str]


@lru_cache
def signer() -> tuple[rsa.RSAPrivateKey, bytes]:
    """A key, and a certificate of it that is valid around the test's now."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return key, made.public_bytes(serialization.Encoding.PEM)


def message(version: str = "2", **changed: str) -> Message:
    """A signed message; what is changed is changed before it is signed."""
    key, _ = signer()
    sent = {
        "Type": "Notification", "MessageId": "m1", "TopicArn": TOPIC, "Subject": "ALARM", "Message": "{}",
        "Timestamp": "2026-11-29T03:29:58.000Z", "SignatureVersion": version, "SigningCertURL": CERTIFICATE,
    } | changed  # fmt: skip
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303  the version that SNS signs by default
    signature = key.sign(canonical(sent), padding.PKCS1v15(), algorithm)
    return sent | {"Signature": base64.b64encode(signature).decode()}


def why_not(sent: Mapping[str, str], certificate: bytes | None = None, at: datetime = NOW) -> str | None:
    return verify_sns(sent, signer()[1] if certificate is None else certificate, [TOPIC], at)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_message_of_a_known_topic_counts(version: str) -> None:
    assert why_not(message(version)) is None
    assert "another message" in str(why_not(message(version) | {"Message": '{"AlarmName": "x"}'}))


def test_what_is_of_another_topic_time_or_certificate_does_not_count() -> None:
    assert "no topic" in str(why_not(message(TopicArn=f"{TOPIC}2")))
    assert "an hour from now" in str(why_not(message(), at=NOW + timedelta(hours=2)))
    assert "not valid now" in str(
        why_not(message(Timestamp="2026-12-05T03:30:00Z"), at=NOW + timedelta(days=6))
    )
    assert "must be 1 or 2" in str(why_not(message() | {"SignatureVersion": "3"}))
    assert "cannot be read" in str(why_not(message(), b"no certificate"))
    assert "cannot be read" in str(why_not(message() | {"Signature": "é"}))


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        (CERTIFICATE, True),
        ("https://sns.cn-north-1.amazonaws.com.cn/x.pem", True),
        ("http://sns.eu-west-1.amazonaws.com/x.pem", False),
        ("https://sns.eu-west-1.amazonaws.com.example.org/x.pem", False),
        ("https://sns.eu-west-1.amazonaws.com@example.org/x.pem", False),
        ("https://sns.eu-west-1.amazonaws.com:8443/x.pem", False),
        ("https://sns-eu-west-1.example.org/x.pem", False),
        ("https://[", False),
    ],
)
def test_only_addresses_of_sns_itself_are_opened(url: str, is_open: bool) -> None:
    assert is_amazons(url) is is_open


def door(pages: RecordedPages) -> SenderDoor:
    return SenderDoor(senders={"sns": Sender(shows=SnsTopics(by="sns", topics=(TOPIC,)))}, pages=pages)


def sent(content: Message) -> Delivery:
    return Delivery({}, json.dumps(content).encode(), NOW)


async def test_a_subscription_is_confirmed_only_if_amazon_signed_it_for_a_known_topic() -> None:
    pages = RecordedPages({CERTIFICATE: signer()[1], CONFIRM: b"<ok/>"})
    asks = {"Type": "SubscriptionConfirmation", "Token": "t0", "SubscribeURL": CONFIRM}
    await door(pages).confirm(sent(message(**asks)))
    assert pages.asked == [CERTIFICATE, CONFIRM]
    for wrong in (
        message(**asks) | {"SubscribeURL": CONFIRM + "&x"},
        message(**asks, TopicArn=f"{TOPIC}2"),
        message(**asks | {"SubscribeURL": "https://example.org/"}),
        message(),
    ):
        pages = RecordedPages({CERTIFICATE: signer()[1]})
        await door(pages).confirm(sent(wrong))
        assert [url for url in pages.asked if url != CERTIFICATE] == []


async def test_the_certificate_is_read_once_and_only_from_amazon() -> None:
    pages = RecordedPages({CERTIFICATE: signer()[1]})
    here = door(pages)
    assert [await here.why_not(sent(message()), name) for name in ("sns", None, "sns")] == [None] * 3
    assert pages.asked == [CERTIFICATE]
    elsewhere = message() | {"SigningCertURL": "https://example.org/x.pem"}
    assert "no certificate of Amazon" in str(await here.why_not(sent(elsewhere), "sns"))
    assert pages.asked == [CERTIFICATE]
