"""What `nexus.yaml` says of parts that are asked directly, beside the endpoints of the catalogue."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

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
    Postgres | StatusPageSpec | OpenApi | KubernetesHealth | HttpGauges, Field(discriminator="kind")
]
