"""What `nexus.yaml` says of Amazon Web Services."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, HttpUrl, model_validator
from pydantic_core import PydanticCustomError

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef

#: What CloudWatch's documents list: the plain statistics, percentiles, trimmed and winsorized ones.
_STATISTIC = (
    r"^(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|wm|tc|ts)\d{1,2}(\.\d{1,10})?"
    r"|(PR|TM|WM|TC|TS)\([\d.%]{0,20}:[\d.%]{0,20}\))$"
)
#: Periods below a minute are these, all others are whole minutes.
_FINE = frozenset(timedelta(seconds=seconds) for seconds in (1, 5, 10, 20, 30))
#: Log groups of one backend.
MOST_GROUPS = 100
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


class Aws(Value):
    """One region of an account. Without `key` and `secret` the machine's own account asks."""

    region: str = Field(min_length=1, max_length=40)
    key: SecretRef | None = None
    secret: SecretRef | None = None
    session_token: SecretRef | None = None
    endpoint_url: HttpUrl | None = Field(default=None, description="none: AWS's own of the region")
    timeout: Duration = Field(default=timedelta(seconds=10), description="of one request")


class CloudWatchLogs(Aws):
    """Log groups of Amazon CloudWatch."""

    kind: Literal["cloudwatch"]
    groups: dict[str, str] = Field(
        min_length=1, max_length=MOST_GROUPS, description="the service of each log group"
    )
    pattern: str = Field(default="", max_length=1024, description="a filter pattern of CloudWatch")

    @property
    def named(self) -> Mapping[str, Iterable[str]]:
        """The services that it names, by its fields."""
        return {"groups": self.groups.values()}


class CloudWatchOf(Value):
    """Whose a metric of CloudWatch is: the dimensions that select it, all of them."""

    service: str
    instance: str = ""
    peer: str = Field(default="", description="the service that is called, for an edge")
    dimensions: dict[str, str] = Field(min_length=1, max_length=30)


class CloudWatchSeries(Value):
    """One metric of CloudWatch, of every service that has it."""

    metric: str = Field(description="its name here, as recordings have it: request_rate, latency_p95")
    unit: str = ""
    namespace: str = Field(min_length=1, max_length=255, description="as `AWS/ApplicationELB`")
    name: str = Field(min_length=1, max_length=255, description="its name in CloudWatch")
    statistic: str = Field(default="Average", pattern=_STATISTIC, description="as `Sum` or `p95`")
    per_second: bool = Field(default=False, description="divided by the period, as a sum of requests is")
    scale: float = Field(default=1.0, gt=0, description="times this, as 0.001 for milliseconds")
    missing: float | None = Field(
        default=None, description="what a period without a data point stands for; none: for nothing"
    )
    of: tuple[CloudWatchOf, ...] = Field(min_length=1)


class CloudWatchMetrics(Aws):
    """Metrics of Amazon CloudWatch, `GetMetricData`."""

    kind: Literal["cloudwatch"]
    series: tuple[CloudWatchSeries, ...] = Field(min_length=1)
    period: Duration = Field(default=_MINUTE, description="of one value: 1, 5, 10, 20, 30 s or whole minutes")

    @property
    def named(self) -> Mapping[str, Iterable[str]]:
        """The services that it names, by its fields."""
        of = [one for series in self.series for one in series.of]
        return {"series": [name for one in of for name in (one.service, one.peer) if name]}

    @model_validator(mode="after")
    def _stored(self) -> Self:
        if self.period not in _FINE and (self.period % _MINUTE or not _MINUTE <= self.period <= _DAY):
            raise PydanticCustomError("period", "a period of 1, 5, 10, 20, 30 s or of whole minutes")
        return self
