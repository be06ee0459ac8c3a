"""Implements the part of `nexus.store.port.Intake` about what senders tell of changes."""

from collections.abc import Iterable

from incidents.changes import Change, SentBy
from incidents.findings import Window
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run


class SentChanges(Tables):
    """Changes as they were sent; a delivery's go with it."""

    async def changes(self, site: str, window: Window) -> tuple[Change, ...]:
        """What senders told of a window, oldest first."""
        start, end = sortable(window.start), sortable(window.end)
        rows = await self._database.read("changes", site=site, start=start, end=end)
        return tuple(_change(*row) for row in rows)


def keep_changes(run: Run, site: str, delivery: int, changes: Iterable[Change]) -> None:
    """Keep what a delivery told."""
    for position, change in enumerate(changes):
        run(
            "keep_change", delivery=delivery, position=position, site=site, at=sortable(change.time),
            body=as_json(change),
        )  # fmt: skip


def is_kept(run: Run, site: str, change: Change) -> bool:
    """Whether the very same was told before."""
    asked = run("same_change", site=site, at=sortable(change.time), body=as_json(change))
    return asked.fetchone() is not None


def _change(body: str, sender: str | None, delivery: str) -> Change:
    sent = SentBy(sender=sender or "", delivery=int(delivery))
    return Change.from_stored(body).model_copy(update={"sent": sent})
