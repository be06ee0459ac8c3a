"""What would have been said of one occurrence: when, how sure, from which evidence, and what was proposed."""

from pathlib import Path
from typing import Self

from pydantic import Field

from evals.backtest.occurrence import Occurrence
from evals.backtest.reading import read_deeds
from evals.run import Record, Run
from incidents.action import ActionKind
from incidents.changes import WhatPeopleDid
from incidents.findings import Category, Confidence
from incidents.people_did import what_people_did
from incidents.severity import Severity
from incidents.timeline import EntryKind
from incidents.value import Moment, Value


class SeenEvidence(Value):
    """One answer that a diagnosis stands on."""

    tool: str
    at: Moment
    summary: str


class Proposed(Value):
    """A change that would have been put to people."""

    kind: ActionKind
    service: str
    title: str
    at: Moment
    reason: str


class Said(Value):
    """One line of a backtest; without an error it holds what would have been said.

    Attributes:
        at: when the first alert came.
        known_at: when the diagnosis stood, on the replay's clock.
        summary: the diagnosis in one sentence; empty where the cause stayed unknown.
        proposed: the first change that would have been put to people, or None.
        people: what they did, as the change feed tells it.
        ended: how the replay ended: at a proposal, at a hand-over, or by itself.
        left_out: what could not be read.
        error: why there is nothing to judge, in one sentence.
    """

    case: str
    title: str
    at: Moment
    ended_at: Moment | None
    services: tuple[str, ...]
    sources: tuple[str, ...]
    severity: Severity | None = None
    service: str | None = None
    category: Category = Category.UNKNOWN
    change: str | None = None
    confidence: Confidence | None = None
    summary: str = ""
    known_at: Moment | None = None
    evidence: tuple[SeenEvidence, ...] = ()
    proposed: Proposed | None = None
    people: WhatPeopleDid | None = None
    ended: str = ""
    left_out: tuple[str, ...] = ()
    seconds: float = Field(default=0.0, ge=0)
    error: str | None = None

    @classmethod
    def unread(cls, occurrence: Occurrence, error: str) -> Self:
        """One that could not be read or played."""
        return cls(**_told(occurrence), error=error)

    @classmethod
    def of(cls, occurrence: Occurrence, run: Run, case: Path, left_out: tuple[str, ...]) -> Self:
        """What a run of its case left behind."""
        if run.record is None:
            return cls.unread(occurrence, run.error or "it broke without a word")
        incident = run.record.incident
        found = incident.diagnosis
        first = incident.proposals[0] if incident.proposals else None
        known_at = _first(run.record, EntryKind.DIAGNOSIS) if found is not None else None
        stood_at = first.proposed_at if first is not None else known_at
        known = found if found is not None and found.known else None
        cited = set(known.evidence) if known is not None else set()
        return cls(
            **_told(occurrence),
            severity=incident.severity,
            service=known.service if known else None,
            category=known.category if known else Category.UNKNOWN,
            change=known.change if known else None,
            confidence=known.confidence if known else None,
            summary=known.summary if known else "",
            known_at=known_at,
            evidence=tuple(
                SeenEvidence(tool=one.tool, at=one.at, summary=one.summary)
                for one in run.record.evidence
                if one.id in cited
            ),
            proposed=Proposed(
                kind=first.action.kind,
                service=first.action.service,
                title=first.action.title,
                at=first.proposed_at,
                reason=first.reason,
            )
            if first is not None
            else None,
            people=what_people_did(read_deeds(case), first.action if first else None, stood_at),
            ended=_end(run.record),
            left_out=left_out,
            seconds=run.seconds,
        )


def _told(occurrence: Occurrence) -> dict[str, object]:
    return {
        "case": occurrence.id,
        "title": occurrence.title,
        "at": occurrence.at,
        "ended_at": occurrence.ended_at,
        "services": occurrence.services,
        "sources": occurrence.sources,
    }


def _first(record: Record, kind: EntryKind) -> Moment | None:
    return next((one.at for one in record.entries if one.kind is kind), None)


def _end(record: Record) -> str:
    incident = record.incident
    if incident.pending:
        return "proposal"
    return "hand-over" if incident.in_peoples_hands or incident.handed_over_at else "by itself"
