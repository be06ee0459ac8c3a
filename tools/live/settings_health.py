"""What `nexus.yaml` says of parts that are asked directly, beside the endpoints of the catalogue."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AnyUrl, Field, UrlConstraints, model_validator
from pydantic_core import PydanticCustomError

from incidents.duration import Duration
from incidents.value import Value
from tools.expression import Expression
from tools.live.secrets import SecretRef
from tools.live.settings_http import Http
from tools.live.settings_kubernetes import KubernetesHealth


class OfService(Value):
    """A part of one service."""

    service: str


class Postgres(OfService):
    """A PostgreSQL server, asked for connections, locks, transactions, statements and replication."""

    kind: Literal["postgres"]
    dsn: SecretRef = Field(description="the address with its password, as libpq reads it")
    timeout: Duration = timedelta(seconds=5)
    slow: Duration = Field(default=timedelta(seconds=5), description="a statement that runs longer is slow")
    long: Duration = Field(default=timedelta(minutes=5), description="a transaction open for longer is wrong")
    lag: Duration = Field(default=timedelta(seconds=30), description="a replica further behind is wrong")


def _bare(url: AnyUrl) -> AnyUrl:
    """Refuse an address that says more than where."""
    if url.username or url.password or url.query or url.fragment or url.path not in (None, "", "/"):
        # The value is not repeated: it may hold the very password that this forbids.
        raise PydanticCustomError(
            "secret", "an address as SCHEME://HOST:PORT alone; `user` and `password` stand beside it"
        )
    return url


class MariaDb(OfService):
    """A MariaDB server, asked for connections, locks, transactions, statements and replication."""

    kind: Literal["mariadb"]
    url: Annotated[
        AnyUrl, UrlConstraints(allowed_schemes=["mariadb"], default_port=3306), AfterValidator(_bare)
    ] = Field(description="mariadb://HOST:PORT")
    user: str
    password: SecretRef
    ca_file: Path | None = Field(default=None, description="certificates to trust; none: without TLS")
    timeout: Duration = timedelta(seconds=5)
    slow: Duration = Field(default=timedelta(seconds=5), description="a statement that runs longer is slow")
    long: Duration = Field(default=timedelta(minutes=5), description="a transaction open for longer is wrong")
    lag: Duration = Field(default=timedelta(seconds=30), description="a replica further behind is wrong")


class Redis(OfService):
    """A Redis server, asked for memory, evictions, clients, replication and slow commands."""

    kind: Literal["redis"]
    url: Annotated[
        AnyUrl, UrlConstraints(allowed_schemes=["redis", "rediss"], default_port=6379), AfterValidator(_bare)
    ] = Field(description="redis://HOST:PORT, or rediss:// for TLS")
    user: str | None = Field(default=None, description="of the server's ACL; none: the default user")
    password: SecretRef | None = None
    ca_file: Path | None = Field(default=None, description="certificates to trust for this server")
    timeout: Duration = timedelta(seconds=5)
    slow: Duration = Field(default=timedelta(seconds=1), description="a command that ran longer is wrong")
    lag: Duration = Field(default=timedelta(seconds=30), description="a replica further behind is wrong")


class RabbitMq(OfService, Http):
    """RabbitMQ's management API, asked for queues, consumers, alarms and nodes."""

    kind: Literal["rabbitmq"]
    vhost: str | None = Field(default=None, description="whose queues; none: of all that the user sees")
    waiting: int = Field(default=10_000, ge=1, description="more messages that wait in a queue are wrong")
    parked: tuple[str, ...] = Field(
        default=("*dead*", "*dlq*", "*error*"),
        description="queues whose messages wait for people: none of them needs a consumer",
    )


class StatusPageSpec(OfService, Http):
    """A vendor's Statuspage, `/api/v2/summary.json`."""

    kind: Literal["status_page"]


class OpenApi(OfService, Http):
    """A service's OpenAPI document: its GET operations without required parameters are probed."""

    kind: Literal["openapi"]
    document: str = Field(default="/openapi.json", pattern="^/")


class Gauge(Value):
    """One number in a JSON answer, and what the team holds for bad."""

    name: str = Field(min_length=1, max_length=60, description="what people call it")
    find: Expression = Field(description="the JMESPath expression that finds the number in the answer")
    unit: str = Field(
        default="", max_length=20, description="seconds, milliseconds, bytes, ratio, percent, or your own"
    )
    above: float | None = Field(default=None, description="a value above this is unhealthy")
    below: float | None = Field(default=None, description="a value below this is unhealthy")


class HttpGauges(OfService, Http):
    """A team's own numbers: what an address answers as JSON to a GET, described in a few lines."""

    kind: Literal["http"]
    path: str = Field(default="", pattern=r"^(/[^#\s]*)?$", description="behind `url`, with its query")
    gauges: tuple[Gauge, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [gauge.name for gauge in self.gauges]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the gauge {doubled[0]!r} stands twice")
        return self


HealthSpec = Annotated[
    Postgres | MariaDb | Redis | RabbitMq | StatusPageSpec | OpenApi | KubernetesHealth | HttpGauges,
    Field(discriminator="kind"),
]
