"""Lists: the incidents, the backlog, what retention deletes."""

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from nexus.cli.terminal.style import LABEL, hour, joined, plain, severity, status, table, words
from nexus.sanitize import role_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.communications import BacklogEntry
    from nexus.service.lists import IncidentLine
    from nexus.service.retention import Prunable


def incidents_table(lines: "Sequence[IncidentLine]") -> RenderableType:
    """One line for each incident; what waits for people stands out."""
    if not lines:
        return Text("No incidents.")
    made = table("", "Incident", "Status", "What")
    made.columns[1].no_wrap = True
    made.columns[2].no_wrap = True
    made.columns[3].ratio = 1
    made.expand = True
    for one in lines:
        made.add_row(
            severity(one.severity),
            joined(
                Text(one.id, "bold"),
                Text(f"opened {one.opened_at:%m-%d} {hour(one.opened_at)}", LABEL),
                by="\n",
            ),
            _standing(one),
            joined(
                plain(one.title),
                plain(", ".join(one.services), LABEL),
                *(plain(f"{hit.kind} {hit.ref}".strip() + f": {hit.excerpt}", LABEL) for hit in one.found),
                by="\n",
            ),
        )
    return made


def _standing(one: "IncidentLine") -> Text:
    waits = Text(f"{one.waiting} to approve", "bold yellow") if one.waiting else Text(words(one.step), LABEL)
    whose = [plain(f"{one.holder} has it", LABEL)] if one.holder else []
    shadow = [Text("in shadow", "bold cyan")] if one.shadow else []
    return joined(status(one.status), *shadow, waits, *whose, by="\n")


def backlog_table(tasks: "Sequence[BacklogEntry]") -> RenderableType:
    """The prevention tasks, in their order."""
    if not tasks:
        return Text("The backlog is empty.")
    made = table("Task", "Owner", "Due", "Priority")
    made.columns[0].ratio = 1
    made.expand = True
    for task in tasks:
        what = joined(plain(task.title), plain(task.reason, "grey50"), by="\n")
        made.add_row(what, plain(role_name(task.owner)), f"{task.due:%Y-%m-%d}", plain(task.priority))
    return made


def prunable_table(gone: "Sequence[Prunable]", dry_run: bool) -> RenderableType:
    """What goes, or would go, and how much that is."""
    if not gone:
        return Text("Nothing is older than the retention.")
    made = table("Incident", "Closed", "Rows", "Checkpoints", "Files", "Size", "What")
    made.columns[0].no_wrap = True
    made.columns[-1].ratio = 1
    made.expand = True
    for number in (2, 3, 4, 5):
        made.columns[number].justify = "right"
    for one in gone:
        counted = (one.rows, one.checkpoints, one.files)
        made.add_row(
            Text(one.incident, "bold"), f"{one.closed_at:%Y-%m-%d}", *(f"{n:,}" for n in counted),
            _size(one.bytes), plain(one.title),
        )  # fmt: skip
    tasks = sum(one.tasks for one in gone)
    also = f", with {tasks} tasks of the backlog" if tasks else ""
    verdict = "would go; nothing was deleted" if dry_run else "deleted"
    made.caption = f"{len(gone)} incidents, {_size(sum(one.bytes for one in gone))}{also}: {verdict}"
    made.caption_justify = "left"
    return made


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
