"""`intake.senders` of `nexus.yaml`: how each sender of alerts shows who it is, and forms of one's own."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from incidents.value import Value
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
from tools.alerts.mapping import FormMapping
from tools.live.secrets import SecretRef
from tools.live.settings import Http

Resolve = Callable[[SecretRef], SecretStr]


class _Secrets(Value):
    """Several may hold at once: the old one until the sender shows the new one."""

    secrets: tuple[SecretRef, ...] = Field(min_length=1)

    def resolved(self, resolve: Resolve) -> list[str]:
        """What they stand for now."""
        return [resolve(ref).get_secret_value() for ref in self.secrets]


class Bearer(_Secrets):
    """`Authorization: Bearer …`."""

    by: Literal["bearer"]

    def why_not(self, delivery: Delivery, resolve: Resolve) -> str | None:
        """Why a delivery does not show it, or None."""
        return verify_bearer(delivery, self.resolved(resolve))


class Basic(_Secrets):
    """`Authorization: Basic …`."""

    by: Literal["basic"]
    user: str

    def why_not(self, delivery: Delivery, resolve: Resolve) -> str | None:
        """Why a delivery does not show it, or None."""
        return verify_basic(delivery, self.user, self.resolved(resolve))


class Header(_Secrets):
    """A secret in a header."""

    by: Literal["header"]
    header: str

    def why_not(self, delivery: Delivery, resolve: Resolve) -> str | None:
        """Why a delivery does not show it, or None."""
        return verify_header(delivery, self.header, self.resolved(resolve))


class InBody(_Secrets):
    """A secret in the body."""

    by: Literal["field"]
    path: str

    def why_not(self, delivery: Delivery, resolve: Resolve) -> str | None:
        """Why a delivery does not show it, or None."""
        return verify_field(delivery, self.path, self.resolved(resolve))


class Signed(_Secrets):
    """An HMAC in a header: as a known sender does it, or as its settings say."""

    by: Literal["signature"]
    like: str | None = Field(default=None, description="the form whose way it is; else the header is given")
    header: str | None = None
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    timestamp: str = Field(default="", description="the header of the time of signing")
    content: str = Field(default="", description="what is signed, with {timestamp} and {body}")

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.like is None and self.header is None:
            raise PydanticCustomError("signature", "give `like` or `header`")
        if self.like is not None and self.like not in SIGNATURES:
            raise PydanticCustomError(
                "signature", "like: known are {known}", {"known": ", ".join(SIGNATURES)}
            )
        if self.content and "{body}" not in self.content:
            raise PydanticCustomError(
                "signature", "content: without {{body}} the signature is of no delivery"
            )
        return self

    @property
    def signature(self) -> Signature:
        """How it is signed."""
        if self.like is not None and not self.timestamp:
            return SIGNATURES[self.like]
        known = SIGNATURES.get(self.like or "", Signature((self.header or "").lower()))
        return Signature(
            header=(self.header or known.header).lower(),
            algorithm=self.algorithm if self.like is None else known.algorithm,
            encoding=self.encoding if self.like is None else known.encoding,
            prefix=self.prefix or known.prefix,
            timestamp=self.timestamp.lower(),
            content=self.content or ("{timestamp}:{body}" if self.timestamp else "{body}"),
        )

    def why_not(self, delivery: Delivery, resolve: Resolve) -> str | None:
        """Why a delivery does not show it, or None."""
        return verify_signature(delivery, self.signature, self.resolved(resolve))


class StandardWebhook(_Secrets):
    """Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""

    by: Literal["standard_webhooks"]

    def why_not(self, delivery: Delivery, resolve: Resolve) -> str | None:
        """Why a delivery does not show it, or None."""
        return verify_standard_webhook(delivery, self.resolved(resolve))


class ClientCertificate(Value):
    """Mutual TLS that a proxy checks."""

    by: Literal["client_certificate"]
    header: str
    names: tuple[str, ...] = Field(min_length=1)
    proxies: tuple[str, ...] = Field(default=("127.0.0.1", "::1"), description="addresses that may vouch")

    def why_not(self, delivery: Delivery, resolve: Resolve) -> str | None:
        """Why a delivery does not show it, or None."""
        return verify_client_certificate(delivery, self.header, self.names, self.proxies)


class SnsTopics(Value):
    """Amazon's certificate over a message of one of these topics."""

    by: Literal["sns"]
    topics: tuple[str, ...] = Field(min_length=1)


Proof = Annotated[
    Bearer | Basic | Header | InBody | Signed | StandardWebhook | ClientCertificate | SnsTopics,
    Field(discriminator="by"),
]


class Sender(Value):
    """One sender of alerts."""

    shows: Proof | None = Field(default=None, description="how it shows who it is; else `intake.token`")
    api: Http | None = Field(
        default=None,
        description="its API v2, where alerts are fetched that it left out of a notification",
    )
    reads: FormMapping | None = Field(default=None, description="a form of one's own")


Senders = Mapping[str, Sender]
