"""The service catalogue: what runs, who owns it, what it needs."""

from collections.abc import Collection
from enum import StrEnum
from functools import cached_property

from pydantic import Field, HttpUrl

from incidents.errors import UnknownName
from incidents.value import Value


class ServiceKind(StrEnum):
    """What sort of part it is."""

    SERVICE = "service"
    DATABASE = "database"
    QUEUE = "queue"
    EXTERNAL = "external"


class Endpoint(Value):
    """An address that can be asked without changing anything."""

    name: str
    url: HttpUrl
    expect: int = Field(default=200, ge=100, le=599, description="the status of a healthy answer")


class Service(Value):
    """One part of the system. `owner` names a speciality (backend, frontend, data, ...), not a person."""

    name: str
    kind: ServiceKind = ServiceKind.SERVICE
    owner: str | None = None
    user_facing: bool = False
    depends_on: tuple[str, ...] = ()
    tier: int | None = Field(default=None, ge=1, le=4, description="how much hangs on it; 1 is the most")
    endpoints: tuple[Endpoint, ...] = ()


class Catalogue(Value):
    """All services by name; the inventory that every argument of an action must come from."""

    services: tuple[Service, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the catalogue's order."""
        return tuple(service.name for service in self.services)

    @cached_property
    def _by_name(self) -> dict[str | None, Service]:
        # The first one speaks, should two bear one name.
        return {service.name: service for service in reversed(self.services)}

    @cached_property
    def needs(self) -> dict[str, frozenset[str]]:
        """What each service calls."""
        return {service.name: frozenset(service.depends_on) for service in self.services}

    @cached_property
    def callers(self) -> dict[str, frozenset[str]]:
        """Who calls each service that is called."""
        callers: dict[str, set[str]] = {}
        for name, needs in self.needs.items():
            for need in needs:
                callers.setdefault(need, set()).add(name)
        return {name: frozenset(them) for name, them in callers.items()}

    def find(self, name: str | None) -> Service | None:
        """The service of that name, or None."""
        return self._by_name.get(name)

    def only(self, names: Collection[str]) -> "Catalogue":
        """The part of it that is named, in the same order."""
        return Catalogue(services=tuple(service for service in self.services if service.name in names))

    def get(self, name: str) -> Service:
        """The service of that name.

        Raises:
            UnknownName: there is none; the message has the nearest names.
        """
        service = self.find(name)
        if service is None:
            raise UnknownName("service", name, self.names)
        return service

    def of_kind(self, kind: ServiceKind) -> tuple[Service, ...]:
        """The services of one kind."""
        return tuple(service for service in self.services if service.kind is kind)

    @property
    def user_facing(self) -> tuple[str, ...]:
        """The names of the services that users touch."""
        return tuple(service.name for service in self.services if service.user_facing)
