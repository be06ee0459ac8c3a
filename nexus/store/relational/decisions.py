"""Implements `nexus.store.reads.DecisionStore`."""

from incidents.events import DecisionMade, Event
from nexus.store.audit import Deed
from nexus.store.permissions import CALLED_FALSE_ALARM
from nexus.store.refusals import already_decided, too_late
from nexus.store.relational.audit import record
from nexus.store.relational.events import events_of
from nexus.store.relational.permissions import veto_permission, withdraw_all
from nexus.store.relational.proposals import ProposalReads
from nexus.store.relational.rows import as_json
from nexus.store.relational.transactions import Run
from nexus.store.relational.writes import queued


class Decisions(ProposalReads):
    """What people say goes into the inbox with all that it changes: both or neither."""

    async def events(self, incident: str, unhandled_only: bool = True) -> tuple[Event, ...]:
        """The events of an incident in the order in which they came."""
        rows = await self._database.read("events", incident=incident, handled=0 if unhandled_only else 1)
        return events_of(rows)

    async def add_event(self, event: Event, deed: Deed | None = None) -> bool:
        """Put an event in the inbox and wake the incident. False if its id is there already."""

        def work(run: Run) -> bool:
            new = queued(run, event)
            if new and event.kind == "false_alarm":
                withdraw_all(run, event.incident, event.at, CALLED_FALSE_ALARM)
            if new and deed is not None:
                record(run, deed)
            return new

        return await self._atomically(event.incident, work)

    async def record_approval(self, event: DecisionMade, deed: Deed | None = None) -> None:
        """Keep a person's decision and put it in the inbox: both or neither."""
        approval, incident = event.approval, event.incident

        def work(run: Run) -> None:
            new = run(
                "add_approval",
                incident=incident,
                proposal=approval.action,
                digest=approval.digest,
                person=approval.signer,
                body=as_json(approval),
            ).rowcount
            if not new:
                raise already_decided(approval)
            if run("spent", digest=approval.digest).fetchone():
                raise too_late(approval.action, approval.digest)
            queued(run, event)
            veto_permission(
                run, approval
            )  # behind the lock of its incident, which a change that begins holds
            if deed is not None:
                record(run, deed)

        await self._atomically(incident, work)

    async def spent(self, digest: str) -> bool:
        """Whether a change was ever begun under this digest."""
        return bool(await self._database.read("spent", digest=digest))
