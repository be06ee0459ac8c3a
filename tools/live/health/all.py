"""Every part that can be asked, asked at once."""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from typing import Protocol

from incidents.catalogue import Catalogue, Endpoint, Service, ServiceKind
from incidents.errors import ToolFailed
from incidents.health import Probe
from tools.clock import Clock
from tools.live.cluster.api import Cluster
from tools.live.cluster.reading import NamespaceReader
from tools.live.health.endpoints import EndpointProbes, documented
from tools.live.health.gauges import HttpGaugesHealth
from tools.live.health.kubernetes import KubernetesPods
from tools.live.health.mariadb import MariaDbHealth
from tools.live.health.postgres import PostgresHealth
from tools.live.health.rabbitmq import RabbitMqHealth
from tools.live.health.redis import RedisHealth
from tools.live.health.status_page import StatusPage
from tools.live.secrets import Secrets
from tools.live.settings_health import (
    HealthSpec,
    HttpGauges,
    MariaDb,
    OpenApi,
    Postgres,
    RabbitMq,
    Redis,
    StatusPageSpec,
)
from tools.live.settings_kubernetes import KubernetesHealth
from tools.telemetry.data_gaps import note_gap


class _Part(Protocol):
    """One part that is asked one question, over connections of its own."""

    async def probe(self) -> Probe: ...
    async def aclose(self) -> None: ...


class LiveHealth:
    """Implements `tools.ports.Health` over whatever can be asked directly."""

    def __init__(
        self, specs: Sequence[HealthSpec], catalogue: Catalogue, secrets: Secrets, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._secrets = secrets
        self._endpoints = EndpointProbes(clock)
        self._documents = [spec for spec in specs if isinstance(spec, OpenApi)]
        self._listed: dict[str, tuple[Endpoint, ...]] = {}
        self._clusters: list[Cluster] = []
        self._readers: dict[str, NamespaceReader] = {}
        self._pods: list[tuple[str, KubernetesPods]] = []
        self._parts: list[tuple[str, _Part]] = []
        for spec in specs:
            if isinstance(spec, KubernetesHealth):
                self._pods += _pods_of(spec, catalogue, self._reader(spec, secrets, clock), clock)
            elif not isinstance(spec, OpenApi):
                self._parts.append((spec.service, _part_of(spec, secrets, clock)))

    def _reader(self, spec: KubernetesHealth, secrets: Secrets, clock: Clock) -> NamespaceReader:
        """Who looks at a namespace: one for all of its services that are asked with the same account."""
        key = spec.model_dump_json(exclude={"service", "workload", "deployments"})
        if key not in self._readers:
            cluster = Cluster(spec, spec.namespace, secrets)
            self._clusters.append(cluster)
            self._readers[key] = NamespaceReader(cluster, clock)
        return self._readers[key]

    async def aclose(self) -> None:
        """Close every connection."""
        await self._endpoints.aclose()
        for _, part in self._parts:
            await part.aclose()
        for cluster in self._clusters:
            await cluster.backend.aclose()

    async def probe(self, services: Sequence[str] = ()) -> tuple[Probe, ...]:
        """Ask every part of the services named, or of all; one that could not be asked is a gap."""
        wanted = [s for s in self._catalogue.services if not services or s.name in services]
        names = {service.name for service in wanted}
        await self._read_documents(names)
        asked: list[Awaitable[Probe | None]] = [
            *(self._endpoints.probe(service, one) for service in wanted for one in self._of(service)),
            *(part.probe() for service, part in self._parts if service in names),
            *(pods.probe() for service, pods in self._pods if service in names),
        ]
        found = await asyncio.gather(*asked, return_exceptions=True)
        probes = []
        for one in found:
            if isinstance(one, ToolFailed):
                note_gap(str(one))
            elif isinstance(one, BaseException):
                raise one
            elif one is not None:
                probes.append(one)
        return tuple(sorted(probes, key=lambda probe: (probe.healthy, probe.service, probe.target)))

    async def _read_documents(self, names: set[str]) -> None:
        """The endpoints that documents list, read once."""
        for spec in self._documents:
            if spec.service not in names or spec.service in self._listed:
                continue
            try:
                self._listed[spec.service] = await documented(spec, self._secrets)
            except ToolFailed as error:
                note_gap(str(error))

    def _of(self, service: Service) -> tuple[Endpoint, ...]:
        return (*service.endpoints, *self._listed.get(service.name, ()))


def _pods_of(
    spec: KubernetesHealth, catalogue: Catalogue, reader: NamespaceReader, clock: Clock
) -> Iterator[tuple[str, KubernetesPods]]:
    """The one service that is meant, or each that may run in the namespace."""
    if spec.service is not None:
        yield spec.service, KubernetesPods(spec.service, spec.workload or spec.service, reader, clock)
        return
    for service in catalogue.services:
        if service.kind is not ServiceKind.EXTERNAL:
            name = service.name
            workload = spec.deployments.get(name, name)
            yield name, KubernetesPods(name, workload, reader, clock, listed=True)


def _part_of(
    spec: Postgres | MariaDb | Redis | RabbitMq | StatusPageSpec | HttpGauges,
    secrets: Secrets,
    clock: Clock,
) -> _Part:
    match spec:
        case Postgres():
            return PostgresHealth(spec, secrets, clock)
        case MariaDb():
            return MariaDbHealth(spec, secrets, clock)
        case Redis():
            return RedisHealth(spec, secrets, clock)
        case RabbitMq():
            return RabbitMqHealth(spec, secrets, clock)
        case StatusPageSpec():
            return StatusPage(spec, secrets, clock)
        case HttpGauges():
            return HttpGaugesHealth(spec, secrets, clock)
