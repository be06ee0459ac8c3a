"""Agents at work: who does what by which engine, for how long, what they asked and what came back. Pure."""

from collections.abc import Sequence
from datetime import datetime

from incidents.changes import Change
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.timeline import Entry, EntryKind
from incidents.usage import UsageLine
from incidents.value import Moment, Value
from nexus.sanitize import role_name
from nexus.service.pages.cited import Cited, link
from tools.plainly import plainly

#: So many pieces of work that are done are shown.
_SHOWN = 5
#: And so many of the questions of each, the newest.
_QUESTIONS = 8
_START, _DONE, _PROBLEM = "start", "done", "problem"


class WorkView(Value):
    """One role's piece of work.

    Attributes:
        does: what it does, in a word or two.
        engine: who speaks for it: a model by its name, `playbook`; empty: not known yet.
        began: when, on the incident's clock.
        seconds: for how long it has worked, or worked.
        asked: its questions to tools with what came back, newest first.
        answers: how many questions it asked in all.
        report: what it said in the end; empty while it works.
        failed: it gave no report, and this is why.
    """

    role: str
    does: str
    engine: str
    step: str
    began: Moment
    seconds: float
    under_way: bool
    asked: tuple[Cited, ...] = ()
    answers: int = 0
    report: str = ""
    evidence: tuple[str, ...] = ()
    failed: str = ""


def at_work(
    incident: Incident,
    entries: Sequence[Entry],
    evidence: Sequence[Evidence],
    changes: Sequence[Change],
    now: datetime,
) -> tuple[WorkView, ...]:
    """What is under way, then what was done last.

    Args:
        incident: as it stands.
        entries: its newest ones, newest first.
        evidence: what was asked last, newest first.
        changes: what was changed, whose ids are said in words.
        now: the moment of its clock.
    """
    ends: dict[str, Entry] = {}
    found: list[WorkView] = []
    ledger = {line.assignment: line for line in incident.usage_lines}
    for entry in entries:
        assignment, part = _assignment(entry)
        if part in {_DONE, _PROBLEM}:
            ends[assignment] = entry
        elif part == _START:
            found.append(_work(entry, ends.get(assignment), ledger.get(assignment), (evidence, changes), now))
    newest = [one for one in found if one.under_way and _still(one, incident, entries)]
    return (*newest, *[one for one in found if not one.under_way][:_SHOWN])


def _assignment(entry: Entry) -> tuple[str, str]:
    """The piece of work that an entry is of, and which part of it: ids are `TURN:ASSIGNMENT:PART`."""
    parts = entry.id.split(":")
    return (parts[1], parts[2]) if len(parts) == 3 else ("", "")


def _still(work: WorkView, incident: Incident, entries: Sequence[Entry]) -> bool:
    """Whether it may still be under way: the step goes on, and no later turn has begun another one."""
    later = [one for one in entries if one.at > work.began and one.kind is EntryKind.ROUTING]
    return not incident.closed and work.step == incident.step and not later


def _work(
    start: Entry,
    end: Entry | None,
    line: UsageLine | None,
    told: tuple[Sequence[Evidence], Sequence[Change]],
    now: datetime,
) -> WorkView:
    evidence, changes = told
    asked = _asked(start, end, line, evidence)
    until = end.at if end is not None else max(now, start.at)
    failed = end is not None and end.kind is EntryKind.GAP
    spent = (until - start.at).total_seconds()
    return WorkView(
        role=role_name(start.role),
        does=start.text,
        engine=(line.model or line.engine) if line is not None else (end.engine if end is not None else ""),
        step=start.step,
        began=start.at,
        seconds=max(spent, line.usage.seconds) if line is not None else spent,
        under_way=end is None,
        asked=tuple(link(one) for one in asked[:_QUESTIONS]),
        answers=len(line.asked) if line is not None else len(asked),
        report=plainly(end.text, changes) if end is not None and not failed else "",
        evidence=end.evidence if end is not None else (),
        failed=plainly(end.text, changes) if end is not None and failed else "",
    )


def _asked(
    start: Entry, end: Entry | None, line: UsageLine | None, evidence: Sequence[Evidence]
) -> list[Evidence]:
    """What it asked: by the ledger once it is in there, until then by role and time."""
    if line is not None:
        mine = set(line.asked)
        return [one for one in evidence if one.id in mine]
    until = end.at if end is not None else None
    return [
        one
        for one in evidence
        if role_name(one.role) == role_name(start.role)
        and one.at >= start.at
        and (until is None or one.at <= until)
    ]
