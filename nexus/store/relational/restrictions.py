"""Implements `nexus.store.restrictions.Restrictions`."""

from incidents.restriction import Restriction
from nexus.store.relational.rows import as_json
from nexus.store.relational.table import Tables


class RestrictionRows(Tables):
    """A row for each restricted incident."""

    async def restrict(self, restriction: Restriction) -> None:
        """Keep who sees an incident."""
        await self._insert("restrict", restriction.incident, body=as_json(restriction))

    async def unrestrict(self, incident: str) -> bool:
        """Let everybody see it again."""
        return await self._database.write("erase_restrictions", incident=incident)

    async def restrictions(self) -> tuple[Restriction, ...]:
        """All of them, by incident."""
        return await self._all(Restriction, "restrictions")
