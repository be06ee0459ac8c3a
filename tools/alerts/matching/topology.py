"""What the backends know of where services run: which service a pod, an instance, a machine belongs to."""

from collections.abc import Mapping
from enum import StrEnum

from incidents.value import Moment, Value


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


NOTHING_KNOWN = Topology()
