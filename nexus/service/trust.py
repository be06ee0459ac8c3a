"""What the agents proposed in the live incidents of a home, and how it stood the test."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from incidents.trust import Proposed, first_proposed
from nexus.home import Home
from nexus.store.lists import EVERY
from nexus.store.records import WorldKind

if TYPE_CHECKING:
    from incidents.verdicts import DiagnosisVerdict

_PAGE = 200


@dataclass(frozen=True)
class TrustQueries:
    """Reads it from the store."""

    home: Home

    @classmethod
    def of(cls, home: Home) -> Self:
        """Of a home."""
        return cls(home)

    async def proposed(self, hidden: Collection[str] = ()) -> tuple[Proposed, ...]:
        """What each incident proposed first; recorded ones count nowhere, nor those that are hidden."""
        store = self.home.store
        said: dict[str, list[DiagnosisVerdict]] = {}
        for verdict in await store.verdicts():
            said.setdefault(verdict.incident, []).append(verdict)
        found: list[Proposed] = []
        after: str | None = None
        while page := await store.page(EVERY, _PAGE, after):
            for summary in page:
                live = (await store.world_of(summary.id)).kind is WorldKind.LIVE
                if live and summary.id not in hidden:
                    incident = await self.home.find(summary.id)
                    one = first_proposed(incident, said.get(summary.id, ()))
                    found += [one] if one is not None else []
            after = page[-1].id
        return tuple(found)
