"""Implements `nexus.store.retention.Retention`: a closed incident goes, and with it its checkpoints."""

from datetime import datetime

from incidents.errors import Refused
from nexus.store.records import Remains
from nexus.store.relational.rows import sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import NotThere, Run
from nexus.store.relational.writes import forgotten, hold

#: Children before the incident that they refer to.
_TABLES = (
    "dead_letters", "timeline", "inbox", "evidence", "approvals", "intents", "backlog", "messages",
    "verdicts", "post_mortem_versions", "action_items", "tickets", "incident_keys", "last_words",
    "alert_dispositions", "files", "restrictions", "searchable", "permissions",
)  # fmt: skip


class ClosedIncidents(Tables):
    """LangGraph's checkpoints lie in the same file: both go in one transaction."""

    async def closed(self, before: datetime) -> tuple[Remains, ...]:
        """What is kept of every incident that was closed before that moment."""

        def work(run: Run) -> tuple[Remains, ...]:
            found = run("closed", before=sortable(before)).fetchall()
            return tuple(_remains(run, *row) for row in found)

        return await self._database.atomically(work)

    async def erase(self, incident: str, number: int) -> None:
        """Delete every row of a closed incident, and its checkpoints."""

        def work(run: Run) -> None:
            before = run("was_closed", id=incident).fetchone()
            if before is None:
                raise NotThere
            if not before[0]:
                raise Refused(f"{incident} is not closed; nothing was deleted")
            hold(run, incident, number)
            for table in _TABLES:
                run(f"erase_{table}", incident=incident)
            forgotten(run, (size for (size,) in run("erase_alert_deliveries", incident=incident).fetchall()))
            if run("has_checkpoints").fetchone():
                run("erase_checkpoints", incident=incident)
                run("erase_writes", incident=incident)
            run("erase_incident", incident=incident)

        await self._atomically(incident, work)

    async def erase_deliveries(self, before: datetime) -> None:
        """Delete what was delivered before that moment and reached no incident."""

        def work(run: Run) -> None:
            gone = run("erase_ignored_deliveries", before=sortable(before)).fetchall()
            forgotten(run, (size for (size,) in gone))

        await self._database.atomically(work)

    async def compact(self, rewrite: bool = False) -> None:
        """Give free pages back to the disk."""
        await self._database.compact(rewrite)


def _remains(run: Run, incident: str, title: str, closed_at: str) -> Remains:
    rows, size = run("rows_of", incident=incident).fetchone()
    steps, kept = (0, 0)
    if run("has_checkpoints").fetchone():
        steps, kept = run("checkpoints_of", incident=incident).fetchone()
    tasks = len(run("backlog", incident=incident).fetchall())
    return Remains(
        incident=incident, title=title, closed_at=datetime.fromisoformat(closed_at), rows=rows,
        checkpoints=steps, tasks=tasks, bytes=size + kept,
    )  # fmt: skip
