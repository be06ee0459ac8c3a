"""The one builder of steps: code prepares, the runbook's roles work in parallel, code concludes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from agents.engine import Assignment
from graph.role_node import role_node
from graph.state import Deps, Packed, RoleResult, StepOutput, StepState, Work, incident_of, pack, unpack
from graph.timeline import Update
from incidents.action import ActionKind
from incidents.incident import Incident
from incidents.reports import Task
from incidents.severity import Severity, Step
from incidents.timeline import EntryKind
from incidents.usage import Usage

Prepare = Callable[[Deps, Incident], Awaitable[Update]]
Assign = Callable[[Deps, Incident], tuple[Assignment, ...]]
Conclude = Callable[[Deps, Incident, tuple[RoleResult, ...]], Awaitable[Update]]

PREPARE, CONCLUDE = "prepare", "conclude"

#: What the people in the incident's channel want to hear of.
SAID = frozenset(
    {
        EntryKind.DIAGNOSIS,
        EntryKind.HISTORY,
        EntryKind.PROPOSAL,
        EntryKind.DECISION,
        EntryKind.EXECUTION,
        EntryKind.VERIFICATION,
        EntryKind.ESCALATION,
        EntryKind.NOTE,
        EntryKind.PEOPLE,
        EntryKind.END,
    }
)


@dataclass(frozen=True)
class StepSpec:
    """A step or a duty: its name, the roles that may ever work in it, and its three functions."""

    name: str
    roles: tuple[str, ...]
    prepare: Prepare
    assign: Assign
    conclude: Conclude


async def nothing_to_prepare(_deps: Deps, incident: Incident) -> Update:
    """For duties that only need the incident as it stands."""
    return Update(incident)


def build_step(spec: StepSpec) -> CompiledStateGraph[Any, Deps, Any, Any]:
    """The subgraph: prepare → the roles in parallel → conclude."""

    async def prepare(state: StepState, runtime: Runtime[Deps]) -> dict[str, object]:
        told = await spec.prepare(runtime.context, incident_of(state))
        await tell(runtime.context, told)
        assignments = spec.assign(runtime.context, told.incident)
        return {"incident": keep(runtime.context, told), "assignments": [pack(item) for item in assignments]}

    async def dispatch(state: StepState) -> Sequence[Send] | str:
        sends = [
            Send(unpack(Assignment, packed).role, Work(incident=state["incident"], assignment=packed))
            for packed in state["assignments"]
        ]
        return sends or CONCLUDE

    async def conclude(state: StepState, runtime: Runtime[Deps]) -> dict[str, Packed]:
        done = tuple(unpack(RoleResult, packed) for packed in state.get("performed", []))
        incident = incident_of(state)
        runtime.context.catch_up(incident)
        spent = sum((item.performed.usage for item in done if item.performed), Usage())
        told = await spec.conclude(runtime.context, _booked(incident, spent, done), done)
        await tell(runtime.context, told)
        return {"incident": keep(runtime.context, told)}

    graph = StateGraph(StepState, context_schema=Deps, output_schema=StepOutput)
    graph.add_node(PREPARE, prepare)
    graph.add_node(CONCLUDE, conclude)
    graph.add_edge(START, PREPARE)
    for role in spec.roles:
        graph.add_node(role, role_node(), input_schema=Work)
        graph.add_edge(role, CONCLUDE)
    graph.add_conditional_edges(PREPARE, dispatch, [*spec.roles, CONCLUDE])
    graph.add_edge(CONCLUDE, END)
    return graph.compile(name=spec.name)


def _booked(incident: Incident, spent: Usage, done: tuple[RoleResult, ...]) -> Incident:
    """The incident with what its roles used, in sum and line by line."""
    lines = tuple(line for item in done if (line := item.spent) is not None)
    return incident.evolve(usage=incident.usage + spent, usage_lines=(*incident.usage_lines, *lines))


def keep(deps: Deps, told: Update) -> Packed:
    """The incident as the channels hold it, with the moment of its clock, which a restart goes on from."""
    return pack(told.incident.evolve(as_of=deps.clock.now()))


async def tell(deps: Deps, told: Update) -> None:
    """Write what was told to the timeline, and what everybody should hear of to the incident's channel."""
    for entry in told.entries:
        await deps.journal.write(entry)
        if entry.kind in SAID:
            await deps.comms.say(told.incident, entry.text, key=entry.id)


def assignment(
    deps: Deps,
    incident: Incident,
    role: str,
    task: Task,
    *,
    does: str,
    checks: tuple[str, ...] = (),
    actions: tuple[ActionKind, ...] = (),
    question: str | None = None,
    acting_as: str | None = None,
) -> Assignment:
    """An assignment with its id (stable over a restart) and the deadline of the step's time box."""
    return Assignment(
        id=f"{incident.turn:04d}-{role}-{task}",
        incident=incident.id,
        role=role,
        acting_as=acting_as,
        task=task,
        step=incident.step,
        severity=incident.severity,
        does=does,
        checks=checks,
        actions=actions,
        question=question,
        deadline=deadline(deps, incident),
    )


def deadline(deps: Deps, incident: Incident) -> datetime:
    """When the time box of a step that begins now ends."""
    return deps.clock.now() + deps.runbook.bounds.step_box[incident.severity or Severity.P0]


def begin(deps: Deps, incident: Incident, step: Step) -> Incident:
    """Note that a step begins now; on a virtual clock the work takes its usual time first."""
    fresh = incident.step is not step
    started = incident.evolve(step=step, step_since=deps.clock.now()) if fresh else incident
    deps.pace(step)
    return started
