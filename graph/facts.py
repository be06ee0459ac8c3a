"""The measurement that every decision of code rests on, kept as evidence."""

from graph.state import Deps
from incidents.incident import Incident
from tools.box import OVERVIEW
from tools.box.arguments import NoArgs
from tools.measure import measure


async def measured(deps: Deps, incident: Incident) -> Incident:
    """The incident after a measurement; what the first one chose to watch stays the watched signals."""
    facts = await measure(deps.sources(incident))
    seen = await deps.kit(incident, "nexus", (OVERVIEW.name,)).ask(OVERVIEW, NoArgs())
    facts = facts.model_copy(update={"evidence": (seen.id,)})
    return incident.evolve(
        facts=facts,
        signals=incident.signals or facts.signals,
        deviated=incident.deviated or facts.quiet is False,
        revenue_impact=facts.revenue_lost if facts.revenue_lost is not None else incident.revenue_impact,
    )
