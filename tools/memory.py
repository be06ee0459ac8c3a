"""Ports kept in memory, for tests and for worlds that need no disk."""

from collections.abc import Collection

from incidents.errors import ToolFailed
from incidents.findings import Evidence
from tools.alerts.matching.learn import Series, learn
from tools.alerts.matching.names import ServiceNames
from tools.alerts.matching.topology import Topology
from tools.clock import Clock


class MemoryEvidence:
    """An evidence store in memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Evidence, bytes]] = {}

    async def put(self, evidence: Evidence, body: bytes) -> None:
        """Keep a result; the same id again changes nothing."""
        self._kept.setdefault((evidence.incident, evidence.id), (evidence, body))

    async def evidence(self, incident: str) -> tuple[Evidence, ...]:
        """All evidence of an incident, oldest first."""
        found = [evidence for (owner, _), (evidence, _) in self._kept.items() if owner == incident]
        return tuple(sorted(found, key=lambda evidence: evidence.at))

    async def body(self, incident: str, evidence: str) -> bytes | None:
        """The stored bytes of one evidence, or None."""
        return (await self.bodies(incident, (evidence,))).get(evidence)

    async def bodies(self, incident: str, evidence: Collection[str]) -> dict[str, bytes]:
        """The stored bytes of each of these evidences, by its id."""
        return {one: self._kept[incident, one][1] for one in evidence if (incident, one) in self._kept}


class MemoryTopology:
    """What runs where, by series that are at hand; `silent` answers nothing, as a backend that is down."""

    def __init__(self, series: Series, names: ServiceNames, clock: Clock) -> None:
        self.series = series
        self.silent = False
        self._names = names
        self._clock = clock

    async def topology(self) -> Topology:
        """All that they tell."""
        if self.silent:
            raise ToolFailed("the backend does not answer")
        return learn(self.series, self._names, self._clock.now())

    async def aclose(self) -> None:
        """There is nothing to close."""
