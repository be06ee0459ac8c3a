"""The duty to escalate: each row of the matrix fires once, when it is due, and its roles assess."""

from agents.engine import Assignment
from graph.duties import DutyKind, agenda, due
from graph.role_node import headline
from graph.state import Deps, RoleResult
from graph.step import StepSpec, assignment, nothing_to_prepare
from graph.steps.communications import UPDATES
from graph.timeline import Update, entry
from incidents.communications import Escalation
from incidents.currency import money
from incidents.incident import Incident
from incidents.language import Language
from incidents.reports import AssessmentReport, Task
from incidents.runbook import EscalationRow, Runbook
from incidents.timeline import EntryKind
from tools.retold import retold


def rows_due(deps: Deps, incident: Incident) -> tuple[EscalationRow, ...]:
    """The rows that are due now and have not fired."""
    duties = agenda(incident, deps.runbook, deps.revenue_threshold)
    keys = {duty.key for duty in due(duties, deps.clock.now(), DutyKind.ESCALATION)}
    return tuple(row for row in deps.runbook.escalations if row.id in keys)


def assign(deps: Deps, incident: Incident) -> tuple[Assignment, ...]:
    """One assignment for each role that a due row names; none once a person has stopped the agents."""
    if incident.stopped:
        return ()
    rows = rows_due(deps, incident)
    work: dict[str, Assignment] = {}
    for row in rows:
        for role in row.to:
            asked = "; ".join(f"{_condition(deps, incident, r)}: {r.action}" for r in rows if role in r.to)
            task = Task.ASSESS if Task.ASSESS in deps.roster.get(role).tasks else Task.BRIEF
            work[role] = assignment(deps, incident, role, task, does=asked, question=asked)
    return tuple(work.values())


async def conclude(deps: Deps, incident: Incident, done: tuple[RoleResult, ...]) -> Update:
    """Tell the roles' assessments to people; the row has fired even where a role gave none."""
    told = []
    now = deps.clock.now()
    for row in rows_due(deps, incident):
        condition = _condition(deps, incident, row)
        names = tuple(deps.roster.get(role).name for role in row.to)
        said = [
            (deps.roster.get(d.assignment.role).name, _words(d, incident.language))
            for d in done
            if d.assignment.role in row.to
        ]
        text = "\n\n".join(f"{name}: {words}" for name, words in said)
        engines = {d.performed.engine for d in done if d.performed and d.assignment.role in row.to}
        fired = Escalation(
            row=row.id,
            at=now,
            roles=names,
            condition=condition,
            action=row.action,
            text=text,
            engine=", ".join(sorted(engines)) or "code",
        )
        incident = incident.evolve(escalations=(*incident.escalations, fired))
        await deps.comms.escalate(fired, incident)
        await deps.comms.page(
            incident, f"{condition}: {row.action} ({', '.join(names)})", key=f"row:{row.id}"
        )
        line = f"{condition} → {', '.join(names)}: {row.action}"
        told.append(entry(incident, now, EntryKind.ESCALATION, line, f"row:{row.id}"))
    return Update(incident, tuple(told))


def _condition(deps: Deps, incident: Incident, row: EscalationRow) -> str:
    """The row's condition; of that on revenue the two amounts, too."""
    lost, threshold = incident.revenue_impact, deps.revenue_threshold
    if not row.revenue or lost is None or threshold is None:
        return row.condition
    said = f"{money(lost, incident.currency)} lost, the threshold is {money(threshold, incident.currency)}"
    return f"{row.condition} ({said})"


def _words(done: RoleResult, language: Language) -> str:
    """What a role said, in full where it is an assessment."""
    if done.performed is None:
        return done.problem or UPDATES.said(language, "assessed.nothing")
    report = done.report(AssessmentReport)
    if report is None:
        return headline(done.performed)
    lists = {"needs": report.needs, "recommended": report.recommendations, "notify": report.notify}
    parts = [
        "\n- ".join([UPDATES.said(language, f"assessed.{name}"), *(_asked(one, language) for one in items)])
        for name, items in lists.items()
        if items
    ]
    return "\n".join([retold(report.assessment, language), *parts])


def _asked(line: str, language: Language) -> str:
    return retold(line, language, "asked_of")


def spec(runbook: Runbook) -> StepSpec:
    """The duty with every role that the matrix names."""
    roles = tuple(dict.fromkeys(role for row in runbook.escalations for role in row.to))
    return StepSpec("escalation", roles, nothing_to_prepare, assign, conclude)
