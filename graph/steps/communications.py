"""The duty to speak: the status page while customers are affected, executive briefs for a P0."""

import hashlib
from datetime import datetime
from itertools import takewhile

from agents.engine import Assignment
from agents.playbook.tasks.situation import (
    decision_needed,
    said_action,
    said_cause,
    said_eta,
    said_revenue,
    told_users,
)
from agents.public import PublicStand, measured_stand, permitted, public_words, required, stand_of
from graph.duties import Duty, DutyKind, agenda, due, public_state
from graph.state import Deps, RoleResult
from graph.step import StepSpec, assignment
from graph.timeline import Update, entry
from incidents.communications import Brief, PublicWords, StatusUpdate
from incidents.incident import Incident
from incidents.reports import BriefReport, StatusReport, Task
from incidents.runbook import Runbook
from incidents.severity import Severity
from incidents.status_page import public_components
from incidents.texts import Sentences, forms_of, status_word
from incidents.timeline import Entry, EntryKind
from tools.retold import retold

#: What an update says beside the catalogue's sentences.
UPDATES = Sentences("graph.steps", "updates")
#: Who has no words of its own.
_FIXED = {"code", "playbook"}
TASKS = {DutyKind.STATUS_UPDATE: Task.STATUS_UPDATE, DutyKind.BRIEF: Task.BRIEF}


def assign(deps: Deps, incident: Incident) -> tuple[Assignment, ...]:
    """What is due by the end of a step's time box is said now, so that no step can make it late."""
    duties = agenda(incident, deps.runbook, deps.revenue_threshold)
    asked = _question(incident, stand_of(incident, deps.clock.now()))
    return tuple(
        assignment(
            deps,
            incident,
            role,
            TASKS[duty.kind],
            does=f"{TASKS[duty.kind]} no. {duty.key.split(':')[1]}",
            question=asked if duty.kind is DutyKind.STATUS_UPDATE else None,
        )
        for duty in due(duties, _horizon(deps, incident), *TASKS)
        for role in duty.roles
    )


def _question(incident: Incident, stand: PublicStand) -> str:
    always = required(stand)
    sentences = "\n".join(
        f"- {identity}{' (said in any case)' if identity in always else ''}: {text}"
        for identity, text in permitted(stand).items()
    )
    return (
        f"The status is {incident.public_status}: what do users notice now, and what are we doing? "
        f"Customers read only sentences of this list, by their ids in `say`:\n{sentences}"
    )


def _horizon(deps: Deps, incident: Incident) -> datetime:
    return deps.clock.now() + deps.runbook.bounds.step_box[incident.severity or Severity.P0]


async def prepare(deps: Deps, incident: Incident) -> Update:
    """An update that is due although nothing is new since the last one is said by code, in few words.

    What users notice is measured all the same: it moves while the work stands. Once a person has stopped the
    agents, code says everything, and nothing is left for a role.
    """
    duties = agenda(incident, deps.runbook, deps.revenue_threshold)
    owed = due(duties, _horizon(deps, incident), DutyKind.STATUS_UPDATE)
    if incident.stopped:
        return await _bare(deps, incident, due(duties, _horizon(deps, incident), *TASKS))
    if not owed or not incident.updates or incident.updates[-1].news != news(incident):
        return Update(incident)
    last = incident.updates[-1]
    *_, first = takewhile(lambda update: update.news == last.news, reversed(incident.updates))
    stand = await measured_stand(deps.sources(incident))
    moved = public_words(stand).impact != last.impact
    words = public_words(stand.model_copy(update={"same": first.at, "moved": moved}))
    role = deps.roster.get(owed[0].roles[0]).name
    return await _published(deps, _felt(incident, stand), words, role, "code")


def _felt(incident: Incident, stand: PublicStand) -> Incident:
    """What customers were told that they feel counts as felt: no later text may say that it was less."""
    facts = stand.facts
    worse = facts is not None and facts.worse_than(incident.peak) and facts.customers_affected is True
    return incident.evolve(peak=facts) if worse else incident


async def _bare(deps: Deps, incident: Incident, owed: tuple[Duty, ...]) -> Update:
    """What is due, in the bare facts, by code."""
    told: list[Entry] = []
    for duty in owed:
        role = deps.roster.get(duty.roles[0]).name
        if duty.kind is DutyKind.STATUS_UPDATE:
            stand = await measured_stand(deps.sources(incident))
            incident = _felt(incident, stand)
            incident, entries = await _published(deps, incident, public_words(stand), role, "code")
        else:
            incident, entries = await _briefed(deps, incident, _bare_brief(incident), role, "code")
        told += entries
    return Update(incident, tuple(told))


def news(incident: Incident) -> str:
    """What an update would tell a reader: as long as it stays the same, there is no news."""
    found = incident.diagnosis
    verdict = incident.verification.verdict if incident.watch and incident.verification else None
    proposal = incident.proposals[-1] if incident.proposals else None
    parts = (
        public_state(incident),
        incident.severity,
        incident.services,
        found and (found.service, found.category),
        proposal and (proposal.id, proposal.state),
        verdict,
        len(incident.notes),
        len(incident.outside_changes),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


async def _published(
    deps: Deps,
    incident: Incident,
    words: PublicWords,
    role: str,
    engine: str,
    draft: PublicWords | None = None,
) -> Update:
    update = status_update(deps, incident, words, engine).model_copy(update={"draft": draft})
    incident = incident.evolve(updates=(*incident.updates, update), spoken_status=public_state(incident))
    await deps.comms.publish(update, incident)
    status = status_word(update.status, incident.language)
    text = f"{status}: {update.impact} {update.current_action}"
    key = f"update:{len(incident.updates)}"
    told = entry(incident, deps.clock.now(), EntryKind.UPDATE, text, key, role=role, engine=engine)
    return Update(incident, (told,))


async def conclude(deps: Deps, incident: Incident, done: tuple[RoleResult, ...]) -> Update:
    """Render the templates and publish; a role that gave no words is replaced by the bare facts."""
    told: list[Entry] = []
    for item in done:
        role = deps.roster.get(item.assignment.role).name
        if item.assignment.task is Task.STATUS_UPDATE:
            incident, entries = await _status(deps, incident, item.report(StatusReport), role, _engine(item))
            told += entries
            continue
        words = item.report(BriefReport) or _bare_brief(incident)
        incident, entries = await _briefed(deps, incident, words, role, _engine(item))
        told += entries
    return Update(incident, tuple(told))


async def _status(
    deps: Deps, incident: Incident, report: StatusReport | None, role: str, engine: str
) -> Update:
    """The sentences that a role chose, of those that are true now; its own words are a draft beside them."""
    stand = await measured_stand(deps.sources(incident))
    words = public_words(stand, report.say if report is not None else ())
    draft = None
    if report is not None and engine not in _FIXED:
        draft = PublicWords(impact=report.impact, current_action=report.current_action, down=stand.down)
    return await _published(deps, _felt(incident, stand), words, role, engine, draft)


async def _briefed(deps: Deps, incident: Incident, words: BriefReport, role: str, engine: str) -> Update:
    brief = executive_brief(deps, incident, words, engine)
    incident = incident.evolve(briefs=(*incident.briefs, brief), spoken_brief=public_state(incident))
    await deps.comms.brief(brief, incident)
    text, key = f"{words.situation} {words.cause}", f"brief:{len(incident.briefs)}"
    told = entry(incident, deps.clock.now(), EntryKind.BRIEF, text, key, role=role, engine=engine)
    return Update(incident, (told,))


def _engine(item: RoleResult) -> str:
    return item.performed.engine if item.performed else "code"


def _service(deps: Deps, incident: Incident) -> str:
    """The name on the status page, as customers know it."""
    names = public_components(incident, deps.world.catalogue)[:2]
    return forms_of(incident.language).listed(names) or UPDATES.said(incident.language, "update.nameless")


def next_time(deps: Deps, incident: Incident, task: Task) -> datetime | None:
    """When to expect the next one; None when there will be none."""
    duty = next((duty for duty in deps.runbook.throughout if duty.task is task), None)
    return deps.clock.now() + duty.every if duty is not None and incident.open else None


def status_update(deps: Deps, incident: Incident, words: PublicWords, engine: str) -> StatusUpdate:
    """The runbook's template, filled; the public status is decided by code."""
    now, following = deps.clock.now(), next_time(deps, incident, Task.STATUS_UPDATE)
    service, status, language = _service(deps, incident), incident.public_status, incident.language
    template = UPDATES.translated(language, "runbook.status_update", deps.runbook.templates.status_update)
    moment = forms_of(language).moment
    text = template.format(
        timestamp=moment(now),
        service=service,
        status=status_word(status, language),
        impact=words.impact,
        current_action=words.current_action,
        next_update=moment(following) if following else UPDATES.said(language, "update.none_planned"),
    )
    return StatusUpdate(
        at=now,
        service=service,
        status=status,
        impact=words.impact,
        current_action=words.current_action,
        next_update=following,
        text=text,
        engine=engine,
        news=news(incident),
        public=words,
    )


def executive_brief(deps: Deps, incident: Incident, report: BriefReport, engine: str) -> Brief:
    """The runbook's template, filled."""
    now, following = deps.clock.now(), next_time(deps, incident, Task.BRIEF)
    language, moment = incident.language, forms_of(incident.language).moment
    template = UPDATES.translated(language, "runbook.brief", deps.runbook.templates.brief)
    text = template.format(
        timestamp=moment(now),
        situation=retold(report.situation, language, "situation"),
        cause=retold(report.cause, language, "stand"),
        action=retold(report.action, language),
        eta=retold(report.eta, language, "eta"),
        impact=retold(report.impact, language),
        next_update=moment(following) if following else UPDATES.said(language, "update.none_planned"),
    )
    if decide := decision_needed(incident):
        heading, _, rest = text.partition("\n")
        needed = UPDATES.said(language, "update.decision", what=retold(decide, language))
        text = f"{heading}\n{needed}\n{rest}"
    return Brief(at=now, text=text, next_update=following, engine=engine)


def _bare_brief(incident: Incident) -> BriefReport:
    return BriefReport(
        situation=incident.summary or incident.title,
        cause=said_cause(incident),
        action=said_action(incident),
        eta=said_eta(incident),
        impact=f"Users: {told_users(incident)}. Revenue: {said_revenue(incident)}.",
    )


def spec(runbook: Runbook) -> StepSpec:
    """The duty as the runbook staffs it."""
    roles = tuple(dict.fromkeys(duty.role for duty in runbook.throughout))
    return StepSpec("communications", roles, prepare, assign, conclude)
