"""Investigate: answer the runbook's checks, then weigh what was seen into competing hypotheses."""

from datetime import datetime

from agents.engine import Assignment, RoleContext
from agents.playbook.cards.mechanisms import with_mechanisms
from agents.playbook.checks.keywords import names
from agents.playbook.checks.result import CheckOutcome, CheckScope, Hint, no_data
from agents.playbook.checks.runbook_checks import answer, follow_up, has_tool
from agents.playbook.checks.symptoms import SUSPECTED, look_gone, look_suspects
from agents.playbook.diagnosis.hypotheses import weigh
from agents.playbook.diagnosis.innocent_changes import without_outlived
from agents.playbook.tasks.triage import is_minor, measured_severity
from incidents.action import ActionKind, ActionState, Proposal
from incidents.findings import Category, Channel, Confidence, Hypothesis
from incidents.reports import CheckState, InvestigationReport
from incidents.severity import Severity
from incidents.severity_floor import alert_severity
from incidents.verification import Recovery

#: Which cause a change of that kind was meant to mend; a flag may be either and clears none.
_MENDS = {
    ActionKind.ROLLBACK: Category.DEPLOYMENT,
    ActionKind.RESTART: Category.INFRASTRUCTURE,
    ActionKind.SCALE: Category.INFRASTRUCTURE,
    ActionKind.FAILOVER: Category.INFRASTRUCTURE,
    ActionKind.HOTFIX: Category.CODE,
    ActionKind.FALLBACK: Category.DEPENDENCY,
}


async def investigate(assignment: Assignment, context: RoleContext) -> InvestigationReport:
    """Step 2 for one role: its checks, its hypotheses, the gaps it met."""
    ranked = (
        await look_suspects(CheckScope(context=context, services=()))
        if has_tool(context, "suspects")
        else None
    )
    services, onset = in_question(context, ranked), _onset(context, ranked)
    looks = [(check, await answer(check, context, services, onset)) for check in assignment.checks]
    more = await follow_up(context, services, onset)
    seen = [*([ranked] if ranked is not None else []), *(look for _, look in looks), *more]
    if not any(look.measured and look.state is not CheckState.NO_DATA for look in seen):
        return _blind(looks, seen)
    catalogue = context.toolset.sources.world.catalogue
    gone = (
        await look_gone(CheckScope(context=context, services=context.incident.services))
        if has_tool(context, "metrics")
        else []
    )
    found = await without_outlived([*gone, *(hint for look in seen for hint in look.hints)], context)
    hints = list(dict.fromkeys([*found, *_tried(context)]))
    hypotheses = weigh(hints, catalogue) if any(look.state is CheckState.ABNORMAL for look in seen) else ()
    hypotheses = await with_mechanisms(context, hypotheses)
    return InvestigationReport(
        summary=_summary(hypotheses, seen),
        checks=tuple(look.as_check(check) for check, look in looks),
        hypotheses=hypotheses,
        gaps=_gaps(seen),
        severity=await _other_severity(context, hypotheses[:1], hints),
    )


def _blind(looks: list[tuple[str, CheckOutcome]], seen: list[CheckOutcome]) -> InvestigationReport:
    """Without telemetry nothing can be judged: that nothing stands out is no finding then."""
    empty = no_data("There is no data to tell.")
    return InvestigationReport(
        summary="There is no data to judge from; the cause is unknown.",
        checks=tuple((look if _stands(look) else empty).as_check(check) for check, look in looks),
        hypotheses=(),
        gaps=_gaps(seen),
    )


def _stands(look: CheckOutcome) -> bool:
    """Whether a look holds without telemetry: what a record of changes says, or that there is no data."""
    return look.state is not CheckState.NORMAL or bool(look.hints)


def _gaps(seen: list[CheckOutcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(gap for look in seen for gap in look.gaps))


def in_question(context: RoleContext, ranked: CheckOutcome | None) -> tuple[str, ...]:
    """The services to look at: the suspects, then what notes and the question name, then what is hit."""
    catalogue = context.toolset.sources.world.catalogue
    suspects = [hint.service for hint in ranked.hints] if ranked is not None else []
    texts = [*(note.text for note in context.incident.notes), context.incident.question or ""]
    noted = [name for text in texts for name in catalogue.names if names(text, name)]
    wanted = dict.fromkeys([*suspects, *noted, *context.incident.services])
    known = [name for name in wanted if catalogue.find(name) is not None]
    return tuple(known[:SUSPECTED])


def _onset(context: RoleContext, ranked: CheckOutcome | None) -> datetime:
    """When the first suspect began to deviate; else when the first alert says it began."""
    onsets = [hint.onset for hint in (ranked.hints[:1] if ranked is not None else ()) if hint.onset]
    alerts = [alert.starts_at for alert in context.incident.alerts]
    return min(onsets or alerts, default=context.incident.opened_at)


def _tried(context: RoleContext) -> list[Hint]:
    """A change that was made and did not help speaks against the cause it was made for."""
    found = context.incident.verification
    if found is None or found.verdict not in {Recovery.UNCHANGED, Recovery.WORSE} or not found.evidence:
        return []
    return [
        Hint(
            service=proposal.action.service, category=_MENDS[proposal.action.kind], channel=Channel.CHANGES,
            text=f"{proposal.id} ({proposal.action.title}) was done and the signals are {found.verdict}",
            weight=3.0, evidence=found.evidence[0], against=True,
        )
        for proposal in context.incident.proposals
        if _did_not_help(proposal)
    ]  # fmt: skip


def _did_not_help(proposal: Proposal) -> bool:
    return proposal.state is ActionState.DONE and proposal.undo_of is None and proposal.action.kind in _MENDS


async def _other_severity(
    context: RoleContext, best: tuple[Hypothesis, ...], hints: list[Hint]
) -> Severity | None:
    """The severity that is measured now, if it is another than the incident's; a person's word stands.

    A role that cannot measure it tells when an alert that came later is more severe than the incident. Once
    its cause is found in what was made, not in what runs short and is felt later, a P2 may prove minor.
    """
    current = context.incident.severity
    if context.incident.severity_by is not None:
        return None
    if _is_made(best) and not _runs_short(best, hints) and is_minor(context):
        return Severity.P3
    if has_tool(context, "overview"):
        measured = await measured_severity(context)
        return measured if measured is not current else None
    sent = alert_severity(context.incident.alerts, context.runbook)
    return sent if sent is not None and current is not None and sent.rank < current.rank else None


def _is_made(best: tuple[Hypothesis, ...]) -> bool:
    """Whether a release, a setting or code is found to be the cause."""
    made = {Category.DEPLOYMENT, Category.CODE}
    return any(one.category in made and one.confidence is not Confidence.LOW for one in best)


def _runs_short(best: tuple[Hypothesis, ...], hints: list[Hint]) -> bool:
    """Whether something was seen to run short where the cause is, whatever made it."""
    where = {one.service for one in best}
    return any(h.service in where and h.category is Category.INFRASTRUCTURE and not h.against for h in hints)


def _summary(hypotheses: tuple[Hypothesis, ...], seen: list[CheckOutcome]) -> str:
    if hypotheses:
        best = hypotheses[0]
        cause = "cause unknown" if best.category is Category.UNKNOWN else f"{best.category} cause"
        return f"{cause}, {best.confidence} confidence. {best.summary}"
    return "Nothing stands out in what could be seen; the cause is unknown."
