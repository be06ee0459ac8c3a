"""Holds a report against what is known: evidence that exists, services and changes that exist. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from agents.grounding.quotes import Text, names_word
from incidents.action import ActionKind
from incidents.findings import Category, Confidence, Hypothesis
from incidents.language import Language
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
class Source:
    """One evidence: the words that were read, and the stored data behind them."""

    text: str
    body: bytes = b""

    @property
    def quotable(self) -> Text:
        """What a sentence that cites it may quote."""
        return Text(self.text, self.body)


@dataclass(frozen=True)
class Grounds:
    """What a report may refer to.

    Attributes:
        services: the catalogue's names.
        evidence: what each evidence id says; a change exists if evidence or the incident names it.
        changes: ids of changes that the incident itself names.
        actions: kinds of change that this assignment may propose.
        known: what sentences without citations may quote beside all evidence: the incident as it stands.
        rules: what the runbook and the role's trade say, such as a legal time limit: no fact of the incident.
        alerts: what every sentence may quote, having no id: the alerts, the checks asked for.
        owners: who may own a task: roles, by slug and by name, and the catalogue's owners.
        language: of those who read the report.
    """

    services: frozenset[str]
    evidence: Mapping[str, Source]
    changes: frozenset[str] = frozenset()
    actions: frozenset[ActionKind] = frozenset()
    known: tuple[Source, ...] = ()
    rules: tuple[Source, ...] = ()
    alerts: tuple[Source, ...] = ()
    owners: frozenset[str] = frozenset()
    language: Language = Language.EN

    def knows_change(self, change: str) -> bool:
        """Whether anything that was read names that change."""
        return change in self.changes or self.was_read(change)

    def was_read(self, name: str) -> bool:
        """Whether any evidence or the incident holds that name as a word of its own."""
        sources = (*self.evidence.values(), *self.known, *self.rules, *self.alerts)
        return any(names_word(raw, name) for source in sources for raw in (source.text, source.body.decode()))


@dataclass
class Removals:
    """What was taken out, in sentences."""

    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Say it once."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)


def existing(report: Report, grounds: Grounds, ledger: Removals) -> Report:
    """The report without what does not exist; what was taken out goes into the ledger.

    Evidence ids that do not exist go everywhere. A hypothesis whose evidence is gone has low confidence; one
    whose service does not exist points at none. Actions on unknown services, or of a kind that the assignment
    does not allow, are dropped.
    """
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
    return cleaned


def _without_unknown_evidence(value: T, grounds: Grounds, ledger: Removals) -> T:
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


def _known_evidence(ids: Iterable[str], grounds: Grounds, ledger: Removals) -> tuple[str, ...]:
    kept = []
    for given in dict.fromkeys(ids):
        if (plain := given.strip(" []`'\"")) in grounds.evidence:
            kept.append(plain)
        else:
            ledger.add(f"Evidence {given[:40]!r} does not exist and was removed")
    return tuple(dict.fromkeys(kept))


def _known_services(names: Iterable[str], grounds: Grounds, ledger: Removals) -> tuple[str, ...]:
    kept = []
    for name in dict.fromkeys(names):
        if name in grounds.services:
            kept.append(name)
        else:
            ledger.add(f"Service {name[:60]!r} is not in the catalogue and was removed")
    return tuple(kept)


def _investigation(report: InvestigationReport, grounds: Grounds, ledger: Removals) -> InvestigationReport:
    hypotheses = tuple(_hypothesis(h, grounds, ledger) for h in report.hypotheses)
    checks = []
    for check in report.checks:
        if check.state is CheckState.NO_DATA or check.evidence:
            checks.append(check)
            continue
        ledger.add(f"Check {check.check[:80]!r} rests on no evidence and counts as no data")
        checks.append(check.model_copy(update={"state": CheckState.NO_DATA}))
    return report.model_copy(update={"hypotheses": hypotheses, "checks": tuple(checks)})


def _hypothesis(hypothesis: Hypothesis, grounds: Grounds, ledger: Removals) -> Hypothesis:
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


def _may(proposed: ProposedAction, grounds: Grounds, ledger: Removals) -> bool:
    action = proposed.action
    if action.service not in grounds.services:
        ledger.add(f"An action on {action.service[:60]!r} was dropped: it is not in the catalogue")
        return False
    if action.kind not in grounds.actions:
        ledger.add(
            f"The proposal to {action.title[:120]} was dropped: this role may not propose a {action.kind}"
        )
        return False
    return all(_was_read(proposed, name, value, grounds, ledger) for name, value in _named(proposed))


def _named(proposed: ProposedAction) -> list[tuple[str, str]]:
    """The arguments that name something in the world."""
    args = proposed.action.arguments
    named = (
        ("version", args.version), ("commit", args.commit), ("patch", args.patch), ("flag", args.flag),
    )  # fmt: skip
    return [(name, value) for name, value in named if value is not None]


def _was_read(proposed: ProposedAction, name: str, value: str, grounds: Grounds, ledger: Removals) -> bool:
    if grounds.was_read(value):
        return True
    ledger.add(
        f"The proposal to {proposed.action.title[:120]} was dropped: "
        f"the {name} {value[:60]!r} stands in nothing that was read"
    )
    return False
