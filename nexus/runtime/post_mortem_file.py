"""The post-mortem: what the Workflow Optimizer wrote, with the times, figures and records that code adds.

The JSON is the value itself; the Markdown is `nexus/templates/post-mortem.md` over it.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from pydantic import Field

from graph.ports import Files
from incidents.action import Proposal
from incidents.deeds import state_word
from incidents.findings import Claim, Diagnosis, Evidence
from incidents.incident import Incident
from incidents.language import Language
from incidents.milestones import Milestones, milestones
from incidents.past import PastIncident
from incidents.reports import PostMortemReport, Why
from incidents.severity import Severity, Status
from incidents.texts import Sentences, forms_of
from incidents.timeline import Entry
from incidents.usage import Failure, Usage, failures
from incidents.value import Moment, Value
from incidents.verification import Reading, Verification
from nexus.templates import render
from tools.called import first_line, label
from tools.chronicle import Row, chronicle
from tools.felt import title
from tools.looking_back import lasting
from tools.retold import retold

#: What stands around what was written.
SENTENCES = Sentences("nexus.runtime", "post_mortem")


class DatedItem(Value):
    """One action item with the day by which it is due."""

    action: str
    owner: str
    due: date


class PostMortem(Value):
    """Everything that the post-mortem says."""

    incident: str
    title: str
    severity: Severity | None
    status: Status
    end_reason: str
    services: tuple[str, ...]
    alerts: tuple[str, ...]
    summary: str
    milestones: Milestones
    what_failed: Claim
    why_it_failed: Claim
    why_not_caught: Claim
    whys: tuple[Why, ...]
    diagnosis: Diagnosis | None
    users_affected: str
    revenue_impact: str
    reputation_impact: str
    data_impact: str
    monitoring: tuple[str, ...]
    testing: tuple[str, ...]
    process: tuple[str, ...]
    infrastructure: tuple[str, ...]
    action_items: tuple[DatedItem, ...]
    actions: tuple[Proposal, ...]
    readings: tuple[Reading, ...] = Field(default=(), description="what was watched, as judged last")
    evidence: tuple[Evidence, ...] = Field(description="what is cited; the store keeps all of it")
    evidence_total: int
    timeline: tuple[Entry, ...]
    chronicle: tuple[Row, ...] = Field(default=(), description="what people and systems did, in few rows")
    went_well: tuple[str, ...] = ()
    went_badly: tuple[str, ...] = ()
    lucky: tuple[str, ...] = ()
    seen_before: tuple[PastIncident, ...] = Field(
        default=(), description="incidents of before that look alike, which is not to have the same cause"
    )
    charts: tuple[str, ...] = Field(default=(), description="paths beside the post-mortem's file")
    written_by: str
    engine: str
    written_at: Moment
    usage: Usage
    failures: tuple[Failure, ...] = ()


class _Answer(NamedTuple):
    """What a question of the runbook is answered with: action items by their numbers, and what else."""

    question: str
    numbers: list[int]
    others: list[str]


def post_mortem(
    incident: Incident,
    report: PostMortemReport,
    entries: tuple[Entry, ...],
    evidence: tuple[Evidence, ...],
    *,
    written_by: str,
    engine: str,
    written_at: datetime,
    history: Sequence[PastIncident] = (),
) -> PostMortem:
    """Put the report together with what code knows.

    Args:
        incident: as it ended.
        report: what the role wrote.
        entries: the whole timeline.
        evidence: all evidence of the incident; only what is cited is listed.
        written_by: the role that wrote it.
        engine: which engine spoke for it.
        written_at: deadlines count from here.
        history: incidents of before that look alike, as they were known when it was written.
    """
    cited = _cited(incident, report, entries)
    return PostMortem(
        incident=incident.id,
        title=report.title or title(incident),
        severity=incident.severity,
        status=incident.status,
        end_reason=incident.end_reason,
        services=incident.services,
        alerts=tuple(dict.fromkeys(alert.title for alert in incident.alerts)),
        milestones=milestones(incident),
        diagnosis=incident.diagnosis,
        action_items=tuple(
            DatedItem(
                action=item.action, owner=item.owner, due=(written_at + timedelta(days=item.days)).date()
            )
            for item in report.action_items
        ),
        actions=incident.proposals,
        readings=_watched(incident.verification),
        evidence=tuple(one for one in evidence if one.id in cited),
        evidence_total=len(evidence),
        timeline=entries,
        chronicle=chronicle(incident, entries, report.change),
        charts=_charts(evidence),
        written_by=written_by,
        engine=engine,
        written_at=written_at,
        seen_before=tuple(history),
        usage=incident.usage,
        failures=failures(incident.usage_lines),
        **{name: value for name, value in report if name not in {"action_items", "title", "change"}},
    )


def _watched(found: Verification | None) -> tuple[Reading, ...]:
    """What had to recover, then the guards that had left their usual level."""
    readings = found.readings if found is not None else ()
    return (
        *(one for one in readings if one.signal.must_recover),
        *(one for one in readings if not one.signal.must_recover and _was_off(one)),
    )[:_READINGS]


def _was_off(guard: Reading) -> bool:
    usual, before = guard.baseline, guard.before
    return usual is not None and before is not None and before > _OFF * usual


#: So many times its usual level is no longer the usual.
_OFF = 1.5
#: As many signals are told in a post-mortem; the incident's page has all.
_READINGS = 8
#: Where the steps put what they drew.
_CHARTS = {"chart": "charts/recovery.png"}
#: A cell of the table of evidence holds two lines at most.
_CELL = 110


class Shown(Value):
    """An evidence as a row: its id, what it is, what it shows."""

    id: str
    called: str
    shows: str


def _charts(evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    """The pictures that were drawn, each once."""
    return tuple(_CHARTS[tool] for tool in dict.fromkeys(one.tool for one in evidence) if tool in _CHARTS)


def _rows(written: PostMortem) -> list[Shown]:
    """What the text, the diagnosis and what was ruled out stand on; the timeline has more."""
    told: list[Claim | Why | Diagnosis] = [written.what_failed, written.why_it_failed, written.why_not_caught]
    told += [*written.whys, *([written.diagnosis] if written.diagnosis else [])]
    ids = {identity for one in told for identity in one.evidence}
    if written.diagnosis is not None:
        ids |= {identity for one in written.diagnosis.alternatives for identity in one.evidence}
    return [
        Shown(id=one.id, called=label(one), shows=first_line(one, _CELL))
        for one in written.evidence
        if one.id in ids
    ]


def _cited(incident: Incident, report: PostMortemReport, entries: tuple[Entry, ...]) -> set[str]:
    """The ids that the report, the diagnosis, the actions, the verification or the timeline cite."""
    claims = (report.what_failed, report.why_it_failed, report.why_not_caught)
    lists = [one.evidence for one in claims]
    lists += [why.evidence for why in report.whys]
    lists += [proposal.evidence for proposal in incident.proposals]
    lists += [entry.evidence for entry in entries]
    lists += [one.evidence for one in (incident.diagnosis, incident.verification) if one is not None]
    lists += [one.evidence for one in (incident.diagnosis.alternatives if incident.diagnosis else ())]
    return {identity for ids in lists for identity in ids}


def render_markdown(written: PostMortem, language: Language = Language.EN) -> str:
    """The post-mortem as people read it in a language; its evidence stays as it is."""
    times, forms = written.milestones, forms_of(language)

    def say(key: str, count: int | None = None, **values: object) -> str:
        return SENTENCES.text(language, key, count).format(**values)

    def told(text: str, group: str = "sentence") -> str:
        return retold(text, language, group)

    return render(
        "post-mortem.md",
        pm=written,
        say=say,
        told=told,
        day=forms.long_date,
        both=lambda numbers: forms.listed([str(one) for one in numbers]),
        state=lambda proposal: state_word(proposal.state, language),
        lasted=_lasted(times, language),
        rows=_rows(written),
        answers=_answers(written, language),
        to_detect=_span(times.introduced, times.detected),
        to_acknowledge=_span(times.detected, times.taken),
        to_mitigate=_span(times.detected, times.mitigated),
        to_resolve=_span(times.detected, times.resolved),
        impact=_impact_words(times.impact_seconds),
    )


def _answers(written: PostMortem, language: Language) -> list[_Answer]:
    """The runbook's questions; what is an action item already is told by its number."""
    numbers = {item.action: number for number, item in enumerate(written.action_items, start=1)}
    asked = {
        "monitoring": written.monitoring,
        "testing": written.testing,
        "process": written.process,
        "infrastructure": written.infrastructure,
    }
    return [
        _Answer(
            question=SENTENCES.said(language, f"todo.{question}"),
            numbers=sorted(numbers[one] for one in measures if one in numbers),
            others=[one for one in measures if one not in numbers],
        )
        for question, measures in asked.items()
    ]


def _lasted(times: Milestones, language: Language) -> str:
    """`23 November 2026, 07:47:35 to 07:57:52 UTC`: from the beginning to the end, if they are known."""
    begun, over = times.introduced or times.detected, times.mitigated or times.resolved
    said, day, start = partial(SENTENCES.said, language), forms_of(language).long_date, f"{begun:%H:%M:%S}"
    if over is None:
        return said("head.open", day=day(begun), start=start)
    end = f"{over:%H:%M:%S}"
    if over.date() == begun.date():
        return said("head.span", day=day(begun), start=start, end=end)
    return said("head.span_days", day=day(begun), start=start, last=day(over), end=end)


def _span(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None or end < start:
        return ""
    return lasting(end - start) if end > start else "at once"


def _impact_words(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    return lasting(timedelta(seconds=seconds)) if seconds else "none: users were not affected"


async def file_post_mortem(written: PostMortem, files: Files, language: Language = Language.EN) -> str:
    """Put the Markdown and its JSON twin into the incident's folder.

    Returns:
        The path of the Markdown.
    """
    twin = f"{written.model_dump_json(indent=2)}\n"
    await files.write(written.incident, "post-mortem.json", twin.encode())
    return await files.write(written.incident, "post-mortem.md", render_markdown(written, language).encode())
