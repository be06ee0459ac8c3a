"""Action items: what is to be done that it does not happen again, by whom, until when, how that stands."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from incidents.communications import BacklogEntry
from incidents.value import Moment, Value


class ItemState(StrEnum):
    """How an action item stands."""

    OPEN = "open"
    DOING = "doing"
    DONE = "done"
    DROPPED = "dropped"


class ActionItem(Value):
    """One action item as it stands.

    Attributes:
        id: of the backlog, `INC-2026-11-23-001-T1`; of one that a person added `...-P1`.
        version: counts every change of it; the agents' own is 0.
        by: who changed it last; None: it is as the agents wrote it.
    """

    id: str
    incident: str
    action: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    due: date
    state: ItemState = ItemState.OPEN
    priority: str = ""
    reason: str = ""
    version: int = Field(default=0, ge=0)
    by: str | None = None
    at: Moment | None = None

    def overdue(self, today: date) -> bool:
        """Whether its day has passed while it is still to be done."""
        return self.state in {ItemState.OPEN, ItemState.DOING} and self.due < today


def incident_of(task: str) -> str:
    """The incident of a task, by its id: `INC-2026-11-23-001-T1`, or `-R1-T1` once it was reopened."""
    return "-".join(task.split("-")[:5])


def of_task(incident: str, task: BacklogEntry) -> ActionItem:
    """A task of the backlog before anybody has touched it."""
    return ActionItem(
        id=task.id, incident=incident, action=task.title, owner=task.owner, due=task.due.date(),
        priority=task.priority, reason=task.reason,
    )  # fmt: skip


def as_they_stand(tasks: tuple[ActionItem, ...], changed: tuple[ActionItem, ...]) -> tuple[ActionItem, ...]:
    """The tasks with what people changed of them, and what they added, in that order."""
    latest = {one.id: one for one in sorted(changed, key=lambda one: one.version)}
    known = {one.id for one in tasks}
    added = (one for identity, one in latest.items() if identity not in known)
    return (*(latest.get(one.id, one) for one in tasks), *added)
