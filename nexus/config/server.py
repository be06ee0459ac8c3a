"""`server` of `nexus.yaml`: how it is reached, and what it asks of those who come."""

from datetime import timedelta

from pydantic import Field

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef


class Server(Value):
    """The server: its address, its metrics, its sessions."""

    metrics_token: SecretRef | None = Field(
        default=None,
        description="what Prometheus has to show as a bearer token for GET /metrics; else none is",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+$",
        description="where browsers reach it, https://HOST without a path; none: wherever they come from",
    )
    session: Duration = Field(
        default=timedelta(hours=12), description="after a login people stay known this long: a shift"
    )
