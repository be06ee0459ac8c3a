"""Step 3, mitigation: the branch of the decision tree says who proposes what; people decide on the plan."""

from datetime import timedelta

from agents.engine import Assignment
from agents.role import RELEVANT_DEVELOPER
from graph.autonomous import announced, undone_by_itself
from graph.paging import say
from graph.people import hand_over
from graph.proposal_lines import in_shadow, proposal_entry
from graph.shadow_end import rest
from graph.state import Deps, RoleResult
from graph.step import StepSpec, assignment, begin
from graph.steps.investigation import developer
from graph.timeline import Update, entry
from incidents.action import ANSWERED, Action, Plan, Proposal, digest_of
from incidents.communications import decision_key
from incidents.errors import Refused, ToolFailed
from incidents.findings import Category, EvidenceStatus
from incidents.incident import Incident
from incidents.incident_path import is_beside, why_beside
from incidents.reports import MitigationReport, ProposedAction, Task
from incidents.runbook import Branch, Runbook
from incidents.severity import Severity, Step
from incidents.timeline import Entry, EntryKind
from tools.telemetry.observe import SHARED_FOR
from tools.toolbox import PLAN_ACTION
from tools.toolbox.arguments import PlanArgs

#: When the step is tried again whose target did not answer; within the bound of attempts.
PLAN_RETRY = timedelta(minutes=1)


async def prepare(deps: Deps, incident: Incident) -> Update:
    """Count the attempt; asking again what nobody answered is none."""
    if incident.ask_again is not None:
        return Update(incident)
    after = begin(deps, incident, Step.MITIGATION)
    return Update(after.evolve(mitigations=after.mitigations + 1))


def branches(deps: Deps, incident: Incident) -> tuple[Branch, ...]:
    """The lines of the decision tree for the diagnosed cause that belong to this step."""
    category = incident.diagnosis.category if incident.diagnosis else Category.UNKNOWN
    return tuple(b for b in deps.runbook.decision_tree.get(category, ()) if b.step is Step.MITIGATION)


def assign(deps: Deps, incident: Incident) -> tuple[Assignment, ...]:
    """One assignment for each role of the branch that decides on a change; none to ask again."""
    if incident.ask_again is not None:
        return ()
    work: dict[str, Assignment] = {}
    for branch in branches(deps, incident):
        if Task.MITIGATE not in deps.roster.get(branch.role).tasks or branch.role in work:
            continue
        acting = developer(deps, incident) if branch.role == RELEVANT_DEVELOPER else None
        work[branch.role] = assignment(
            deps,
            incident,
            branch.role,
            Task.MITIGATE,
            does=branch.does,
            actions=branch.actions,
            acting_as=acting,
        )
    return tuple(work.values())


def candidates(
    deps: Deps, incident: Incident, done: tuple[RoleResult, ...]
) -> list[tuple[RoleResult, ProposedAction]]:
    """The proposals in the tree's order, without what the role may not do or people have answered.

    A change of a service that is not on the path of the alerts is none of this incident.
    """
    proposed = _proposed(deps, incident, done)
    return [one for one in proposed if not _is_beside(deps, incident, one[1].action)]


def _is_beside(deps: Deps, incident: Incident, action: Action) -> bool:
    return is_beside(action.service, incident.alerts, deps.world.catalogue)


def _left_alone(deps: Deps, incident: Incident, done: tuple[RoleResult, ...]) -> list[Entry]:
    """Why what was proposed for another service than the incident's own is not put to people."""
    actions = (proposed.action for _, proposed in _proposed(deps, incident, done))
    return [
        _unplanned(
            deps, incident, action, f"{why_beside(action.service, incident.alerts)}; it may be another's"
        )
        for action in actions
        if _is_beside(deps, incident, action)
    ]


def _proposed(
    deps: Deps, incident: Incident, done: tuple[RoleResult, ...]
) -> list[tuple[RoleResult, ProposedAction]]:
    answered = {p.action.key for p in incident.proposals if p.state in ANSWERED}
    order = [branch.role for branch in branches(deps, incident)]
    found: dict[str, tuple[RoleResult, ProposedAction]] = {}
    for item in sorted(done, key=lambda d: order.index(d.assignment.role)):
        report = item.report(MitigationReport)
        for proposed in report.proposals if report else ():
            action = proposed.action
            if action.kind in item.assignment.actions and action.key not in answered:
                found.setdefault(action.key, (item, proposed))
    return list(found.values())


async def conclude(deps: Deps, incident: Incident, done: tuple[RoleResult, ...]) -> Update:
    """Plan the proposals in order; the first that the world can plan is put to people, or stands in shadow.

    Where only a kind or a service is in shadow, the next one outside it is put to people.
    """
    if incident.ask_again is not None:
        return await _ask_again(deps, incident, incident.ask_again)
    told, shadowed = _left_alone(deps, incident, done), list[str]()
    possible = candidates(deps, incident, done)
    for item, proposed in possible:
        try:
            plan = await _planned(deps, incident, proposed.action)
        except (Refused, ToolFailed) as error:
            told.append(_unplanned(deps, incident, proposed.action, str(error)))
            continue
        kept = {evidence.id for evidence in await deps.evidence.evidence(incident.id)}
        made = propose(deps, incident, plan, proposed, item, kept)
        behind = possible[possible.index((item, proposed)) + 1 :]
        others = (*(line.text for line in told), *(_also(other) for _, other in behind))
        made = made.model_copy(update={"considered": others})
        if incident.shadow.keeps(made.action):
            incident, line = in_shadow(deps, incident, made)
            told.append(line)
            shadowed.append(made.id)
            if not incident.shadow.whole:
                continue
            reason = say(incident, "shadow.stands", id=made.id)
            return rest(incident, reason, deps.clock.now(), tuple(told))
        made = await announced(deps, incident, made)
        after = incident.with_proposal(made)
        told.append(proposal_entry(deps, after, made))
        await deps.comms.page(after, told[-1].text, key=decision_key(made.id))
        return Update(after, tuple(told))
    if shadowed:
        reason = say(incident, "why.shadow", ids=", ".join(shadowed))
        return hand_over(incident, reason, deps.clock.now(), tuple(told))
    silent = await _silent(deps, incident, [proposed.action for _, proposed in possible])
    if silent and incident.mitigations < deps.runbook.bounds.mitigations:
        return _later(deps, incident, [*told, *silent])
    concerns = [report.summary for item in done if (report := item.report(MitigationReport)) is not None]
    how = "why.unsafe_because" if concerns else "why.unsafe"
    reason = say(incident, how, concerns=" ".join(concerns))
    if _can_wait(incident, deps.runbook):
        return _look_again(deps, incident, reason, tuple(told))
    return hand_over(incident, reason, deps.clock.now(), tuple(told))


async def _ask_again(deps: Deps, incident: Incident, expired: str) -> Update:
    """Plan anew from the present state what nobody answered, and ask again; else the roles look."""
    incident, before = incident.evolve(ask_again=None), incident.proposal(expired)
    if before is None:
        return Update(incident)
    try:
        plan = await deps.world.actions.plan(before.action)
    except (Refused, ToolFailed) as error:
        return Update(incident, (_unplanned(deps, incident, before.action, str(error)),))
    until = incident.unanswered[0].proposed_at + deps.runbook.bounds.decision_wait
    made = signable(
        deps, incident, plan, reason=before.reason, by=before.proposed_by, engine=before.engine,
        evidence=before.evidence, undo_of=before.undo_of,
    )  # fmt: skip
    said = {"concerns": before.concerns, "considered": before.considered}
    made = made.model_copy(update=said | {"expires_at": min(made.expires_at, until)})
    after = incident.with_proposal(made)
    told = proposal_entry(deps, after, made)
    await deps.comms.page(after, told.text, key=decision_key(made.id))
    return Update(after, (told,))


async def _planned(deps: Deps, incident: Incident, action: Action) -> Plan:
    """The dry run of a change; what a role has just planned is not planned again: it may run whole tests.

    What was observed then is what people sign, and it is looked at once more when the change is executed.
    """
    since = deps.clock.now() - SHARED_FOR
    for evidence in await deps.evidence.evidence(incident.id):
        if (
            evidence.tool != PLAN_ACTION.name
            or evidence.status is not EvidenceStatus.OK
            or evidence.at < since
        ):
            continue
        body = await deps.evidence.body(incident.id, evidence.id)
        if body is not None and (plan := Plan.from_stored(body)).action == action:
            return plan
    return await deps.world.actions.plan(action)


def _can_wait(incident: Incident, runbook: Runbook) -> bool:
    """Whether nobody is hurt and nobody has to be called at once: it may be over by itself in a moment."""
    unhurt = incident.facts is not None and incident.facts.customers_affected is False
    minor = incident.severity is not None and incident.severity.rank >= Severity.P2.rank
    return unhurt and minor and incident.investigations < runbook.bounds.investigations


def _look_again(deps: Deps, incident: Incident, reason: str, told: tuple[Entry, ...]) -> Update:
    now = deps.clock.now()
    again = now + deps.runbook.watch.every
    after = incident.evolve(step=Step.INVESTIGATION, step_since=now, not_before=again)
    text = f"{reason}; users are not affected, so the next look is at {again:%H:%M:%S} UTC"
    return Update(after, (*told, entry(after, now, EntryKind.ROUTING, text, "look-again")))


async def _silent(deps: Deps, incident: Incident, proposed: list[Action]) -> list[Entry]:
    """The changes that could not be planned because their target does not answer, or does so only now.

    Those that were proposed, and those that a role tried as a dry run and therefore did not propose.
    """
    tried = [
        PlanArgs.model_validate_json(evidence.query).action
        for evidence in await deps.evidence.evidence(incident.id)
        if evidence.tool == PLAN_ACTION.name and evidence.status is EvidenceStatus.FAILED
    ]
    found = []
    for action in {action.key: action for action in (*proposed, *tried)}.values():
        if _is_beside(deps, incident, action):
            continue
        try:
            await deps.world.actions.plan(action)
            why = "its target did not answer and does so again"
        except Refused:
            continue
        except ToolFailed as error:
            why = str(error)
        found.append(_unplanned(deps, incident, action, why))
    return found


def _unplanned(deps: Deps, incident: Incident, action: Action, why: str) -> Entry:
    text, key = f"cannot plan to {action.title}: {why}", f"unplanned:{action.key}"
    return entry(incident, deps.clock.now(), EntryKind.GAP, text, key)


def _later(deps: Deps, incident: Incident, told: list[Entry]) -> Update:
    """A target that does not answer may do so in a moment: nothing was changed, it is planned again."""
    now = deps.clock.now()
    again = now + min(deps.runbook.watch.every, PLAN_RETRY)
    text = f"nothing was changed; the change is planned again at {again:%H:%M:%S} UTC"
    line = entry(incident, now, EntryKind.GAP, text, "planned-again")
    return Update(incident.evolve(not_before=again), (*told, line))


def propose(
    deps: Deps, incident: Incident, plan: Plan, proposed: ProposedAction, item: RoleResult, kept: set[str]
) -> Proposal:
    """The proposal as people will see and sign it."""
    cause = incident.diagnosis.evidence if incident.diagnosis else ()
    report = item.report(MitigationReport)
    made = signable(
        deps,
        incident,
        plan,
        reason=f"{proposed.reason} Expected: {proposed.expected_effect}",
        by=deps.roster.get(item.assignment.role).name,
        engine=item.performed.engine if item.performed else "code",
        evidence=tuple(e for e in dict.fromkeys((*proposed.evidence, *cause)) if e in kept),
    )
    return made.model_copy(update={"concerns": report.concerns if report is not None else ()})


def _also(other: ProposedAction) -> str:
    return f"to {other.action.title}: {other.reason}"


def signable(
    deps: Deps,
    incident: Incident,
    plan: Plan,
    *,
    reason: str,
    by: str,
    engine: str,
    evidence: tuple[str, ...],
    undo_of: str | None = None,
) -> Proposal:
    """A proposal with its digest, its expiry and the number of people that the policy asks for."""
    identity = f"A{len(incident.proposals) + 1}"
    now = deps.clock.now()
    return Proposal(
        id=identity,
        incident=incident.id,
        plan=plan,
        digest=digest_of(incident.id, identity, plan),
        reason=reason,
        proposed_by=by,
        engine=engine,
        evidence=evidence,
        proposed_at=now,
        expires_at=now + deps.runbook.bounds.approval_expiry,
        approvers_needed=deps.policy.needed(plan.action.kind, incident.severity, plan.action.service),
        undo_of=undo_of,
    )


async def propose_undo(
    deps: Deps, incident: Incident, of: Proposal, why: str, *, by_itself: bool = False
) -> Update:
    """Offer the undo of a change for people to sign; `by_itself`: what a permission holds begins at once."""
    undo: Action | None = of.plan.undo
    if undo is None:
        return Update(incident)
    try:
        plan = await deps.world.actions.plan(undo)
    except (Refused, ToolFailed) as error:
        text = f"the undo of {of.id} cannot be planned: {error}"
        return Update(incident, (entry(incident, deps.clock.now(), EntryKind.GAP, text, f"no-undo:{of.id}"),))
    made = signable(
        deps, incident, plan, reason=why, by="supervisor", engine="code", evidence=(), undo_of=of.id
    )
    if by_itself:
        made = await undone_by_itself(deps, of, made)
    after = incident.with_proposal(made)
    told = proposal_entry(deps, after, made)
    await deps.comms.page(after, told.text, key=decision_key(made.id))
    return Update(after, (told,))


def spec(runbook: Runbook) -> StepSpec:
    """The step with every role that any branch of the tree may call."""
    roles = [
        branch.role
        for tree in runbook.decision_tree.values()
        for branch in tree
        if branch.step is Step.MITIGATION
    ]
    return StepSpec("mitigation", tuple(dict.fromkeys(roles)), prepare, assign, conclude)
