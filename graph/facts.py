"""The measurement that every decision of code rests on, kept as evidence."""

from graph.state import Deps
from incidents.incident import Incident
from tools.box import OVERVIEW
from tools.box.arguments import NoArgs
from tools.measure import measure, watched_since


async def measured(deps: Deps, incident: Incident) -> Incident:
    """The incident after a measurement; what the first one chose to watch stays watched."""
    facts = await measure(deps.sources(incident))
    seen = await deps.kit(incident, "nexus", (OVERVIEW.name,)).ask(OVERVIEW, NoArgs())
    facts = facts.model_copy(update={"evidence": (seen.id,)})
    return incident.evolve(
        facts=facts,
        signals=incident.signals or facts.signals,
        deviated=incident.deviated or facts.quiet is False,
        revenue_impact=facts.revenue_lost if facts.revenue_lost is not None else incident.revenue_impact,
    )


async def corrected(deps: Deps, incident: Incident) -> Incident:
    """The incident after its diagnosis: what is affected and what is watched follow the cause."""
    found = incident.diagnosis
    if found is None or not found.known or found.service is None:
        return incident
    measured_off = incident.facts.affected if incident.facts is not None else ()
    hit = tuple(dict.fromkeys((*incident.services, found.service, *measured_off)))
    return incident.evolve(
        impact=incident.impact.model_copy(update={"services": hit}),
        signals=await watched_since(deps.sources(incident), found.service),
    )
