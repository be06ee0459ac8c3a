"""The store's door for what people say once it is over: verdicts, post-mortems, action items."""

from collections.abc import Collection
from typing import Protocol

from incidents.action_items import ActionItem
from incidents.post_mortem_text import PostMortemVersion
from incidents.tickets import Ticket
from incidents.verdicts import DiagnosisVerdict


class Hindsight(Protocol):
    """Kept as long as the incident. What is of one that was not registered raises `UnknownName`."""

    async def keep_verdict(self, verdict: DiagnosisVerdict) -> None:
        """Keep a person's word on a diagnosis, in place of what they said of it before."""
        ...

    async def verdicts(self, incident: str | None = None) -> tuple[DiagnosisVerdict, ...]:
        """Of one incident or of all, oldest first."""
        ...

    async def resembling(
        self, incident: str, words: str, without: Collection[str], limit: int
    ) -> tuple[str, ...]:
        """Ids of incidents of before that are over, whose own text has all of the words; the latest first.

        Args:
            incident: those of its site that were opened before it; one of a recorded world has none.
            words: as `nexus.store.search` has them.
            without: ids of those that who asks does not see.
            limit: so many at most.
        """
        ...

    async def add_version(self, version: PostMortemVersion) -> bool:
        """Keep a version of a post-mortem. False if there is one of its number: somebody was faster."""
        ...

    async def versions(self, incident: str) -> tuple[PostMortemVersion, ...]:
        """Every version of a post-mortem, the first one first."""
        ...

    async def change_item(self, item: ActionItem) -> bool:
        """Keep an action item as it stands now. False if there is one of its version: somebody was faster."""
        ...

    async def changed_items(self, incident: str | None = None) -> tuple[ActionItem, ...]:
        """What people made of action items, each as it stands, of one incident or of all."""
        ...

    async def change_ticket(self, ticket: Ticket) -> bool:
        """Keep a ticket as it is known now. False if there is one of its version: somebody was faster."""
        ...

    async def tickets(self, incident: str | None = None) -> tuple[Ticket, ...]:
        """The tickets of one incident or of all, each as it is known last, by incident and item."""
        ...
