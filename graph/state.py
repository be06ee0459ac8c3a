"""What the graph carries from node to node, and what its nodes are given from outside.

The channels hold JSON text, never classes: a checkpoint can then be read by any later version of the house,
and validation happens where a node takes its input. Evidence and the timeline are tables, not state.
"""

import operator
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypedDict, TypeVar

from pydantic import TypeAdapter

from agents.engine import Assignment, Engine, EngineResult
from agents.role import Roster
from graph.ports import Backlog, Communications, Files, Intents, Journal
from incidents.events import EVENT, Event
from incidents.incident import Incident, UsageLine
from incidents.policy import ApprovalPolicy
from incidents.reports import PostMortemReport, Report
from incidents.runbook import Runbook
from incidents.severity import Step
from incidents.value import Value
from tools.clock import Clock
from tools.ports import EvidenceStore, World
from tools.toolset import Sources, Toolset


class State(TypedDict, total=False):
    """The channels of the outer graph."""

    incident: str
    move: str
    inbox: list[str]


class StepState(TypedDict, total=False):
    """The channels of a step's subgraph; only the incident goes in and out."""

    incident: str
    assignments: list[str]
    performed: Annotated[list[str], operator.add]


class StepOutput(TypedDict):
    """What a step hands back to the outer graph."""

    incident: str


class Work(TypedDict):
    """What one role node receives."""

    incident: str
    assignment: str


@dataclass(frozen=True)
class Deps:
    """What the nodes need from outside; wired in one place and never checkpointed.

    `pace` lets the usual time of a step pass, and `catch_up` brings the clock to where an incident stood
    before a restart; on the wall's clock both do nothing.
    """

    clock: Clock
    runbook: Runbook
    roster: Roster
    policy: ApprovalPolicy
    revenue_threshold: float | None
    world: World
    engine: Engine
    evidence: EvidenceStore
    journal: Journal
    intents: Intents
    comms: Communications
    backlog: Backlog
    files: Files
    make_kit: Callable[[Sources, str, tuple[str, ...]], Toolset]
    write_post_mortem: Callable[[Incident, PostMortemReport, str, str], Awaitable[str]]
    pace: Callable[[Step], None]
    catch_up: Callable[[Incident], None]

    def sources(self, incident: Incident) -> Sources:
        """The world as tools see it for this incident."""
        return Sources(world=self.world, clock=self.clock, incident=incident)

    def kit(self, incident: Incident, role: str, tools: tuple[str, ...]) -> Toolset:
        """The tools of one role, bound to the incident."""
        return self.make_kit(self.sources(incident), role, tools)


ReportT = TypeVar("ReportT", bound=Report)


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
            dropped=len(performed.dropped), asked=performed.asked, usage=performed.usage,
        )  # fmt: skip

    def report(self, kind: type[ReportT]) -> ReportT | None:
        """The report if it is of that type."""
        if self.performed is not None and isinstance(self.performed.report, kind):
            return self.performed.report
        return None


_EVENTS: TypeAdapter[list[Event]] = TypeAdapter(list[Event])


def incident_of(state: State | StepState | Work) -> Incident:
    """The incident in a state."""
    return Incident.model_validate_json(state["incident"])


def pack(value: Value) -> str:
    """A value as the channels hold it."""
    return value.model_dump_json(exclude_defaults=False)


def inbox_of(state: State) -> list[Event]:
    """The events that the last wait brought."""
    return [EVENT.validate_json(text) for text in state.get("inbox", [])]
