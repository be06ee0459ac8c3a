"""How senders show who they are: the right secret of several, another one, another body, a replay."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.alerts.authenticity import (
    SIGNATURES,
    Delivery,
    Signature,
    verify_basic,
    verify_bearer,
    verify_client_certificate,
    verify_field,
    verify_header,
    verify_signature,
    verify_standard_webhook,
)

NOW = datetime(2026, 11, 29, 3, 30, tzinfo=UTC)
BODY = b'{"title": "mails wait"}'
SECRETS = ["the-new-one", "the-old-one"]


def delivery(body: bytes = BODY, peer: str = "127.0.0.1", **headers: str) -> Delivery:
    return Delivery({name.replace("_", "-"): value for name, value in headers.items()}, body, NOW, peer)


def signed(signature: Signature, secret: str, body: bytes = BODY) -> str:
    digest = hmac.new(secret.encode(), body, getattr(hashlib, signature.algorithm))
    return signature.prefix + digest.hexdigest()


@pytest.mark.parametrize("sender", SIGNATURES)
def test_a_signature_holds_for_its_body_and_for_each_of_several_secrets(sender: str) -> None:
    way = SIGNATURES[sender]
    for secret in SECRETS:
        shown = Delivery({way.header: signed(way, secret)}, BODY, NOW)
        assert verify_signature(shown, way, SECRETS) is None
        assert "another body" in str(verify_signature(shown, way, ["a-third-one"]))
        changed = Delivery(shown.headers, BODY + b" ", NOW)
        assert "another body" in str(verify_signature(changed, way, SECRETS))
    assert "is missing" in str(verify_signature(delivery(), way, SECRETS))


def test_of_several_signatures_one_must_hold() -> None:
    way = SIGNATURES["pagerduty"]
    both = f"{signed(way, 'gone')},{signed(way, SECRETS[0])}"
    assert verify_signature(delivery(x_pagerduty_signature=both), way, SECRETS) is None


def test_a_signed_time_is_no_older_than_the_window() -> None:
    way = Signature("x-sign", timestamp="x-time", content="{timestamp}:{body}")

    def at(moment: datetime) -> str | None:
        stamp = str(int(moment.timestamp()))
        sign = signed(way, SECRETS[0], f"{stamp}:".encode() + BODY)
        return verify_signature(delivery(x_sign=sign, x_time=stamp), way, SECRETS)

    assert at(NOW) is None
    assert "replay" in str(at(NOW - timedelta(minutes=6)))
    assert "replay" in str(at(NOW + timedelta(minutes=6)))
    sign = signed(way, SECRETS[0])
    assert "is missing" in str(verify_signature(delivery(x_sign=sign), way, SECRETS))
    assert "no count" in str(verify_signature(delivery(x_sign=sign, x_time="noon"), way, SECRETS))


def test_standard_webhooks_are_signed_with_their_identity_and_time() -> None:
    key = base64.b64encode(b"k" * 24).decode()

    def shown(moment: datetime, body: bytes = BODY, signature: str = "") -> Delivery:
        stamp = str(int(moment.timestamp()))
        digest = hmac.new(b"k" * 24, f"msg_1.{stamp}.".encode() + BODY, hashlib.sha256).digest()
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,AAAA v1,{base64.b64encode(digest).decode()}",
        }
        return Delivery(headers | ({"webhook-signature": signature} if signature else {}), body, NOW)

    secrets = [f"whsec_{key}"]
    assert verify_standard_webhook(shown(NOW), secrets) is None
    assert "replay" in str(verify_standard_webhook(shown(NOW - timedelta(minutes=6)), secrets))
    assert "another body" in str(verify_standard_webhook(shown(NOW, b"{}"), secrets))
    odd = shown(NOW, signature="v1,a,b,c nonsense \xe9")
    assert "another secret" in str(verify_standard_webhook(odd, secrets))
    assert "cannot be read" in str(verify_standard_webhook(shown(NOW, b"\xff"), secrets))
    assert "not all there" in str(verify_standard_webhook(delivery(), secrets))


def test_tokens_and_passwords_are_told_from_others() -> None:
    assert verify_bearer(delivery(authorization="Bearer the-old-one"), SECRETS) is None
    assert "another one" in str(verify_bearer(delivery(authorization="bearer nothing"), SECRETS))
    assert "no bearer token" in str(verify_bearer(delivery(), SECRETS))
    pair = base64.b64encode(b"prom:the-new-one").decode()
    assert verify_basic(delivery(authorization=f"Basic {pair}"), "prom", SECRETS) is None
    assert "another one" in str(verify_basic(delivery(authorization=f"Basic {pair}"), "graf", SECRETS))
    assert "no base64" in str(verify_basic(delivery(authorization="Basic é"), "prom", SECRETS))
    assert verify_header(delivery(x_gitlab_token="the-new-one"), "X-Gitlab-Token", SECRETS) is None
    assert "is missing" in str(verify_header(delivery(), "X-Gitlab-Token", SECRETS))
    body = b'{"routing_key": "the-old-one"}'
    assert verify_field(delivery(body), "routing_key", SECRETS) is None
    assert "is missing" in str(verify_field(delivery(), "routing_key", SECRETS))
    assert "no JSON" in str(verify_field(delivery(b"x"), "routing_key", SECRETS))


def test_only_a_proxy_vouches_for_a_certificate() -> None:
    def of(peer: str, name: str) -> str | None:
        return verify_client_certificate(
            delivery(peer=peer, x_subject=name), "X-Subject", ["CN=prom"], ["127.0.0.1"]
        )

    assert of("127.0.0.1", "CN=prom") is None
    assert "somebody else" in str(of("127.0.0.1", "CN=eve"))
    assert "no proxy" in str(of("192.0.2.1", "CN=prom"))


@given(
    st.binary(max_size=40),
    st.text(max_size=40),
    st.text(max_size=40),
    st.sampled_from(["authorization", "webhook-signature", "x-sign"]),
)
def test_whatever_is_shown_is_judged_in_a_sentence(body: bytes, shown: str, stamp: str, header: str) -> None:
    headers = {"webhook-id": "a", "webhook-timestamp": stamp, "x-time": stamp, header: shown}
    sent = Delivery(headers, body, NOW)
    way = Signature("x-sign", timestamp="x-time", content="{timestamp}.{body}")
    for verdict in (
        verify_bearer(sent, SECRETS),
        verify_basic(sent, "u", SECRETS),
        verify_signature(sent, way, SECRETS),
        verify_standard_webhook(sent, ["whsec_" + "a" * 32]),
        verify_field(sent, "a.b", SECRETS),
    ):
        assert verdict
