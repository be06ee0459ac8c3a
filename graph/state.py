"""What the graph carries from node to node, and what its nodes are given from outside.

The channels hold plain JSON objects, never classes: a checkpoint can then be read by any later version of
the house and with LangGraph's own tools (`get_state`, time travel), and validation happens where a node takes
its input. Evidence and the timeline are tables, not state. Checkpoints of earlier versions hold JSON text:
`unpack` reads both, in every channel and in what a `Send` carries.
"""

import hashlib
import operator
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypedDict, TypeVar

from pydantic import JsonValue

from agents.engine import Assignment, Engine, EngineResult
from agents.role import Roster
from graph.ports import Backlog, Communications, Files, History, Intents, Journal, Permissions
from incidents.causes import Causes
from incidents.events import Event, stored_event
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.reports import PostMortemReport, Report
from incidents.runbook import Runbook
from incidents.severity import Step
from incidents.usage import UsageLine
from incidents.value import Value
from tools.clock import Clock
from tools.fence import Fence
from tools.ports import EvidenceStore, World
from tools.redaction.parts import dumped
from tools.redaction.tree import redacted
from tools.toolset import Sources, Toolset

#: A value as the channels hold it: a JSON object; its text in checkpoints of earlier versions.
Packed = JsonValue


class State(TypedDict, total=False):
    """The channels of the outer graph."""

    incident: Packed
    move: Packed
    inbox: list[Packed]


class StepState(TypedDict, total=False):
    """The channels of a step's subgraph; only the incident goes in and out."""

    incident: Packed
    assignments: list[Packed]
    performed: Annotated[list[Packed], operator.add]


class StepOutput(TypedDict):
    """What a step hands back to the outer graph."""

    incident: Packed


class Work(TypedDict):
    """What one role node receives."""

    incident: Packed
    assignment: Packed


@dataclass(frozen=True)
class Deps:
    """What the nodes need from outside; wired in one place and never checkpointed.

    `pace` lets the usual time of a step pass, and `catch_up` brings the clock to where an incident stood
    before a restart; on the wall's clock both do nothing. `intents` and `fence` are those of the lease under
    which the incident is driven.
    """

    clock: Clock
    runbook: Runbook
    causes: Causes
    roster: Roster
    policy: ApprovalPolicy
    revenue_threshold: float | None
    world: World
    engine: Engine
    evidence: EvidenceStore
    journal: Journal
    intents: Intents
    permissions: Permissions
    fence: Fence
    comms: Communications
    backlog: Backlog
    history: History
    files: Files
    make_toolset: Callable[[Sources, str, tuple[str, ...]], Toolset]
    write_post_mortem: Callable[[Incident, PostMortemReport, str, str], Awaitable[str]]
    pace: Callable[[Step], None]
    catch_up: Callable[[Incident], None]

    def sources(self, incident: Incident) -> Sources:
        """The world as tools see it for this incident."""
        return Sources(world=self.world, clock=self.clock, incident=incident)

    def toolset(self, incident: Incident, role: str, tools: tuple[str, ...]) -> Toolset:
        """The tools of one role, bound to the incident."""
        return self.make_toolset(self.sources(incident), role, tools)


ReportT = TypeVar("ReportT", bound=Report)
V = TypeVar("V", bound=Value)


def failure_id(performed: EngineResult) -> str | None:
    """The id of the entry that tells why a model did not do its work: one for failures that are the same."""
    failed = [one.key for one in performed.models if one.fault is not None]
    key = performed.key or performed.handover or "; ".join(failed)
    return f"handover:{hashlib.sha256(key.encode()).hexdigest()[:8]}" if key else None


class RoleResult(Value):
    """An assignment and what came of it; None where the role gave no report."""

    assignment: Assignment
    performed: EngineResult | None = None
    problem: str | None = None

    @property
    def spent(self) -> UsageLine | None:
        """Its line of the ledger; None where the role gave no report."""
        job, performed = self.assignment, self.performed
        if performed is None:
            return None
        return UsageLine(
            assignment=job.id, role=job.role, task=job.task, step=job.step, engine=performed.engine,
            model=performed.model, prompt_version=performed.prompt_version, handover=performed.handover,
            faults=performed.faults,
            dropped=len(performed.dropped), asked=performed.asked, usage=performed.usage,
            models=performed.models, told=failure_id(performed),
        )  # fmt: skip

    def report(self, kind: type[ReportT]) -> ReportT | None:
        """The report if it is of that type."""
        if self.performed is not None and isinstance(self.performed.report, kind):
            return self.performed.report
        return None


#: The incidents that were read last, beside the very objects that held them, which nobody changes: a node,
#: the roles beside it, the stream and the driver all read the same one.
_RECENT: deque[tuple[Packed, Incident]] = deque(maxlen=32)


def incident_of(state: State | StepState | Work) -> Incident:
    """The incident in a state."""
    packed = state["incident"]
    for held, incident in tuple(_RECENT):
        if held is packed:
            return incident
    incident = unpack(Incident, packed)
    _RECENT.append((packed, incident))
    return incident


def pack(value: Value) -> Packed:
    """A value as the channels hold it: JSON without secrets, no class, no number that is not finite."""
    if not isinstance(value, Incident):
        return redacted(value)
    packed, exact = dumped(value)
    if exact:
        _RECENT.append((packed, value))  # what is read of it is what was written
    return packed


def unpack(kind: type[V], packed: Packed) -> V:
    """The value that a channel, an item of one or a `Send` holds, written by this or an earlier version.

    Raises:
        ValidationError: it holds something else.
    """
    return kind.from_stored(packed)


def inbox_of(state: State) -> list[Event]:
    """The events that the last wait brought."""
    return [stored_event(packed) for packed in state.get("inbox", [])]
