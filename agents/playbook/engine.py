"""The playbook as an engine: one small module for each task, chosen by the assignment."""

from collections.abc import Awaitable, Callable

from agents.engine import Assignment, EngineResult, RoleContext
from agents.playbook.tasks.assess import assess
from agents.playbook.tasks.backlog import backlog
from agents.playbook.tasks.investigate import investigate
from agents.playbook.tasks.mitigate import mitigate
from agents.playbook.tasks.post_mortem import post_mortem
from agents.playbook.tasks.status_update import brief, status_update
from agents.playbook.tasks.triage import triage
from agents.playbook.tasks.verify import verify
from incidents.reports import Report, Task

Play = Callable[[Assignment, RoleContext], Awaitable[Report]]

_PLAYS: dict[Task, Play] = {
    Task.TRIAGE: triage,
    Task.INVESTIGATE: investigate,
    Task.MITIGATE: mitigate,
    Task.VERIFY: verify,
    Task.STATUS_UPDATE: status_update,
    Task.BRIEF: brief,
    Task.ASSESS: assess,
    Task.POST_MORTEM: post_mortem,
    Task.BACKLOG: backlog,
}


class Playbook:
    """Deterministic code over the role's tools. It needs no model and always gives a report."""

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """Do the work and return the task's typed report."""
        report = await _PLAYS[assignment.task](assignment, context)
        return EngineResult(report=report, engine="playbook")
