"""`server` of `nexus.yaml`: how it is reached, and what it asks of those who come."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, IPvAnyNetwork, field_validator, model_validator

from incidents.access import AccessRole
from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef

_ADDRESS = r"^https?://[A-Za-z0-9.\-\[\]:]+$"


class IdentityProvider(Value):
    """Where people log in (OpenID Connect)."""

    issuer: str = Field(description="its address, as its tokens name it")
    client_id: str = Field(min_length=1)
    client_secret: SecretRef | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    person: str = Field(
        default="email", description="the claim that holds a person's `id` (or name) in `people`"
    )
    groups: str = Field(default="groups", description="the claim that holds somebody's groups")
    roles: dict[str, tuple[AccessRole, ...]] = Field(
        default={}, description="what groups may; to decide on changes takes somebody of `people`"
    )

    @field_validator("issuer")
    @classmethod
    def _not_readable_on_the_way(cls, issuer: str) -> str:
        if not safe_address(issuer):
            raise ValueError("it has to begin with https:// (http:// only on this machine)")
        return issuer


class Proxy(Value):
    """A reverse proxy that says from whom a request is."""

    addresses: tuple[IPvAnyNetwork, ...] = Field(
        min_length=1, description="from which it comes; what others say of themselves is not heard"
    )
    user_header: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]+$", description="names the person who logged in there"
    )

    def is_it(self, peer: str) -> bool:
        """Whether a connection is from it."""
        try:
            return any(ip_address(peer) in network for network in self.addresses)
        except ValueError:
            return False


class WatchdogSettings(Value):
    """A service outside that raises the alarm when it hears nothing (a dead man's switch)."""

    url: SecretRef = Field(description="its address by reference; it is asked with GET")
    every: Duration = Field(default=timedelta(minutes=1), description="how often it is told")


class Server(Value):
    """The server: its address, its metrics, its sessions."""

    metrics_token: SecretRef | None = Field(
        default=None,
        description="what Prometheus has to show as a bearer token for GET /metrics; else none is",
    )
    public_url: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="where browsers reach it, https://HOST without a path; none: wherever they come from",
    )
    session: Duration = Field(
        default=timedelta(hours=12), description="after a login people stay known this long: a shift"
    )
    login: IdentityProvider | None = Field(
        default=None, description="where people log in; with it passwords are for `break_glass` alone"
    )
    proxy: Proxy | None = None
    watchdog: WatchdogSettings | None = None

    @model_validator(mode="after")
    def _can_be_come_back_to(self) -> Self:
        if self.login is not None and self.public_url is None:
            raise ValueError("`login` needs `public_url`: the identity provider sends people back there")
        return self


def safe_address(url: str) -> bool:
    """Whether what is said there cannot be read on the way: TLS, or this machine."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    return bool(parts.hostname) and (parts.scheme == "https" or here)
