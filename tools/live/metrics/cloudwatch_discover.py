"""Which services the metrics of a region tell of (`ListMetrics`): the start of a `nexus.yaml`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from incidents.catalogue import Service, ServiceKind
from incidents.errors import ToolFailed
from incidents.value import Value
from tools.live.amazon import Amazon, told
from tools.live.http import Reply
from tools.live.secrets import Secrets
from tools.live.settings_aws import Aws, CloudWatchOf, CloudWatchSeries
from tools.wording import plain

#: Metrics of one namespace that are looked at; a page has 500.
_MOST = 5000

_Dimensions = tuple[tuple[str, str], ...]


class _Named(Value):
    dimension: str
    part: str = "^(.+)$"


class _Row(Value):
    metric: str
    unit: str
    name: str
    statistic: str = "Average"
    per_second: bool = False
    scale: float = 1.0
    missing: float | None = None


class _Namespace(Value):
    namespace: str
    dimensions: tuple[str, ...]
    service: _Named
    kind: ServiceKind = ServiceKind.SERVICE
    series: tuple[_Row, ...]

    def service_of(self, dimensions: _Dimensions) -> str | None:
        """The service that a metric is of; None if it is of something else."""
        said = dict(dimensions)
        if len(said) != len(self.dimensions) or not said.keys() >= set(self.dimensions):
            return None
        found = re.search(self.service.part, said[self.service.dimension])
        return plain(found[1], 60) if found else None


class CloudWatchServices(Value):
    """The services by name, and the series that are asked of them."""

    services: tuple[Service, ...] = ()
    series: tuple[CloudWatchSeries, ...] = ()


class _Dimension(Reply):
    name: str = Field(alias="Name")
    value: str = Field(alias="Value")


class _Metric(Reply):
    name: str = Field(alias="MetricName")
    dimensions: tuple[_Dimension, ...] = Field(alias="Dimensions", default=())


class _Page(Reply):
    metrics: tuple[_Metric, ...] = Field(alias="Metrics", default=())
    following: str | None = Field(alias="NextToken", default=None)


class _Client(Protocol):
    async def list_metrics(self, **query: object) -> dict[str, Any]: ...


@cache
def _namespaces() -> tuple[_Namespace, ...]:
    text = resources.files("tools.live.metrics").joinpath("cloudwatch_services.yaml").read_text("utf-8")
    return TypeAdapter(tuple[_Namespace, ...]).validate_python(yaml.load(text, yaml.CSafeLoader))


async def discover_services(spec: Aws, secrets: Secrets) -> CloudWatchServices:
    """Ask a region which metrics had data in the last three hours. Right: `cloudwatch:ListMetrics`.

    Raises:
        ToolFailed: it does not answer, or the extra `aws` is not installed.
    """
    amazon: Amazon[_Client] = Amazon(f"CloudWatch in {spec.region}", "cloudwatch", spec, secrets)
    kinds: dict[str, ServiceKind] = {}
    series: list[CloudWatchSeries] = []
    try:
        for one in _namespaces():
            having = _by_subject(one, await _listed(amazon, one.namespace))
            for service, _ in having.values():
                kinds.setdefault(service, one.kind)
            series.extend(_series(one, having))
    finally:
        await amazon.aclose()
    services = tuple(Service(name=name, kind=kind) for name, kind in kinds.items())
    return CloudWatchServices(services=services, series=tuple(series))


async def _listed(amazon: Amazon[_Client], namespace: str) -> list[_Metric]:
    client = await amazon.client()
    query: dict[str, object] = {"Namespace": namespace, "RecentlyActive": "PT3H"}
    found: list[_Metric] = []
    while len(found) < _MOST:
        async with told(amazon.name):
            answer = await client.list_metrics(**query)
        try:
            page = _Page.model_validate(answer)
        except ValidationError:
            raise ToolFailed(f"{amazon.name} listed metrics in an unexpected form") from None
        found.extend(page.metrics)
        if page.following is None or page.following == query.get("NextToken"):
            break
        query["NextToken"] = page.following
    return found


def _by_subject(one: _Namespace, listed: Sequence[_Metric]) -> Mapping[_Dimensions, tuple[str, set[str]]]:
    """By dimensions: the service, and the metrics that it has."""
    found: dict[_Dimensions, tuple[str, set[str]]] = {}
    for metric in listed:
        dimensions = tuple(sorted((said.name, said.value) for said in metric.dimensions))
        if (service := one.service_of(dimensions)) is not None:
            found.setdefault(dimensions, (service, set()))[1].add(metric.name)
    return found


def _series(
    one: _Namespace, having: Mapping[_Dimensions, tuple[str, set[str]]]
) -> Iterator[CloudWatchSeries]:
    names = [service for service, _ in having.values()]
    for row in one.series:
        of = tuple(
            CloudWatchOf(
                service=service,
                # Two of one name, as in two clusters, are told apart.
                instance="/".join(value for _, value in dimensions) if names.count(service) > 1 else "",
                dimensions=dict(dimensions),
            )
            for dimensions, (service, metrics) in having.items()
            if row.missing is not None or row.name in metrics
        )
        if of:
            yield CloudWatchSeries(namespace=one.namespace, of=of, **row.model_dump())
