"""Mitigate: what the decision tree offers for the diagnosed cause, planned before it is proposed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agents.engine import Assignment, RoleContext
from agents.playbook.checks.runbook_checks import has_tool
from agents.playbook.fixes.capacity import fail_over, restart, scale_out
from agents.playbook.fixes.draft import Draft
from agents.playbook.fixes.releases import fall_back, flag_off, revert_commit, roll_back
from incidents.action import ANSWERED, Action, ActionKind, ActionState, Plan, Verdict
from incidents.findings import Diagnosis
from incidents.incident import Incident
from incidents.reports import MitigationReport, ProposedAction
from incidents.ruled_out import ruled_out
from incidents.verification import Recovery
from tools.toolbox import PLAN_ACTION
from tools.toolbox.arguments import PlanArgs

Drafting = Callable[[RoleContext, Diagnosis], Awaitable[list[Draft]]]

#: How each kind of change is drafted. A draft names the action, the reason, the evidence, the risks.
_DRAFTING: dict[ActionKind, Drafting] = {
    ActionKind.ROLLBACK: roll_back,
    ActionKind.FEATURE_FLAG: flag_off,
    ActionKind.RESTART: restart,
    ActionKind.SCALE: scale_out,
    ActionKind.FAILOVER: fail_over,
    ActionKind.FALLBACK: fall_back,
    ActionKind.HOTFIX: revert_commit,
}


@dataclass
class _Worked:
    """What the drafts came to; `refused`: what a dry run said no to, by kind of change."""

    proposals: list[tuple[int, ProposedAction]]
    concerns: list[str]
    skipped: list[str]
    refused: dict[ActionKind, str] = field(default_factory=dict)


async def mitigate(assignment: Assignment, context: RoleContext) -> MitigationReport:
    """Step 3 for one role: the changes it proposes, best first, or why it proposes none."""
    diagnosis = context.incident.diagnosis
    if not assignment.actions:
        return MitigationReport(
            summary=_supporting(assignment, context), concerns=_open_concerns(context.incident)
        )
    if diagnosis is None or not diagnosis.known:
        return MitigationReport(summary="The cause is not known, so no change is proposed.")
    worked = _Worked([], list(_open_concerns(context.incident)), [])
    barred = ruled_out(constraints(context.incident))
    for kind in assignment.actions:
        if kind in barred:
            worked.skipped.append(f"people ruled out a {kind}")
            continue
        for draft in await _DRAFTING[kind](context, diagnosis):
            await _take(context, draft, worked)
    worked.proposals.sort(key=lambda ranked: ranked[0])  # stable: equals keep the order of the tree
    return _report(worked)


def constraints(incident: Incident) -> tuple[str, ...]:
    """What people wrote: notes on the incident, and why they rejected a proposal."""
    rejections = (
        approval.note
        for proposal in incident.proposals
        for approval in proposal.approvals
        if approval.verdict is Verdict.REJECT and approval.note
    )
    return (*(note.text for note in incident.notes), *rejections)


async def _take(context: RoleContext, draft: Draft, worked: _Worked) -> None:
    """Keep a draft if it was not answered before, can be made at all, and its dry run is not refused."""
    action = draft.action
    if action is None:
        worked.skipped.append(draft.reason)
        return
    before = next(
        (p for p in context.incident.proposals if p.action.key == action.key and p.state in ANSWERED), None
    )
    if before is not None:
        worked.skipped.append(f"to {action.title} was {before.id}, which is {before.state}")
        return
    if _grown_in_vain(context.incident, action):
        worked.skipped.append(f"{action.service} was scaled, and the signals stayed as they were")
        return
    evidence = draft.evidence
    if has_tool(context, PLAN_ACTION.name):
        answer = await context.toolset.ask(
            PLAN_ACTION, PlanArgs(kind=action.kind, service=action.service, **action.arguments.given())
        )
        if answer.data is None:
            why = f"to {action.title} cannot be planned ({answer.evidence.summary})"
            worked.skipped.append(why)
            worked.refused[action.kind] = why
            return
        evidence = (*evidence, answer.id)
        worked.concerns += _risks(answer.data)
    worked.concerns += draft.concerns
    proposed = ProposedAction(
        action=action,
        reason=draft.reason,
        expected_effect=draft.effect,
        evidence=tuple(dict.fromkeys(evidence)),
    )
    worked.proposals.append((draft.rank, proposed))


def _grown_in_vain(incident: Incident, action: Action) -> bool:
    """Whether more instances of that service were added already, and did not help."""
    found = incident.verification
    if action.kind is not ActionKind.SCALE or found is None:
        return False
    done = [p for p in incident.proposals if p.state is ActionState.DONE and p.undo_of is None]
    return found.verdict in {Recovery.UNCHANGED, Recovery.WORSE} and any(
        (p.action.kind, p.action.service) == (action.kind, action.service) for p in done
    )


def _risks(plan: Plan) -> list[str]:
    return [] if plan.undo is not None else [f"There is no prepared way back from: {plan.action.title}."]


def _report(worked: _Worked) -> MitigationReport:
    taken = {proposed.action.kind for _, proposed in worked.proposals}
    instead = [f"Not possible instead: {why}." for kind, why in worked.refused.items() if kind not in taken]
    concerns = tuple(dict.fromkeys([*worked.concerns, *(instead if taken else ())]))
    if worked.proposals:
        proposals = tuple(proposed for _, proposed in worked.proposals)
        summary = f"Proposes to {proposals[0].action.title}. {proposals[0].reason}"
        return MitigationReport(summary=summary, proposals=proposals, concerns=concerns)
    why = "; ".join(dict.fromkeys(worked.skipped)) or "nothing fits the cause"
    return MitigationReport(summary=f"No change is safe to propose: {why}.", concerns=concerns)


def _supporting(assignment: Assignment, context: RoleContext) -> str:
    """A role that supports says what it stands ready for, and on what."""
    does = assignment.does or "supports the change"
    pending = context.incident.pending
    on = f" Waiting for people: {'; '.join(p.action.title for p in pending)}." if pending else ""
    return f"{does}: ready; no change of its own is proposed.{on}"


def _open_concerns(incident: Incident) -> tuple[str, ...]:
    """What the approver should know of earlier attempts."""
    return tuple(
        f"{p.id} ({p.action.title}) is {p.state}"
        for p in incident.proposals
        if p.state in {ActionState.FAILED, ActionState.REJECTED, ActionState.DRIFTED}
    )
