"""What goes into the ranking of suspects and what comes out of it."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from incidents.changes import Change
from incidents.findings import Suspect
from incidents.value import Moment, Value

SymptomKind = Literal["latency", "errors", "saturation", "traffic", "unknown"]


class Symptom(Value):
    """What the alert says: where it hurts, since when, and how."""

    service: str | None
    at: Moment
    kind: SymptomKind = "unknown"


class NodeKind(StrEnum):
    """What a node of the topology is; an external one cannot be looked into, on a host others run."""

    SERVICE = "service"
    DATABASE = "database"
    QUEUE = "queue"
    EXTERNAL = "external"
    HOST = "host"


class Node(Value):
    """One service and what it calls."""

    name: str
    kind: NodeKind = NodeKind.SERVICE
    depends_on: tuple[str, ...] = ()


class Topology(Value):
    """Who calls whom; cycles and edges to services that have no node are allowed."""

    nodes: tuple[Node, ...] = ()

    def names(self) -> frozenset[str]:
        """Every service that is a node or is called by one."""
        return frozenset(name for node in self.nodes for name in (node.name, *node.depends_on))

    def callees(self) -> dict[str, tuple[str, ...]]:
        """Caller to what it calls, sorted, without calls to itself."""
        found: dict[str, set[str]] = {}
        for node in self.nodes:
            found.setdefault(node.name, set()).update(set(node.depends_on) - {node.name})
        return {name: tuple(sorted(called)) for name, called in sorted(found.items())}

    def callers(self) -> dict[str, tuple[str, ...]]:
        """Callee to who calls it, sorted."""
        found: dict[str, set[str]] = {}
        for caller, called in self.callees().items():
            for name in called:
                found.setdefault(name, set()).add(caller)
        return {name: tuple(sorted(by)) for name, by in sorted(found.items())}

    def kinds(self) -> dict[str, NodeKind]:
        """Kind per node; a service that is only called counts as a service."""
        return {node.name: node.kind for node in self.nodes}

    def distances(self, start: str) -> dict[str, int]:
        """Calls from `start` to each service it can reach, `start` itself at 0."""
        callees = self.callees()
        found = {start: 0}
        edge = [start]
        while edge:
            following: list[str] = []
            for name in edge:
                for called in callees.get(name, ()):
                    if called not in found:
                        found[called] = found[name] + 1
                        following.append(called)
            edge = following
        return found


class RankedChange(Value):
    """A change near the onset, with how well its time and place fit."""

    change: Change
    score: float = Field(ge=0, le=1)
    text: str
    stands_out: bool = Field(default=True, description="its service behaves unlike before")


class OwnChange(Value):
    """A recorded change that is what Nexus did in this incident."""

    change: str
    action: str


class Ranking(Value):
    """The suspects, best first, and what must be known to read the list rightly."""

    suspects: tuple[Suspect, ...] = ()
    missing: tuple[str, ...] = Field(default=(), description="sentences: which channels lack what")
    quiet: bool = Field(default=False, description="nothing stands out from the reference")
    changes: tuple[RankedChange, ...] = ()
    nothing_changed: bool = Field(default=True, description="no recorded change near the onset")
    calm: tuple[str, ...] = Field(default=(), description="suspects whose own signals are as usual now")
    ours: tuple[OwnChange, ...] = Field(default=(), description="which of the changes Nexus made itself")
