"""Implements `nexus.store.hindsight.Hindsight`."""

from incidents.action_items import ActionItem
from incidents.post_mortem_text import PostMortemVersion
from incidents.tickets import Ticket
from incidents.verdicts import DiagnosisVerdict, Judgement
from nexus.store.permissions import CALLED_WRONG
from nexus.store.relational.past import HindsightReads
from nexus.store.relational.permissions import withdraw_all
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.transactions import Run
from nexus.store.relational.writes import keep_searchable
from nexus.store.search import post_mortem_searchable


class HindsightRows(HindsightReads):
    """A row for each verdict, and one for each version: whose number is taken was slower."""

    async def keep_verdict(self, verdict: DiagnosisVerdict) -> None:
        """Keep a person's word on a diagnosis, in place of what they said of it before."""
        values = {"person": verdict.person, "at": sortable(verdict.at), "body": as_json(verdict)}

        def work(run: Run) -> None:
            run("keep_verdict", incident=verdict.incident, diagnosis=verdict.key, **values)
            if verdict.judgement is Judgement.WRONG:
                withdraw_all(run, verdict.incident, verdict.at, CALLED_WRONG)

        await self._atomically(verdict.incident, work)

    async def add_version(self, version: PostMortemVersion) -> bool:
        """Keep a version of a post-mortem."""
        body, found = as_json(version), post_mortem_searchable(version.text, by_agents=version.by_agents)

        def work(run: Run) -> bool:
            added = (
                run("add_version", incident=version.incident, number=version.number, body=body).rowcount > 0
            )
            if added:
                keep_searchable(run, version.incident, (found,))
            return added

        return await self._atomically(version.incident, work)

    async def versions(self, incident: str) -> tuple[PostMortemVersion, ...]:
        """Every version of a post-mortem, the first one first."""
        return await self._all(PostMortemVersion, "versions", incident=incident)

    async def change_item(self, item: ActionItem) -> bool:
        """Keep an action item as it stands now."""
        values = {"id": item.id, "number": item.version, "body": as_json(item)}
        return await self._insert("change_item", item.incident, **values)

    async def change_ticket(self, ticket: Ticket) -> bool:
        """Keep a ticket as it is known now."""
        values = {"id": ticket.item, "number": ticket.version, "body": as_json(ticket)}
        return await self._insert("change_ticket", ticket.incident, **values)

    async def tickets(self, incident: str | None = None) -> tuple[Ticket, ...]:
        """The tickets of one incident or of all, each as it is known last."""
        return await self._all(Ticket, "tickets", incident=incident)
