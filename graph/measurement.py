"""The measurement that every decision of code rests on, kept as evidence."""

from graph.state import Deps
from graph.timeline import Update, entry
from incidents.facts import Facts
from incidents.findings import EvidenceStatus
from incidents.incident import Incident
from incidents.incident_path import is_beside
from incidents.reports import Impact
from incidents.timeline import EntryKind
from tools.telemetry.facts import measure, watched_since
from tools.telemetry.observe import observe
from tools.telemetry.request_failures import healthy_while_others_fail
from tools.toolbox import OVERVIEW
from tools.toolbox.arguments import NoArgs
from tools.toolbox.watched_series import WATCHED_SERIES


async def with_measurement(deps: Deps, incident: Incident) -> Incident:
    """The incident after a measurement; what the first one chose to watch stays watched."""
    facts = await measure(deps.sources(incident))
    seen = await deps.toolset(incident, "nexus", (OVERVIEW.name,)).ask(OVERVIEW, NoArgs())
    watched = incident.evolve(signals=incident.signals or facts.signals)
    series = await deps.toolset(watched, "nexus", ()).ask(WATCHED_SERIES, NoArgs())
    kept = series.id if series.evidence.status is EvidenceStatus.OK else None
    facts = facts.model_copy(update={"evidence": (seen.id,), "series": kept})
    return incident.evolve(
        facts=facts,
        peak=facts if facts.worse_than(incident.peak) else incident.peak,
        impact=_measured_impact(incident.impact, facts),
        signals=watched.signals,
        ever_deviated=incident.ever_deviated or facts.quiet is False,
        revenue_impact=facts.revenue_lost if facts.revenue_lost is not None else incident.revenue_impact,
    )


def _measured_impact(known: Impact, facts: Facts) -> Impact:
    """Whom it hits, as measurements fill in: who was hit stays hit, what was not known may be known now."""
    hit = known.customers_affected or facts.customers_affected
    return known.model_copy(
        update={
            "customers_affected": known.customers_affected if hit is None else hit,
            "api_affected": known.api_affected or facts.api_affected,
        }
    )


async def report_silent_channels(deps: Deps, incident: Incident) -> Update:
    """Say which channels of telemetry fell silent or answer again since the last look; each time once."""
    failed = (await observe(deps.sources(incident))).failed
    now = deps.clock.now()
    gone = [
        entry(
            incident, now, EntryKind.GAP,
            f"no {channel}: {why}; the incident goes on without them until they answer", f"silent:{channel}",
        )
        for channel, why in failed.items()
        if channel not in incident.silent_channels
    ]  # fmt: skip
    back = [
        entry(incident, now, EntryKind.GAP, f"the {channel} answer again", f"heard:{channel}")
        for channel in incident.silent_channels
        if channel not in failed
    ]
    return Update(incident.evolve(silent_channels=tuple(failed)), (*gone, *back))


async def changed_service_is_healthy(deps: Deps, incident: Incident, service: str) -> bool:
    """Whether a service answers as ever by now while requests of users go on failing elsewhere."""
    seen = await observe(deps.sources(incident))
    return healthy_while_others_fail(seen, service, deps.world.catalogue.user_facing) is not None


async def with_cause_applied(deps: Deps, incident: Incident) -> Incident:
    """The incident after its diagnosis: what is affected and what is watched follow the cause."""
    found = incident.diagnosis
    if found is None or not found.known or found.service is None:
        return incident
    measured_off = incident.facts.affected if incident.facts is not None else ()
    also = [found.service, *measured_off]
    own = [name for name in also if not is_beside(name, incident.alerts, deps.world.catalogue)]
    hit = tuple(dict.fromkeys((*incident.services, *own)))
    return incident.evolve(
        impact=incident.impact.model_copy(update={"services": hit}),
        signals=await watched_since(deps.sources(incident), found.service),
    )
