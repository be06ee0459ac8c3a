"""The restrictions of the store's twin in memory."""

from incidents.restriction import Restriction
from nexus.store.memory_leases import MemoryLeases


class MemoryRestrictions(MemoryLeases):
    """Implements `nexus.store.restrictions.Restrictions` in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._restrictions: dict[str, Restriction] = {}

    async def restrict(self, restriction: Restriction) -> None:
        """Keep who sees an incident."""
        self._known(restriction.incident)
        self._restrictions[restriction.incident] = restriction

    async def unrestrict(self, incident: str) -> bool:
        """Let everybody see it again."""
        return self._restrictions.pop(incident, None) is not None

    async def restricted(self) -> frozenset[str]:
        """The ids of all of them."""
        return frozenset(self._restrictions)

    async def restrictions(self) -> tuple[Restriction, ...]:
        """All of them, by incident."""
        return tuple(self._restrictions[one] for one in sorted(self._restrictions))
