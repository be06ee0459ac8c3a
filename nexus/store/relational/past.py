"""Implements of `nexus.store.hindsight.Hindsight` what is read of incidents of before."""

import json
from collections.abc import Collection

from incidents.action_items import ActionItem
from incidents.verdicts import DiagnosisVerdict
from nexus.store.relational.table import Tables
from nexus.store.search import words_of


class HindsightReads(Tables):
    """What was said afterwards, for those who look at one incident and what was before it."""

    async def verdicts(self, incident: str | None = None) -> tuple[DiagnosisVerdict, ...]:
        """Of one incident or of all, oldest first."""
        return await self._all(DiagnosisVerdict, "verdicts", incident=incident)

    async def resembling(
        self, incident: str, words: str, without: Collection[str], limit: int
    ) -> tuple[str, ...]:
        """Ids of incidents of before that are over, whose own text has all of the words."""
        if not (wanted := words_of(words)):
            return ()
        hidden = json.dumps(sorted(without))
        values = {"incident": incident, "words": json.dumps(wanted), "without": hidden, "limit": limit}
        return tuple(identity for (identity,) in await self._database.read("resembling", **values))

    async def changed_items(self, incident: str | None = None) -> tuple[ActionItem, ...]:
        """What people made of action items, each as it stands."""
        return await self._all(ActionItem, "changed_items", incident=incident)
