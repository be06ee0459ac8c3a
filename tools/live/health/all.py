"""Every part that can be asked, asked at once."""

import asyncio
from collections.abc import Sequence

from incidents.catalogue import Catalogue, Endpoint, Service
from incidents.errors import ToolFailed
from incidents.health import Probe
from tools.clock import Clock
from tools.live.health.endpoints import EndpointProbes, documented
from tools.live.health.kubernetes import KubernetesPods
from tools.live.health.postgres import PostgresHealth
from tools.live.health.status_page import StatusPage
from tools.live.http import Backend
from tools.live.secrets import Secrets
from tools.live.settings import HealthSpec, KubernetesHealth, OpenApi, Postgres
from tools.telemetry.data_gaps import note_gap


class LiveHealth:
    """Implements `tools.ports.Health` over endpoints, databases and status pages."""

    def __init__(
        self, specs: Sequence[HealthSpec], catalogue: Catalogue, secrets: Secrets, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._secrets = secrets
        self._endpoints = EndpointProbes(clock)
        self._documents = [spec for spec in specs if isinstance(spec, OpenApi)]
        self._listed: dict[str, tuple[Endpoint, ...]] = {}
        self._backends: list[Backend] = []
        self._parts: list[tuple[str, PostgresHealth | StatusPage | KubernetesPods]] = []
        for spec in specs:
            if isinstance(spec, Postgres):
                self._parts.append((spec.service, PostgresHealth(spec, secrets, clock)))
            elif isinstance(spec, KubernetesHealth):
                pods = KubernetesPods(spec, secrets, clock)
                self._backends.append(pods.backend)
                self._parts.append((spec.service, pods))
            elif not isinstance(spec, OpenApi):
                backend = Backend(f"the status page of {spec.service}", spec, secrets)
                self._backends.append(backend)
                self._parts.append((spec.service, StatusPage(spec.service, backend, clock)))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._endpoints.aclose()
        for backend in self._backends:
            await backend.aclose()

    async def probe(self, services: Sequence[str] = ()) -> tuple[Probe, ...]:
        """Ask every part of the services named, or of all; one that could not be asked is a gap."""
        wanted = [s for s in self._catalogue.services if not services or s.name in services]
        names = {service.name for service in wanted}
        await self._read_documents(names)
        asked = [
            self._endpoints.probe(service, endpoint) for service in wanted for endpoint in self._of(service)
        ]
        parts = [part.probe() for service, part in self._parts if service in names]
        found = await asyncio.gather(*asked, *parts, return_exceptions=True)
        probes = []
        for one in found:
            if isinstance(one, ToolFailed):
                note_gap(str(one))
            elif isinstance(one, BaseException):
                raise one
            else:
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
