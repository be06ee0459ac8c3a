"""Nodes and edges, on one page."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graph.events import apply_event, apply_time
from graph.execute import execute
from graph.outside import keep_outside_changes
from graph.paging import say
from graph.people import hand_over
from graph.shadow import compared
from graph.state import Deps, State, inbox_of, incident_of, pack, unpack
from graph.step import StepSpec, build_step, tell
from graph.steps import (
    communications,
    escalation,
    investigation,
    mitigation,
    post_mortem,
    triage,
    verification,
)
from graph.supervisor import STEPS, Move, MoveKind, next_move
from graph.timeline import Update, entry
from incidents.incident import Incident
from incidents.runbook import Runbook
from incidents.timeline import EntryKind
from incidents.value import iso

Graph = CompiledStateGraph[Any, Deps, Any, Any]

#: Super-steps of one invocation, from one wait to the next; a bound far above any honest turn.
RECURSION_LIMIT = 200


def build(runbook: Runbook, checkpointer: BaseCheckpointSaver[Any] | None = None) -> Graph:
    """The incident graph: START → supervisor ⇄ steps, duties, execute, wait → END."""
    modules = (triage, investigation, mitigation, verification, post_mortem, communications, escalation)
    drawn = _compiled(tuple(module.spec(runbook) for module in modules))
    return drawn.copy(update={"checkpointer": checkpointer})


@lru_cache(maxsize=4)
def _compiled(specs: tuple[StepSpec, ...]) -> Graph:
    """The graph of these steps; it holds nothing of an incident, so that all incidents share it."""
    graph = StateGraph(State, context_schema=Deps)
    graph.add_node("supervisor", supervise)
    for spec in specs:
        graph.add_node(spec.name, build_step(spec))
        graph.add_edge(spec.name, "supervisor")
    graph.add_node("execute", execute)
    graph.add_edge("execute", "supervisor")
    graph.add_node("wait", wait)
    graph.add_edge("wait", "supervisor")
    graph.add_edge(START, "supervisor")
    targets = [kind.value for kind in MoveKind if kind not in {MoveKind.END, MoveKind.HAND_OVER}]
    graph.add_conditional_edges("supervisor", route, [*targets, END])
    return graph.compile(name="nexus")


async def supervise(state: State, runtime: Runtime[Deps]) -> dict[str, object]:
    """Take in what happened, let time do its part, then decide what happens next."""
    deps, incident = runtime.context, incident_of(state)
    now = deps.clock.now()
    incident = incident.evolve(turn=incident.turn + 1)
    for event in inbox_of(state):
        told = apply_event(incident, event, deps.policy, deps.runbook, now)
        await keep_outside_changes(deps, incident, told.incident)
        await tell(deps, told)
        incident = told.incident
    told = apply_time(incident, now, deps.runbook, deps.revenue_threshold)
    await _page(deps, told)
    told = await compared(deps, told.incident)
    await tell(deps, told)
    move = next_move(told.incident, now, deps.runbook, deps.revenue_threshold)
    if move.kind is MoveKind.HAND_OVER:
        told = hand_over(told.incident, move.reason, now)
        await tell(deps, told)
        move = next_move(told.incident, now, deps.runbook, deps.revenue_threshold)
    incident = told.incident.evolve(closed=move.kind is MoveKind.END, as_of=now)
    if spoken := _routing(incident, move, now):
        await deps.journal.write(spoken.entries[0])
    await _call_people(deps, incident)
    return {"incident": pack(incident), "move": pack(move), "inbox": []}


async def _page(deps: Deps, told: Update) -> None:
    """Write what time did to the timeline, and page a person about it; a hand-over has a page of its own."""
    await tell(deps, told)
    for line in told.entries:
        if line.kind not in {EntryKind.PEOPLE, EntryKind.END}:
            await deps.comms.page(told.incident, line.text, key=line.id)


async def _call_people(deps: Deps, incident: Incident) -> None:
    """Page about an incident that was left to people: whoever is on call, or who said that they have it."""
    if not incident.in_peoples_hands or incident.handed_over_at is None:
        return
    had_before = incident.held_since is not None and incident.held_since < incident.handed_over_at
    if incident.holder is None or had_before:
        how = "people.call" if incident.holder is None else "people.call_held"
        reason, holder = incident.end_reason, incident.holder or ""
        text = say(incident, how, reason=reason, holder=holder, incident=incident.id)
        await deps.comms.page(incident, text, key=f"handed-over:{iso(incident.handed_over_at)}")


def _routing(incident: Incident, move: Move, now: datetime) -> Update | None:
    """The supervisor's line in the timeline: where it goes and why. A repeated wait is not told again."""
    if move.kind is MoveKind.END or (move.kind is MoveKind.WAIT and not move.targets):
        return None
    steps = {*STEPS.values(), MoveKind.EXECUTE, MoveKind.WAIT}
    if move.kind not in steps or (move.kind is MoveKind.VERIFICATION):
        return None
    once = move.kind in {MoveKind.WAIT, MoveKind.EXECUTE}
    key = f"{move.kind}:{move.targets[0]}" if once else f"to:{move.kind}"
    line = entry(incident, now, EntryKind.ROUTING, f"→ {move.kind}: {move.reason}", key)
    if once:
        line = line.model_copy(update={"id": key})
    return Update(incident, (line,))


async def route(state: State) -> str:
    """The node that the supervisor's move names; async, since LangGraph gives a thread to what is not."""
    kind = unpack(Move, state["move"]).kind
    return END if kind is MoveKind.END else kind.value


async def wait(state: State) -> dict[str, object]:
    """The only interrupt. Nothing stands before it: an interrupted node runs again from its start."""
    return {"inbox": interrupt({"move": state["move"]})}
