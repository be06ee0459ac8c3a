"""Backlog: the post-mortem's tasks in the order that pays; a minor incident becomes one task."""

from agents.engine import Assignment, RoleContext
from incidents.findings import Confidence
from incidents.incident import Incident
from incidents.reports import ActionItem, BacklogItem, BacklogReport
from incidents.severity import Status
from tools.wording import length

#: Due within so many days means that high a priority.
_HIGH, _MEDIUM = 7, 14
_NEXT_SPRINT = 14


async def backlog(assignment: Assignment, context: RoleContext) -> BacklogReport:
    """What goes into the backlog, most urgent first."""
    incident = context.incident
    report = incident.post_mortem_report
    items = tuple(_task(item, incident) for item in report.action_items) if report else (_alone(context),)
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


def _alone(context: RoleContext) -> BacklogItem:
    """The incident itself as a task: about its alert, or of the owner of its cause or of what it hit."""
    incident, found = context.incident, context.incident.diagnosis
    if incident.status is Status.FALSE_ALARM:
        return _minor(f"Let the alert wait: {incident.title}", "infrastructure_maintainer", _spells(incident))
    known = found is not None and found.known
    catalogue = context.toolset.sources.world.catalogue
    services = ((found.service or "",) if found is not None and known else ()) + incident.services
    owners = [part.owner for name in services if (part := catalogue.find(name)) and part.owner]
    return _minor(
        f"{'Mend' if known else 'Look into'}: {incident.title}",
        next(iter(owners), "relevant_developer"),
        found.summary if found is not None and known else incident.summary,
    )


def _minor(title: str, owner: str, reason: str) -> BacklogItem:
    why = reason or "a minor incident that nobody has to be woken for"
    return BacklogItem(title=title, owner=owner, days=_NEXT_SPRINT, priority=Confidence.LOW, reason=why)


def _spells(incident: Incident) -> str:
    """How often the alert came and went, and how long it stayed."""
    spells = incident.firing_periods
    if not spells:
        return "It ended by itself, and nothing that was measured deviated."
    times = "once" if len(spells) == 1 else f"{len(spells)} times"
    longest = length(max(spells).total_seconds() / 60)
    return f"It came and went {times}, after {longest} at most, and nothing that was measured deviated."
