"""What the backends know of where services run: which service a pod, an instance, a machine belongs to."""

from collections.abc import Mapping
from enum import StrEnum

from incidents.value import Moment, Value
from tools.alerts.matching.spellings import host_of, path_of


class Thing(StrEnum):
    """What an alert may be about, and services stand on."""

    POD = "pod"
    WORKLOAD = "workload"
    CLAIM = "claim"
    INSTANCE = "instance"
    HOST = "host"
    TARGET = "target"
    ZONE = "zone"
    CLUSTER = "cluster"
    NAMESPACE = "namespace"


def place_key(thing: Thing, name: str, namespace: str = "") -> str:
    """How a thing is kept: without case."""
    return f"{thing}:{namespace}/{name}".casefold()


def target_name(url: str) -> str:
    """What is probed: its host and path, without a scheme and an end stroke."""
    return f"{host_of(url)}{path_of(url)}".rstrip("/")


class Topology(Value):
    """Which services stand on what.

    Attributes:
        at: as of when; None while nothing is known.
        services: by `place_key`, sorted.
        nodes: the name of each Kubernetes node by its names and addresses.
    """

    at: Moment | None = None
    services: Mapping[str, tuple[str, ...]] = {}
    nodes: Mapping[str, str] = {}

    def on(self, thing: Thing, name: str, namespace: str = "") -> tuple[str, ...]:
        """The services that stand on it; none if that is not known."""
        return self.services.get(place_key(thing, name, namespace), ())

    def behind(self, url: str) -> tuple[str, ...]:
        """The services that answer at a web address, by the longest beginning of its path that is known."""
        name = target_name(url)
        while name:
            if found := self.on(Thing.TARGET, name):
                return found
            name = name.rpartition("/")[0]
        return ()

    def at_instance(self, address: str) -> tuple[str, ...]:
        """The services that are scraped at an address, or that have its host for themselves."""
        return self.on(Thing.INSTANCE, address) or self.on(Thing.INSTANCE, host_of(address))


NOTHING_KNOWN = Topology()
