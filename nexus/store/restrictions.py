"""Which incidents not everybody sees, and who does."""

from typing import Protocol

from incidents.restriction import Restriction


class Restrictions(Protocol):
    """One for each incident at most; it goes with the incident."""

    async def restrict(self, restriction: Restriction) -> None:
        """Keep who sees an incident, in place of what was said before.

        Raises:
            UnknownName: there is no such incident.
        """
        ...

    async def unrestrict(self, incident: str) -> bool:
        """Let everybody see it again; whether not everybody did."""
        ...

    async def restrictions(self) -> tuple[Restriction, ...]:
        """All of them, by incident."""
        ...
