"""The grounds of one assignment, gathered from the store; the same for every engine's reports."""

from collections.abc import Iterator
from itertools import combinations

from agents.engine import Assignment, EngineResult, RoleContext
from agents.grounding import Grounds, Source, ground, without_opinions
from incidents.findings import EvidenceStatus
from incidents.reports import written_in

#: What of an incident carries nothing: what it cost, what was told of it, and where that lies.
_TOLD = {"usage", "seen", "updates", "briefs", "escalations", "channel", "post_mortem"}


async def grounds_of(assignment: Assignment, context: RoleContext, role_text: str = "") -> Grounds:
    """What a report of this assignment may refer to and quote.

    Args:
        assignment: what was asked.
        context: whose store, catalogue, incident and runbook count.
        role_text: what the role knows by trade, such as a legal time limit; sentences without citations may
            quote it.
    """
    incident, runbook, store = context.incident, context.runbook, context.toolset.store
    read = await store.evidence(incident.id)
    bodies = await store.bodies(incident.id, [one.id for one in read if one.status is EvidenceStatus.OK])
    evidence = {one.id: Source(f"{one.query}\n{one.summary}", bodies.get(one.id, b"")) for one in read}
    definitions = [*runbook.severities.values(), *runbook.floors, *runbook.escalations]
    rules = "\n".join(part.model_dump_json(exclude_none=True) for part in definitions)
    asked = " ".join((assignment.does, assignment.question or "", *assignment.checks))
    return Grounds(
        services=frozenset(context.toolset.sources.world.catalogue.names),
        evidence=evidence,
        changes=frozenset(suspect.change for suspect in incident.suspects if suspect.change),
        actions=frozenset(assignment.actions),
        known=(
            Source("", without_opinions(incident.model_dump_json(exclude=_TOLD)).encode()),
            Source(_lengths(context)),
        ),
        rules=(Source(f"{without_opinions(asked)}\n{role_text}\n{rules}"),),
        alerts=(
            Source("", incident.model_dump_json(include={"title", "alerts"}).encode()),
            Source("\n".join(assignment.checks)),
        ),
        owners=frozenset(_owners(context)),
        language=written_in(assignment.task, incident.language),
    )


def _owners(context: RoleContext) -> Iterator[str]:
    """Who may own a task."""
    runbook = context.runbook
    slugs = {role.role for step in runbook.steps.values() for role in step.roles}
    slugs |= {duty.role for duty in runbook.throughout} | {
        role for row in runbook.escalations for role in row.to
    }
    for slug in (*slugs, "relevant_developer"):
        yield from (slug, slug.replace("_", " "))
    yield from (one.owner for one in context.toolset.sources.world.catalogue.services if one.owner)


def _lengths(context: RoleContext) -> str:
    """How far the incident's moments lie from now and from each other, which everybody may quote."""
    incident, now = context.incident, context.now
    moments = [
        incident.opened_at,
        incident.step_since,
        incident.severity_at,
        incident.mitigated_at,
        incident.diagnosis.onset if incident.diagnosis is not None else None,
        *(alert.starts_at for alert in incident.alerts[:1]),
        *(change.at for change in incident.outside_changes),
    ]
    known = sorted({now, *(at for at in moments if at is not None)})
    return " ".join(f"{(later - at).total_seconds():.0f} s" for at, later in combinations(known, 2))


async def grounded(performed: EngineResult, assignment: Assignment, context: RoleContext) -> EngineResult:
    """The work with a report that outruns no evidence; what was taken out is added to `dropped`."""
    report, dropped = ground(performed.report, await grounds_of(assignment, context))
    return performed.model_copy(update={"report": report, "dropped": (*performed.dropped, *dropped)})
