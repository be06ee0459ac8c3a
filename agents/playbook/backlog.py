"""Backlog: the post-mortem's tasks in the order that pays; a minor incident becomes one task."""

from agents.engine import Assignment, Desk
from incidents.findings import Confidence
from incidents.incident import Incident
from incidents.reports import ActionItem, BacklogItem, BacklogReport

#: Due within so many days means that high a priority.
_HIGH, _MEDIUM = 7, 14
_NEXT_SPRINT = 14


async def backlog(assignment: Assignment, desk: Desk) -> BacklogReport:
    """What goes into the backlog, most urgent first."""
    incident = desk.incident
    report = incident.post_mortem_report
    items = tuple(_task(item, incident) for item in report.action_items) if report else (_look_into(desk),)
    ordered = tuple(sorted(items, key=lambda item: (-item.priority.rank, item.days)))
    return BacklogReport(
        summary=f"{len(ordered)} task{'s' if len(ordered) != 1 else ''} from {incident.id}.", items=ordered
    )


def _task(item: ActionItem, incident: Incident) -> BacklogItem:
    return BacklogItem(
        title=item.action,
        owner=item.owner,
        days=item.days,
        priority=_priority(item.days),
        reason=f"Prevents a repetition of {incident.id}: {incident.title}",
    )


def _priority(days: int) -> Confidence:
    if days <= _HIGH:
        return Confidence.HIGH
    return Confidence.MEDIUM if days <= _MEDIUM else Confidence.LOW


def _look_into(desk: Desk) -> BacklogItem:
    """The incident itself as a task of the owner of what it hit."""
    incident = desk.incident
    catalogue = desk.kit.sources.world.catalogue
    owners = [found.owner for name in incident.services if (found := catalogue.find(name)) and found.owner]
    return BacklogItem(
        title=f"Look into: {incident.title}",
        owner=next(iter(owners), "relevant_developer"),
        days=_NEXT_SPRINT,
        priority=Confidence.LOW,
        reason=incident.summary or "a minor incident that nobody has to be woken for",
    )
