"""Status updates and executive briefs: only what the incident's value holds."""

from agents.engine import Assignment, RoleContext
from agents.playbook.tasks.situation import (
    is_down,
    said_action,
    said_cause,
    said_eta,
    said_revenue,
    said_users,
    told_users,
)
from agents.public import measured_stand, public_words
from incidents.incident import Incident
from incidents.reports import BriefReport, StatusReport
from incidents.severity import Status
from tools.plainly import percent


async def status_update(assignment: Assignment, context: RoleContext) -> StatusReport:
    """The Support Responder's words for the status page: the usual sentences of the catalogue."""
    words = public_words(await measured_stand(context.toolset.sources))
    return StatusReport(
        status=context.incident.public_status, impact=words.impact, current_action=words.current_action
    )


async def brief(assignment: Assignment, context: RoleContext) -> BriefReport:
    """The Executive Summary Generator's words for the leadership."""
    incident = context.incident
    return BriefReport(
        situation=_situation(incident, context.toolset.sources.world.catalogue.user_facing),
        cause=said_cause(incident),
        action=said_action(incident),
        eta=said_eta(incident),
        impact=(
            f"Users: {told_users(incident)}. Revenue: {said_revenue(incident)}. "
            f"Reputation: not known. Data: {_data(incident)}."
        ),
    )


def _situation(incident: Incident, users: tuple[str, ...]) -> str:
    hit = [name for name in incident.services if name in users] or list(incident.services)
    what = " and ".join(hit[:3]) or "The system"
    if incident.status in {Status.RESOLVED, Status.FALSE_ALARM}:
        return f"{what} {'are' if len(hit) > 1 else 'is'} back to normal"
    return f"{what} {'are' if len(hit) > 1 else 'is'} {_state(incident)}"


def _state(incident: Incident) -> str:
    """Down or degraded, affecting whom by the last measurement."""
    ratio = incident.facts.error_ratio if incident.facts is not None else None
    if is_down(incident):
        return "down, affecting all who use it"
    if ratio is not None and ratio >= 0.01:
        return f"degraded, affecting {percent(ratio)} of the requests"
    return f"degraded, affecting {_whom(incident)}"


def _whom(incident: Incident) -> str:
    known = said_users(incident)
    if known != "unknown":
        return known
    return (
        "an unknown number of users"
        if incident.impact.customers_affected is not False
        else "no users as far as is known"
    )


def _data(incident: Incident) -> str:
    if incident.impact.data_breach_suspected:
        return "a breach is suspected"
    if incident.impact.user_data_affected:
        return "user data may be affected"
    return {True: "at risk", False: "not at risk", None: "not known"}[incident.impact.data_at_risk]
