"""A role node: one assignment, performed by the engine, journaled; a failing role never stops the others."""

import asyncio
from datetime import timedelta
from typing import Protocol

import structlog
from langgraph.runtime import Runtime

from agents.engine import Assignment, EngineResult, RoleContext
from graph.paging import say
from graph.state import Deps, Packed, RoleResult, Work, failure_id, incident_of, pack, unpack
from graph.timeline import entry
from incidents.errors import EngineFailed
from incidents.incident import Incident
from incidents.reports import Task
from incidents.timeline import EntryKind

log = structlog.get_logger(__name__)


class RoleNode(Protocol):
    """A node that performs one assignment."""

    async def __call__(self, state: Work, runtime: Runtime[Deps]) -> dict[str, list[Packed]]:
        """Do the work that came with the state."""
        ...


#: Tasks whose words are told by the duty itself, once they are published.
SPOKEN = frozenset({Task.STATUS_UPDATE, Task.BRIEF})

#: Tasks of which it helps to know what was before.
_LOOKS_BACK = frozenset({Task.INVESTIGATE, Task.POST_MORTEM})

#: What an engine that ignores its own time box is given on top before it is cut off.
DEADLINE_GRACE = timedelta(seconds=30)


def role_node() -> RoleNode:
    """The node of any role: who it is comes with the work."""

    async def work(state: Work, runtime: Runtime[Deps]) -> dict[str, list[Packed]]:
        deps = runtime.context
        incident = incident_of(state)
        deps.catch_up(incident)
        assignment = unpack(Assignment, state["assignment"])
        if assignment.task not in SPOKEN:
            await _say(deps, incident, assignment, EntryKind.WORK, assignment.does, "start")
        done = await _perform(deps, incident, assignment)
        await _report(deps, incident, done)
        return {"performed": [pack(done)]}

    return work


async def _perform(deps: Deps, incident: Incident, assignment: Assignment) -> RoleResult:
    role = deps.roster.get(assignment.acting_as or assignment.role)
    own = deps.roster.get(assignment.role)
    toolset = deps.toolset(incident, assignment.role, tuple(dict.fromkeys((*own.tools, *role.tools))))
    now = deps.clock.now()
    before = await deps.history.history(incident, now) if assignment.task in _LOOKS_BACK else ()
    context = RoleContext(
        role=role,
        incident=incident,
        runbook=deps.runbook,
        causes=deps.causes,
        toolset=toolset,
        now=now,
        history=before,
    )
    box = (assignment.deadline - context.now + DEADLINE_GRACE).total_seconds()
    try:
        async with asyncio.timeout(box):
            performed = await deps.engine.perform(assignment, context)
    except TimeoutError:
        return RoleResult(
            assignment=assignment, problem=f"no report within {box:.0f} s; the step goes on without it"
        )
    except EngineFailed as error:
        return RoleResult(assignment=assignment, problem=f"failed: {error}")
    except Exception as error:  # the edge of a job: one role must not take the others down
        log.exception("role failed", incident=incident.id, role=assignment.role, task=assignment.task)
        return RoleResult(assignment=assignment, problem=f"failed: {type(error).__name__}: {error}")
    return RoleResult(assignment=assignment, performed=performed)


async def _report(deps: Deps, incident: Incident, done: RoleResult) -> None:
    assignment = done.assignment
    performed = done.performed
    if performed is None:
        await _say(deps, incident, assignment, EntryKind.GAP, done.problem or "no report", "problem")
        return
    await _tell_failures(deps, incident, performed)
    if performed.exhausted is not None:
        await _stopped(deps, incident, performed.exhausted)
    if performed.cut is not None:
        cut = f"cut short, its best report so far stands: {performed.cut}"
        await _say(deps, incident, assignment, EntryKind.GAP, cut, "cut", performed)
    for number, sentence in enumerate(performed.dropped, start=1):
        await _say(
            deps, incident, assignment, EntryKind.GAP, f"not kept: {sentence}", f"dropped:{number}", performed
        )
    if assignment.task not in SPOKEN:
        await _say(deps, incident, assignment, EntryKind.FINDING, headline(performed), "done", performed)


async def _tell_failures(deps: Deps, incident: Incident, performed: EngineResult) -> None:
    """Say why the playbook or another model speaks: a failure that repeats once, the ledger counts it."""
    identity = failure_id(performed)
    if identity is None or performed.cut is not None:
        return
    reason = performed.handover or "; then ".join(
        f"{one.model} at {one.endpoint}: {one.said}" for one in performed.models if one.fault is not None
    )
    speaker = f"the {performed.engine}" if performed.handover is not None else performed.model
    text = f"{speaker} speaks: {reason}"
    now = deps.clock.now()
    told = entry(incident, now, EntryKind.HANDOVER, text, "handover", engine=performed.engine)
    await deps.journal.write(told.model_copy(update={"id": identity}))


async def _stopped(deps: Deps, incident: Incident, reason: str) -> None:
    """Page a person, once for each severity, that the money or the time for models is used up."""
    text = say(incident, "models.stop", reason=reason)
    told = entry(incident, deps.clock.now(), EntryKind.ESCALATION, text, "budget")
    key = f"budget:{incident.severity or 'unclassified'}"
    await deps.journal.write(told.model_copy(update={"id": key}))
    await deps.comms.page(incident, text, key=key)


def headline(performed: EngineResult) -> str:
    """The sentence that stands for a report in the timeline."""
    report = performed.report
    for name in ("summary", "situation", "assessment", "current_action"):
        text = getattr(report, name, None)
        if isinstance(text, str):
            return text
    return type(report).__name__


def cited(performed: EngineResult) -> tuple[str, ...]:
    """Every evidence id that a report cites, in order, once."""
    found: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == "evidence" and isinstance(inner, list):
                    found.extend(str(item) for item in inner)
                else:
                    collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect(performed.report.model_dump(mode="json"))
    return tuple(dict.fromkeys(found))


async def _say(
    deps: Deps,
    incident: Incident,
    assignment: Assignment,
    kind: EntryKind,
    text: str,
    key: str,
    performed: EngineResult | None = None,
) -> None:
    await deps.journal.write(
        entry(
            incident,
            deps.clock.now(),
            kind,
            text,
            f"{assignment.id}:{key}",
            role=deps.roster.get(assignment.role).name,
            engine=performed.engine if performed else "",
            evidence=cited(performed) if performed else (),
        )
    )
