"""Step 5, post-mortem: the lead writes it, then its prevention tasks go to the backlog."""

from datetime import timedelta

from agents.engine import Assignment
from graph.afterwards import told_by_code
from graph.duties import UNWRITTEN
from graph.paging import say
from graph.people import hand_over
from graph.state import Deps, RoleResult
from graph.step import StepSpec, assignment, begin
from graph.timeline import Update, entry
from incidents.communications import BacklogEntry
from incidents.incident import Incident
from incidents.reports import BacklogReport, PostMortemReport, Task
from incidents.runbook import Runbook
from incidents.severity import Severity, Status, Step
from incidents.timeline import EntryKind


async def prepare(deps: Deps, incident: Incident) -> Update:
    """Note the step."""
    return Update(begin(deps, incident, Step.POST_MORTEM))


def assign(deps: Deps, incident: Incident) -> tuple[Assignment, ...]:
    """First the report, then the backlog; a P3 goes straight to the backlog."""
    book = deps.runbook
    writing = incident.status is Status.RESOLVED and incident.post_mortem is None
    role, task = (
        (book.post_mortem.lead, Task.POST_MORTEM) if writing else (book.post_mortem.backlog, Task.BACKLOG)
    )
    rows = book.step_roles(Step.POST_MORTEM, incident.severity or Severity.P0, incident.impact)
    checks = next((row.checks for row in rows if row.role == role), ())
    does = "write the post-mortem" if writing else "add prevention tasks to the backlog"
    return (assignment(deps, incident, role, task, does=does, checks=checks),)


async def conclude(deps: Deps, incident: Incident, done: tuple[RoleResult, ...]) -> Update:
    """Keep the report or the tasks; a role that gave none leaves its work to people, in words."""
    for item in done:
        if (written := item.report(PostMortemReport)) is not None:
            return await _written(deps, incident, written, item)
        if (tasks := item.report(BacklogReport)) is not None:
            return await _planned(deps, incident, tasks)
    return await _unwritten(deps, incident)


async def _unwritten(deps: Deps, incident: Incident) -> Update:
    """No role could write it: an incident that is over stays over, people write; an open one is theirs."""
    now, reason = deps.clock.now(), say(incident, "why.unwritten")
    if incident.open:
        return hand_over(incident, reason, now)
    after = incident.evolve(reminders=(*incident.reminders, UNWRITTEN))
    told = entry(after, now, EntryKind.ESCALATION, say(incident, "remind.unwritten"), UNWRITTEN)
    await deps.comms.page(after, told.text, key=f"{UNWRITTEN}:{after.reopened}")
    return Update(after, (told,))


async def _written(deps: Deps, incident: Incident, report: PostMortemReport, item: RoleResult) -> Update:
    engine = item.performed.engine if item.performed else "code"
    role = deps.roster.get(item.assignment.role).name
    report = await told_by_code(deps, incident, report)
    path = await deps.write_post_mortem(incident, report, role, engine)
    after = incident.evolve(post_mortem=path, post_mortem_report=report)
    told = entry(
        after,
        deps.clock.now(),
        EntryKind.FINDING,
        f"post-mortem written: {path}",
        "post-mortem",
        role=role,
        engine=engine,
    )
    return Update(after, (told,))


async def _planned(deps: Deps, incident: Incident, report: BacklogReport) -> Update:
    now = deps.clock.now()
    prefix = f"{incident.id}-R{incident.reopened}-" if incident.reopened else f"{incident.id}-"
    tasks = tuple(
        BacklogEntry(
            id=f"{prefix}T{number}",
            title=item.title,
            owner=item.owner,
            due=now + timedelta(days=item.days),
            priority=item.priority.value,
            reason=item.reason,
        )
        for number, item in enumerate(report.items, start=1)
    )
    await deps.backlog.add_tasks(incident.id, tasks)
    after = incident.evolve(backlog=tasks)
    if after.open:
        reason = f"{after.severity}: {len(tasks)} task(s) added to the backlog, no response team needed"
        after = after.evolve(status=Status.BACKLOG, ended_at=now, end_reason=reason)
        return Update(after, (entry(after, now, EntryKind.END, reason, "backlog"),))
    text = f"{len(tasks)} task(s) added to the backlog"
    return Update(after, (entry(after, now, EntryKind.FINDING, text, "backlog"),))


def spec(runbook: Runbook) -> StepSpec:
    """The step as the runbook staffs it."""
    roles = (runbook.post_mortem.lead, runbook.post_mortem.backlog)
    return StepSpec("post_mortem", tuple(dict.fromkeys(roles)), prepare, assign, conclude)
