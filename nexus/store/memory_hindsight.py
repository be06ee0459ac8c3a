"""What people say once it is over, in the store's twin in memory."""

from collections.abc import Collection

from incidents.action_items import ActionItem
from incidents.post_mortem_text import PostMortemVersion
from incidents.severity import Status
from incidents.tickets import Ticket
from incidents.verdicts import DiagnosisVerdict, Judgement
from nexus.store.memory_lists import Table
from nexus.store.memory_watching import MemoryWatching
from nexus.store.permissions import CALLED_WRONG
from nexus.store.search import finds, texts_of, words_of


class MemoryHindsight(MemoryWatching):
    """Implements `nexus.store.hindsight.Hindsight` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._verdicts: Table[DiagnosisVerdict] = Table()
        self._items: Table[ActionItem] = Table()
        self._tickets: Table[Ticket] = Table()

    async def keep_verdict(self, verdict: DiagnosisVerdict) -> None:
        """Keep a person's word on a diagnosis, in place of what they said of it before."""
        self._known(verdict.incident)
        key = (verdict.incident, verdict.key, verdict.person)
        self._verdicts.pop(key, None)
        self._verdicts.insert(key, verdict)
        if verdict.judgement is Judgement.WRONG:
            self._withdraw_all(verdict.incident, verdict.at, CALLED_WRONG)

    async def verdicts(self, incident: str | None = None) -> tuple[DiagnosisVerdict, ...]:
        """Of one incident or of all, oldest first."""
        kept = self._verdicts.values() if incident is None else self._verdicts.of(incident)
        return tuple(sorted(kept, key=lambda one: (one.at, one.incident, one.person)))

    async def resembling(
        self, incident: str, words: str, without: Collection[str], limit: int
    ) -> tuple[str, ...]:
        """Ids of incidents of before that are over, whose own text has all of the words."""
        mine, site = self._incidents[incident][0], self._waiting[incident].site
        if site is None:
            return ()
        found = [
            one.id
            for one, _ in reversed(self._incidents.values())
            if self._waiting[one.id].site == site
            and (one.opened_at, one.id) < (mine.opened_at, mine.id)
            and one.id not in without
            and one.status not in {Status.OPEN, Status.MERGED}
            and finds(words_of(words), texts_of(one)[0].text)
        ]
        return tuple(found[:limit])

    async def add_version(self, version: PostMortemVersion) -> bool:
        """Keep a version of a post-mortem."""
        self._known(version.incident)
        return self._versions.insert((version.incident, str(version.number)), version)

    async def versions(self, incident: str) -> tuple[PostMortemVersion, ...]:
        """Every version of a post-mortem, the first one first."""
        return tuple(sorted(self._versions.of(incident), key=lambda one: one.number))

    async def change_item(self, item: ActionItem) -> bool:
        """Keep an action item as it stands now."""
        self._known(item.incident)
        return self._items.insert((item.incident, item.id, str(item.version)), item)

    async def changed_items(self, incident: str | None = None) -> tuple[ActionItem, ...]:
        """What people made of action items, each as it stands."""
        kept = self._items.values() if incident is None else self._items.of(incident)
        latest = {one.id: one for one in sorted(kept, key=lambda one: one.version)}
        return tuple(sorted(latest.values(), key=lambda one: (one.incident, one.id)))

    async def change_ticket(self, ticket: Ticket) -> bool:
        """Keep a ticket as it is known now."""
        self._known(ticket.incident)
        return self._tickets.insert((ticket.incident, ticket.item, str(ticket.version)), ticket)

    async def tickets(self, incident: str | None = None) -> tuple[Ticket, ...]:
        """The tickets of one incident or of all, each as it is known last."""
        kept = self._tickets.values() if incident is None else self._tickets.of(incident)
        latest = {one.item: one for one in sorted(kept, key=lambda one: one.version)}
        return tuple(sorted(latest.values(), key=lambda one: (one.incident, one.item)))
