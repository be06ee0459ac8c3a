"""Holds a report against what is known: evidence that exists, services and changes that exist. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from incidents.action import ActionKind
from incidents.findings import Category, Confidence, Hypothesis
from incidents.reports import (
    CheckState,
    InvestigationReport,
    MitigationReport,
    ProposedAction,
    Report,
    TriageReport,
)
from incidents.value import Value

T = TypeVar("T", bound=Value)


@dataclass(frozen=True)
class Grounds:
    """What a report may refer to.

    Attributes:
        services: the catalogue's names.
        evidence: what each evidence id says; a change exists if evidence or the incident names it.
        changes: ids of changes that the incident itself names.
        actions: kinds of change that this assignment may propose.
    """

    services: frozenset[str]
    evidence: Mapping[str, str]
    changes: frozenset[str] = frozenset()
    actions: frozenset[ActionKind] = frozenset()

    def knows_change(self, change: str) -> bool:
        """Whether anything that was read names that change."""
        if change in self.changes:
            return True
        word = re.compile(rf"(?<![\w-]){re.escape(change)}(?![\w-])")
        return any(word.search(text) for text in self.evidence.values())


@dataclass
class _Ledger:
    """What was taken out, in sentences."""

    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        if sentence not in self.sentences:
            self.sentences.append(sentence)


def ground(report: Report, grounds: Grounds) -> tuple[Report, tuple[str, ...]]:
    """The report without what does not exist, and what was taken out, in sentences.

    Evidence ids that do not exist go everywhere. A hypothesis whose evidence is gone has low confidence; one
    whose service does not exist points at none. Actions on unknown services, or of a kind that the assignment
    does not allow, are dropped.
    """
    ledger = _Ledger()
    cleaned = _without_unknown_evidence(report, grounds, ledger)
    if isinstance(cleaned, TriageReport):
        services = _known_services(cleaned.impact.services, grounds, ledger)
        cleaned = cleaned.model_copy(
            update={"impact": cleaned.impact.model_copy(update={"services": services})}
        )
    elif isinstance(cleaned, InvestigationReport):
        cleaned = _investigation(cleaned, grounds, ledger)
    elif isinstance(cleaned, MitigationReport):
        kept = tuple(p for p in cleaned.proposals if _may(p, grounds, ledger))
        cleaned = cleaned.model_copy(update={"proposals": kept})
    return cleaned, tuple(ledger.sentences)


def _without_unknown_evidence(value: T, grounds: Grounds, ledger: _Ledger) -> T:
    """Walk a report and keep, in every field named `evidence`, the ids that exist, each once."""
    changes: dict[str, object] = {}
    for name in type(value).model_fields:
        held = getattr(value, name)
        if name == "evidence":
            changes[name] = _known_evidence(held, grounds, ledger)
        elif isinstance(held, Value):
            changes[name] = _without_unknown_evidence(held, grounds, ledger)
        elif isinstance(held, tuple):
            changes[name] = tuple(
                _without_unknown_evidence(item, grounds, ledger) if isinstance(item, Value) else item
                for item in held
            )
    return value.model_copy(update=changes)


def _known_evidence(ids: Iterable[str], grounds: Grounds, ledger: _Ledger) -> tuple[str, ...]:
    kept = []
    for given in dict.fromkeys(ids):
        if (plain := given.strip(" []`'\"")) in grounds.evidence:
            kept.append(plain)
        else:
            ledger.add(f"Evidence {given[:40]!r} does not exist and was removed")
    return tuple(dict.fromkeys(kept))


def _known_services(names: Iterable[str], grounds: Grounds, ledger: _Ledger) -> tuple[str, ...]:
    kept = []
    for name in dict.fromkeys(names):
        if name in grounds.services:
            kept.append(name)
        else:
            ledger.add(f"Service {name[:60]!r} is not in the catalogue and was removed")
    return tuple(kept)


def _investigation(report: InvestigationReport, grounds: Grounds, ledger: _Ledger) -> InvestigationReport:
    hypotheses = tuple(_hypothesis(h, grounds, ledger) for h in report.hypotheses)
    checks = []
    for check in report.checks:
        if check.state is CheckState.NO_DATA or check.evidence:
            checks.append(check)
            continue
        ledger.add(f"Check {check.check[:80]!r} rests on no evidence and counts as no data")
        checks.append(check.model_copy(update={"state": CheckState.NO_DATA}))
    return report.model_copy(update={"hypotheses": hypotheses, "checks": tuple(checks)})


def _hypothesis(hypothesis: Hypothesis, grounds: Grounds, ledger: _Ledger) -> Hypothesis:
    changes: dict[str, object] = {}
    if hypothesis.service is not None and hypothesis.service not in grounds.services:
        ledger.add(
            f"Service {hypothesis.service[:60]!r} is not in the catalogue; the hypothesis names none now"
        )
        changes.update(service=None, confidence=Confidence.LOW, category=Category.UNKNOWN)
    if hypothesis.change is not None and not grounds.knows_change(hypothesis.change):
        ledger.add(f"Change {hypothesis.change[:60]!r} stands in no evidence and was removed")
        changes.update(change=None, confidence=Confidence.LOW)
    if not hypothesis.evidence and hypothesis.confidence is not Confidence.LOW:
        ledger.add(
            f"A hypothesis about {hypothesis.service or 'no service'} rests on no evidence; it counts little"
        )
        changes.update(confidence=Confidence.LOW)
    return hypothesis.model_copy(update=changes)


def _may(proposed: ProposedAction, grounds: Grounds, ledger: _Ledger) -> bool:
    action = proposed.action
    if action.service not in grounds.services:
        ledger.add(f"An action on {action.service[:60]!r} was dropped: it is not in the catalogue")
        return False
    if action.kind not in grounds.actions:
        ledger.add(
            f"The proposal to {action.title[:120]} was dropped: this role may not propose a {action.kind}"
        )
        return False
    return True
