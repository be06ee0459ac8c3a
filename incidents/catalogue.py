"""The service catalogue: what runs, who owns it, what it needs."""

from collections.abc import Collection, KeysView, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import BeforeValidator, Field, HttpUrl

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


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Values = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed)]


class LabelNames(Value):
    """Values of a sender's label that mean a service; the sender `any` is every one."""

    sender: str
    label: str
    values: Values


def _by_sender(value: object) -> object:
    """`{datadog: {tier: mail}}` as the list of what it says: a service is hashed, a mapping cannot be."""
    if not isinstance(value, Mapping) or not all(isinstance(labels, Mapping) for labels in value.values()):
        return value
    return tuple(
        {"sender": sender, "label": label, "values": values}
        for sender, labels in value.items()
        for label, values in labels.items()
    )


class Service(Value):
    """One part of the system. `owner` names a speciality (backend, frontend, data, ...), not a person.

    What follows `endpoints` says how others call it, so that an alert finds it; `*` stands for anything in
    `labels`, `hosts` and `workloads`.
    """

    name: str
    kind: ServiceKind = ServiceKind.SERVICE
    owner: str | None = None
    user_facing: bool = False
    public: str | None = Field(
        default=None,
        min_length=1,
        max_length=80,
        description="what customers call it; the status page shows only these",
    )
    depends_on: tuple[str, ...] = ()
    tier: int | None = Field(default=None, ge=1, le=4, description="how much hangs on it; 1 is the most")
    endpoints: tuple[Endpoint, ...] = ()
    aliases: Values = Field(default=(), description="further names, in whatever label they stand")
    labels: Annotated[tuple[LabelNames, ...], BeforeValidator(_by_sender)] = Field(
        default=(), description="by sender, or `any`: a label and its values that mean this service"
    )
    namespaces: Values = Field(default=(), description="where it runs; the same name elsewhere is not it")
    hosts: Values = Field(
        default=(), description="names of its machines: whole, `*.pay.example.com`, `pay-*`"
    )
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        default=(), description="that nothing else listens on, on whatever machine"
    )
    workloads: Values = Field(default=(), description="of Kubernetes: deployments, jobs, … that are it")
    otel: Values = Field(default=(), description="its `service.name`, or `service.namespace/service.name`")

    def __hash__(self) -> int:
        # By its name: `labels` is a mapping, which has no hash, and answers are kept by service.
        return hash(self.name)


class Catalogue(Value):
    """All services by name; the inventory that every argument of an action must come from."""

    services: tuple[Service, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names, in the catalogue's order."""
        return tuple(service.name for service in self.services)

    @cached_property
    def name_set(self) -> KeysView[str]:
        """The names in the same order, to look one up among thousands."""
        return dict.fromkeys(self.names).keys()

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
    def owners(self) -> tuple[str, ...]:
        """Who owns services, each once."""
        return tuple(dict.fromkeys(service.owner for service in self.services if service.owner))

    @property
    def user_facing(self) -> tuple[str, ...]:
        """The names of the services that users touch."""
        return tuple(service.name for service in self.services if service.user_facing)
