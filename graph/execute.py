"""Execution of an approved change: exactly what people signed, once, with the intent written before."""

from datetime import datetime, timedelta

from langgraph.runtime import Runtime

from graph import autonomous
from graph.paging import say
from graph.people import hand_over
from graph.state import Deps, Packed, State, incident_of
from graph.step import keep, tell
from graph.steps.mitigation import propose_undo
from graph.timeline import Update, entry
from incidents.act_permission import Use
from incidents.action import UNSETTLED, ActionState, Outcome, Proposal, digest_of
from incidents.deeds import planned, state_word
from incidents.errors import (
    ActionRefused,
    InProgress,
    NotPermitted,
    Refused,
    StaleLease,
    ToolFailed,
    Withdrawn,
)
from incidents.incident import Incident, Watch
from incidents.policy import permit
from incidents.severity import Step
from incidents.texts import forms_of
from incidents.timeline import EntryKind

#: How often a target is asked that does not answer, and for how long after a change was begun there.
TARGET_RETRY = timedelta(seconds=15)
ASKED_FOR = timedelta(minutes=10)


class Unsure(ToolFailed):
    """Nobody can say whether a change was made: people have to look, nothing is done again.

    `state` is `executing` where what was started for it may still run, else `unknown`.
    """

    def __init__(self, sentence: str, state: ActionState) -> None:
        super().__init__(sentence)
        self.state = state


class NotBegun(ToolFailed):
    """The target did not answer before anything was begun."""


async def execute(state: State, runtime: Runtime[Deps]) -> dict[str, Packed]:
    """Run the proposal that is approved, or that its permission lets begin, or say why it did not run."""
    deps, incident = runtime.context, incident_of(state)
    now, begun = deps.clock.now(), UNSETTLED | {ActionState.APPROVED}
    waiting = [p for p in incident.proposals if p.state in begun]
    waiting = waiting or [p for p in incident.proposals if p.unsigned_due(now)]
    told = await run(deps, incident, waiting[0])
    await tell(deps, told)
    return {"incident": keep(deps, told)}


async def run(deps: Deps, incident: Incident, proposal: Proposal) -> Update:
    """Permit, check for drift, write the intent, act, write the outcome.

    A crash between intent and outcome is resolved by asking the adapter what became of the key; only a key
    of which it is proven that nothing was begun is executed.

    Raises:
        StaleLease: another process drives the incident, or the lease is near its end; nothing was begun.
    """
    try:
        outcome = await _outcome(deps, incident, proposal)
    except StaleLease:  # whoever drives the incident by now goes on; nothing of this turn is kept
        raise
    except Unsure as unsure:
        return await _unsure(deps, incident, proposal, unsure)
    except NotBegun as silent:
        return await _held(deps, incident, proposal, str(silent))
    except Withdrawn as withdrawn:
        text = f"{proposal.id} ({proposal.action.title}) was not begun: {withdrawn}"
        kept = incident.with_proposal(proposal.model_copy(update={"begins_at": None}))
        return _again(deps, kept, text, f"withdrawn:{proposal.id}")
    except NotPermitted as no:
        return await autonomous.refused(deps, incident, proposal, str(no))
    except ActionRefused as refused:
        await autonomous.drifted(deps, proposal)
        return _ended(incident, proposal, ActionState.DRIFTED, str(refused), deps.clock.now())
    except (Refused, ToolFailed) as error:
        return _ended(incident, proposal, ActionState.FAILED, str(error), deps.clock.now())
    after = incident.with_proposal(proposal.model_copy(update={"outcome": outcome}))
    if not outcome.done:
        ended = _ended(after, proposal, ActionState.FAILED, outcome.detail, deps.clock.now())
        offered = await _offered(deps, ended, proposal, outcome)
        wrong = await autonomous.called_wrong(deps, offered.incident, proposal, autonomous.FAILED)
        return Update(wrong.incident, (*offered.entries, *wrong.entries))
    return _done(deps, after, proposal, outcome)


async def _outcome(deps: Deps, incident: Incident, proposal: Proposal) -> Outcome:
    key = proposal.execution_key
    finished = await deps.intents.finished(key)
    if finished is not None:
        return finished
    begun = key in {intent.key for intent in await deps.intents.unfinished(incident.id)}
    outcome = await _begun(deps, proposal) if begun else None
    if outcome is None:
        if proposal.state in UNSETTLED:  # it was not known; now it is: nothing happened at all
            before = ActionState.APPROVED if proposal.approvals else ActionState.PROPOSED
            proposal = proposal.model_copy(update={"state": before})
        outcome = await _begin(deps, incident, proposal)
    await deps.intents.finish(key, outcome)
    return outcome


async def _begin(deps: Deps, incident: Incident, proposal: Proposal) -> Outcome:
    """Check it, keep the intent, do it. An intent whose change is refused has an outcome: nothing was done.

    Raises:
        ActionRefused, NotBegun, StaleLease: nothing was begun.
        Unsure: nobody can say.
    """
    try:
        use = await _still_as_signed(deps, incident, proposal)
        await deps.intents.begin(proposal, deps.clock.now(), deps.policy.limits, use)
        return await _executed(deps, proposal)
    except Withdrawn:
        raise
    except ActionRefused as refused:
        if proposal.execution_key in {one.key for one in await deps.intents.unfinished(incident.id)}:
            nothing = Outcome(done=False, detail=f"nothing was done: {refused}", at=deps.clock.now())
            await deps.intents.finish(proposal.execution_key, nothing)
        raise


async def _begun(deps: Deps, proposal: Proposal) -> Outcome | None:
    """What became of a change that was begun before a crash; None if it is proven that nothing was.

    Raises:
        Unsure: the target cannot say, or it may still run.
    """
    try:
        return await deps.world.actions.status(proposal.execution_key)
    except InProgress as error:
        raise Unsure(str(error), ActionState.EXECUTING) from error
    except ToolFailed as error:
        raise Unsure(str(error), ActionState.UNKNOWN) from error


async def _executed(deps: Deps, proposal: Proposal) -> Outcome:
    """Do it; if the target falls silent meanwhile, its own record of the key says whether it was done.

    Raises:
        Unsure: the target does not answer any more.
    """
    try:
        return await deps.world.actions.execute(proposal.action, proposal.execution_key, deps.fence)
    except ToolFailed as error:
        detail = str(error)
    known = await _begun(deps, proposal)
    return known or Outcome(done=False, detail=detail, at=deps.clock.now())


async def _still_as_signed(deps: Deps, incident: Incident, proposal: Proposal) -> Use | None:
    """Refuse unless this digest was signed, or permitted, and the world is as it was then.

    Returns:
        The permission that is used; None: people signed it.

    Raises:
        ActionRefused: no valid approval, or the observed state has drifted.
        NotPermitted: nobody signed it, and it may not begin without.
        NotBegun: the target does not answer.
    """
    use = None
    if proposal.begins_at is not None and proposal.state is ActionState.PROPOSED:
        use = await autonomous.permitted(deps, incident, proposal)
    else:
        permit(proposal, deps.policy, deps.clock.now(), incident.severity)
    try:
        plan = await deps.world.actions.plan(proposal.action)
    except ToolFailed as error:
        raise NotBegun(str(error)) from error
    if digest_of(incident.id, proposal.id, plan) != proposal.digest:
        was = ", ".join(f"{o.name}={o.value}" for o in proposal.plan.observed)
        now = ", ".join(f"{o.name}={o.value}" for o in plan.observed)
        raise ActionRefused(f"the target changed after approval ({was} → {now}); nothing was executed")
    return use


async def _held(deps: Deps, incident: Incident, proposal: Proposal, why: str) -> Update:
    """An approved change waits for its target as long as the approval counts; people hear of it once."""
    signed = [approval.at + deps.policy.approved_for for approval in proposal.approvals]
    until = min(signed, default=proposal.expires_at)
    text = say(
        incident,
        "change.held",
        id=proposal.id,
        change=planned(proposal.action, incident.language),
        why=why,
        until=forms_of(incident.language).second(until),
    )
    await deps.comms.page(incident, text, key=f"held:{proposal.id}")
    return _again(deps, incident, text, f"held:{proposal.id}")


async def _unsure(deps: Deps, incident: Incident, proposal: Proposal, unsure: Unsure) -> Update:
    """A change that was begun: its target is asked for a while what became of it, then people look."""
    now = deps.clock.now()
    begun = [one.begun_at for one in await deps.intents.unfinished(incident.id)]
    unsettled = proposal.model_copy(update={"state": unsure.state})
    after = incident.with_proposal(unsettled)
    until = min(begun, default=now) + ASKED_FOR
    change, settling = planned(proposal.action, incident.language), unsettled.settling
    told = say(incident, f"change.{unsure.state}", change=change, why=str(unsure))
    if now >= until:
        return hand_over(after, say(incident, "why.unsure", unsure=told, settling=settling), now)
    text = say(
        incident,
        "change.asked",
        id=proposal.id,
        state=state_word(unsure.state, incident.language),
        unsure=told,
        until=forms_of(incident.language).second(until),
        service=proposal.action.service,
        settling=settling,
    )
    key = f"{unsure.state}:{proposal.id}"
    await deps.comms.page(after, text, key=key)
    return _again(deps, after, text, key)


def _again(deps: Deps, incident: Incident, text: str, key: str) -> Update:
    """Come back in a moment, or as soon as people speak; the same is told once."""
    now = deps.clock.now()
    again = now + min(deps.runbook.watch.every, TARGET_RETRY)
    line = entry(incident, now, EntryKind.EXECUTION, text, key).model_copy(update={"id": key})
    return Update(incident.evolve(not_before=again), (line,))


async def _offered(deps: Deps, ended: Update, proposal: Proposal, outcome: Outcome) -> Update:
    """A change that failed may have done a part: unless all is as it was, its undo is offered."""
    try:
        same = (await deps.world.actions.plan(proposal.action)).observed == proposal.plan.observed
    except (Refused, ToolFailed):
        same = False
    if same or proposal.undo_of is not None:
        return ended
    why = f"{proposal.id} failed and may have done a part: {outcome.detail}"
    offered = await propose_undo(deps, ended.incident, proposal, why)
    return Update(offered.incident, (*ended.entries, *offered.entries))


def _done(deps: Deps, incident: Incident, proposal: Proposal, outcome: Outcome) -> Update:
    ran = proposal.model_copy(update={"state": ActionState.DONE, "outcome": outcome})
    watch = Watch(action=ran.id, started_at=outcome.at, until=outcome.at + deps.runbook.watch.lasts)
    after = incident.with_proposal(ran).evolve(
        step=Step.VERIFICATION, step_since=deps.clock.now(), watch=watch, verified=False, mitigated_at=None,
        not_before=None,
    )  # fmt: skip
    text = f"{ran.id} executed: {outcome.detail}"
    return Update(after, (entry(after, deps.clock.now(), EntryKind.EXECUTION, text, f"executed:{ran.id}"),))


def _ended(incident: Incident, proposal: Proposal, state: ActionState, why: str, now: datetime) -> Update:
    """Not executed, or without success: the roles propose again from the state as it is now."""
    ended = (incident.proposal(proposal.id) or proposal).model_copy(update={"state": state})
    after = incident.with_proposal(ended).evolve(
        step=Step.MITIGATION, step_since=now, watch=None, not_before=None
    )
    text = f"{ended.id} ({ended.action.title}) {state}: {why}"
    return Update(after, (entry(after, now, EntryKind.EXECUTION, text, f"{state}:{ended.id}"),))
