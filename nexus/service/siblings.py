"""Says in both timelines when two open incidents look like one cause; merging them is left to people."""

from dataclasses import dataclass, field
from datetime import timedelta

from graph.timeline import entry
from incidents.siblings import Hint, hints
from incidents.timeline import EntryKind
from nexus.service.intake import AlertIntake

#: An incident names no more younger ones: many at once are a storm, which its list shows.
MOST_NAMED = 5
#: Only incidents of so many days are compared: what a look costs does not grow with all that wait.
_DAYS = timedelta(days=7)


@dataclass
class SiblingWatch:
    """The open incidents of one live world."""

    intake: AlertIntake
    _written: int = -1
    _said: dict[tuple[str, str], str] = field(default_factory=dict)

    async def look(self) -> None:
        """Compare what is open, if anything has changed since the last look."""
        store, site = self.intake.home.store, self.intake.site
        written = await store.changed()
        if written == self._written:
            return
        candidates = await store.open_candidates(site.site, self.intake.clock.now() - _DAYS)
        if len(candidates) > 1:
            lessons = await store.lessons(site.site)
            for hint in hints(candidates, site.catalogue, lessons, site.intake.join_within):
                await self._say(hint)
        self._written = written

    async def _say(self, hint: Hint) -> None:
        pair = (hint.older, hint.younger)
        if pair in self._said:
            return
        do = f"if so: `nexus merge {hint.older} {hint.younger} --by YOU --reason WHY`"
        told = 1 + sum(older == hint.older for older, _ in self._said)
        unseen = await self.intake.home.store.restricted()
        for incident, other in ((hint.younger, hint.older), (hint.older, hint.younger)):
            if other not in unseen and (incident == hint.younger or told <= MOST_NAMED):
                await self._write(incident, other, f"{other} may have the same cause: {hint.reason}; {do}")
        self._said[pair] = hint.reason

    async def _write(self, incident: str, other: str, text: str) -> None:
        store = self.intake.home.store
        found = await store.load(incident)
        if found is not None and found.open:
            line = entry(found, self.intake.clock.now(), EntryKind.NOTE, text, "sibling")
            await store.write(line.model_copy(update={"id": f"sibling:{other}"}))
