"""What an engine is: it performs an assignment of a role and returns the task's typed report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import Field

from agents.role import Role
from incidents.action import ActionKind
from incidents.causes import Causes
from incidents.faults import ModelFault
from incidents.incident import Incident
from incidents.past import PastIncident
from incidents.reports import Report, Task
from incidents.runbook import Runbook
from incidents.severity import Severity, Step
from incidents.usage import ModelUse, Usage
from incidents.value import Moment, Value
from tools.toolset import Toolset


class Assignment(Value):
    """One piece of work for one role."""

    id: str = Field(description="unique in the incident and stable over a restart: turn, role, task")
    incident: str
    role: str
    acting_as: str | None = Field(
        default=None, description="the developer role that the Relevant Developer plays"
    )
    task: Task
    step: Step
    severity: Severity | None
    does: str = Field(default="", description="what the runbook asks of this role here, in its words")
    checks: tuple[str, ...] = ()
    actions: tuple[ActionKind, ...] = ()
    question: str | None = None
    deadline: Moment = Field(description="when the time box of the step ends")


@dataclass(frozen=True)
class RoleContext:
    """What lies before a role when it works: who it is, the incident, the rules, the cards, its tools.

    `history` is what was before and looks alike: to look where it points, never grounds for a claim.
    """

    role: Role
    incident: Incident
    runbook: Runbook
    causes: Causes
    toolset: Toolset
    now: datetime
    history: tuple[PastIncident, ...] = ()


class EngineResult(Value):
    """A finished assignment."""

    report: Report
    engine: str = Field(description="llm or playbook")
    usage: Usage = Usage()
    handover: str | None = Field(default=None, description="why the playbook spoke instead of the model")
    faults: tuple[ModelFault, ...] = Field(default=(), description="of each model that failed at it, in turn")
    model: str | None = Field(default=None, description="the model that wrote the report")
    models: tuple[ModelUse, ...] = Field(
        default=(), description="what each model that was asked cost, in turn"
    )
    key: str | None = Field(
        default=None, description="of the failure; the same for failures that are the same"
    )
    prompt_version: str | None = None
    cut: str | None = Field(
        default=None, description="why the model was stopped; the report is its best so far"
    )
    exhausted: str | None = Field(
        default=None, description="which budget of the whole incident is spent, in words; a person is paged"
    )
    asked: tuple[str, ...] = Field(default=(), description="ids of the evidence that was asked for, in order")
    dropped: tuple[str, ...] = Field(
        default=(), description="what the model's report claimed and code took out, in sentences"
    )


class Engine(Protocol):
    """A mind for the roles."""

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """Do the work and return its report.

        Raises:
            EngineFailed: no usable report could be had.
        """
        ...
