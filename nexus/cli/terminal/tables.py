"""Lists: the incidents, the backlog."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from incidents.communications import BacklogEntry
from nexus.cli.terminal.style import LABEL, hour, joined, plain, severity, status, table, words
from nexus.sanitize import role_name
from nexus.store.records import Summary


def incidents_table(lines: Sequence[Summary]) -> RenderableType:
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
            joined(plain(one.title), plain(", ".join(one.services), LABEL), by="\n"),
        )
    return made


def _standing(one: Summary) -> Text:
    waits = Text(f"{one.waiting} to approve", "bold yellow") if one.waiting else Text(words(one.step), LABEL)
    return joined(status(one.status), waits, by="\n")


def backlog_table(tasks: Sequence[BacklogEntry]) -> RenderableType:
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
