"""Many reports become one diagnosis: by evidence, with competing hypotheses kept and disagreement named."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from incidents.findings import (
    Category,
    Channel,
    Confidence,
    Diagnosis,
    Evidence,
    EvidenceStatus,
    Hypothesis,
    Suspect,
    ceiling,
    telling,
)
from incidents.reports import InvestigationReport
from tools.schema import server_of
from tools.toolbox import SUSPECTS, TOOLS

#: How much one role's word counts by its confidence; two medium voices outweigh one high one.
_WEIGHT = {Confidence.LOW: 1.0, Confidence.MEDIUM: 2.0, Confidence.HIGH: 3.0}

#: How many gaps are told; the reports hold all of them.
MOST_GAPS = 6
#: What is told before the other gaps: a channel that is missing, and a value that says nothing.
_FIRST = ("did not answer", "refuses to tell", "cannot be used")

#: A cause: where, and of which kind.
Key = tuple[str | None, Category]


def supported(
    hypothesis: Hypothesis, evidence: Mapping[str, Evidence], services: Iterable[str]
) -> Hypothesis | None:
    """The hypothesis with only the evidence that exists and holds data; None if nothing is left of it."""
    cited = tuple(
        identity
        for identity in dict.fromkeys(hypothesis.evidence)
        if identity in evidence and evidence[identity].status is EvidenceStatus.OK
    )
    if not cited or (hypothesis.service is not None and hypothesis.service not in set(services)):
        return None
    return hypothesis.model_copy(update={"evidence": cited})


def channels(
    cited: Iterable[str], evidence: Mapping[str, Evidence], ranked: Iterable[Channel] = ()
) -> frozenset[str]:
    """The independent channels that stand behind something: answers of one do not confirm each other.

    Args:
        cited: ids of evidence.
        evidence: what is kept, by id.
        ranked: the channels that the ranking read its reasons in: citing the ranking is citing these.
    """
    tools = {evidence[identity].tool for identity in cited if identity in evidence}
    found = frozenset(TOOLS[tool].channel or tool if tool in TOOLS else server_of(tool) for tool in tools)
    if SUSPECTS.name in found:
        found = found - {SUSPECTS.name} | ({str(one) for one in ranked} - {Channel.TOPOLOGY})
    return found


def ranked_in(service: str | None, suspects: Iterable[Suspect]) -> frozenset[Channel]:
    """The channels in which the ranking read why it suspects a service."""
    return frozenset(channel for one in suspects if one.service == service for channel in telling(one))


def merge(
    reports: Mapping[str, InvestigationReport],
    evidence: Mapping[str, Evidence],
    services: tuple[str, ...],
    suspects: Iterable[Suspect] = (),
    path: frozenset[str] | None = None,
) -> Diagnosis:
    """One diagnosis from the reports of the roles (by name).

    Hypotheses about the same service and category are one; each role speaks for it once, with its confidence.
    One on the path of the alerts comes before one beside it; then the one with most weight wins; ties go to
    whom the ranking suspects more, then to more evidence, then to the order of the catalogue, never to a
    name. What the ranking counts as evidence for is told by the reasons of its suspects.
    """
    suspects = tuple(suspects)
    order = _Order(suspected=tuple(one.service for one in suspects), listed=services)

    held = _voices(reports, evidence, services)
    if not held:
        return _unknown(reports, evidence, services)
    ranked = sorted(held.items(), key=lambda item: (_beside(item[0][0], path), order.key(item)))
    (blamed, _), voices = ranked[0]
    where = ranked_in(blamed, suspects)
    return _diagnosis(voices, [_joined(other) for _, other in ranked[1:]], reports, evidence, where)


def disputed(found: Diagnosis, report: InvestigationReport) -> Hypothesis | None:
    """What a report blames first, if that is another service than the diagnosis names; None if it agrees.

    A report that does not know, or whose own first cause is hardly more than a guess, does not dispute.
    """
    first = next((h for h in report.hypotheses if h.ruled_out_by is None), None)
    if first is None or not found.known or first.category is Category.UNKNOWN or first.service is None:
        return None
    return first if first.service != found.service and first.confidence is not Confidence.LOW else None


def missed(reports: Iterable[InvestigationReport]) -> str:
    """What data the roles missed, each once, failed backends first."""
    told: dict[str, str] = {}
    for gap in (gap for report in reports for gap in report.gaps):
        said = " ".join(gap.split()).rstrip(".")
        told.setdefault(said.rpartition(": ")[2].casefold(), said)
    kept = sorted(told.values(), key=lambda said: not any(words in said for words in _FIRST))
    more = f"; and {len(kept) - MOST_GAPS} more" if len(kept) > MOST_GAPS else ""
    return "; ".join(kept[:MOST_GAPS]) + more + ("." if kept else "")


def _voices(
    reports: Mapping[str, InvestigationReport], evidence: Mapping[str, Evidence], services: tuple[str, ...]
) -> dict[Key, list[tuple[str, Hypothesis]]]:
    """Who speaks for which cause, each role once; one that does not know where speaks for who does."""
    said = [
        (role, sound)
        for role, report in reports.items()
        for hypothesis in report.hypotheses
        if (sound := supported(hypothesis, evidence, services)) is not None
        and sound.category is not Category.UNKNOWN
        and sound.ruled_out_by is None
    ]
    places: defaultdict[Category, set[str]] = defaultdict(set)
    for _, sound in said:
        if sound.service is not None:
            places[sound.category].add(sound.service)
    held: defaultdict[Key, dict[str, Hypothesis]] = defaultdict(dict)
    for role, sound in said:
        only = next(iter(places[sound.category])) if len(places[sound.category]) == 1 else None
        placed = sound if sound.service is not None else sound.model_copy(update={"service": only})
        held[placed.service, placed.category].setdefault(role, placed)
    return {key: list(voices.items()) for key, voices in held.items()}


@dataclass(frozen=True)
class _Order:
    """What decides between hypotheses: weight, then the places of their services in two lists."""

    suspected: tuple[str, ...]
    listed: tuple[str, ...]

    def key(self, item: tuple[Key, list[tuple[str, Hypothesis]]]) -> tuple[float, int, int, int, int]:
        """Sorts the best first."""
        (service, category), voices = item
        weight = sum(_WEIGHT[hypothesis.confidence] for _, hypothesis in voices)
        cited = {identity for _, hypothesis in voices for identity in hypothesis.evidence}
        suspected, listed = (_place(service, names) for names in (self.suspected, self.listed))
        return (-weight, suspected, -len(cited), listed, list(Category).index(category))


def _place(service: str | None, names: tuple[str, ...]) -> int:
    return names.index(service) if service in names else len(names)


def _beside(service: str | None, path: frozenset[str] | None) -> bool:
    return path is not None and service is not None and service not in path


def _joined(voices: list[tuple[str, Hypothesis]]) -> Hypothesis:
    """One hypothesis from several voices: the surest one's words, everybody's evidence."""
    best = max((hypothesis for _, hypothesis in voices), key=lambda hypothesis: hypothesis.confidence.rank)
    cited = tuple(dict.fromkeys(identity for _, h in voices for identity in h.evidence))
    return best.model_copy(
        update={
            "evidence": cited,
            "mechanism": best.mechanism or next((h.mechanism for _, h in voices if h.mechanism), None),
            "change": next((h.change for _, h in voices if h.change), None),
            "onset": min((h.onset for _, h in voices if h.onset), default=None),
        }
    )


def _diagnosis(
    voices: list[tuple[str, Hypothesis]],
    others: list[Hypothesis],
    reports: Mapping[str, InvestigationReport],
    evidence: Mapping[str, Evidence],
    where: Iterable[Channel],
) -> Diagnosis:
    best = _joined(voices)
    key = (best.service, best.category)
    speakers = {role for role, _ in voices}
    apart = [role for role, report in reports.items() if role not in speakers and _blames(report)]
    disagreement = f"{', '.join(sorted(apart))} saw another cause first" if apart else None
    rivals_out = any(supported(h, evidence, (h.service or "",)) for h in _ruled_out(reports, key))
    most = ceiling(len(channels(best.evidence, evidence, where)), rivals_out)
    confidence = min(best.confidence, most, key=lambda level: level.rank)
    if apart and len(apart) >= len(speakers):
        confidence = min(confidence, Confidence.MEDIUM, key=lambda level: level.rank)
    open_keys = {(other.service, other.category) for other in others}
    ruled_out: dict[Key, Hypothesis] = {}
    for hypothesis in sorted(_ruled_out(reports, key), key=lambda one: one.change is None):
        if (about := (hypothesis.service, hypothesis.category)) not in open_keys:
            ruled_out.setdefault(about, hypothesis)
    return Diagnosis(
        service=best.service,
        category=best.category,
        confidence=confidence,
        summary=best.summary,
        mechanism=best.mechanism,
        change=best.change,
        onset=best.onset,
        evidence=best.evidence,
        alternatives=(*others, *ruled_out.values()),
        disagreement=disagreement,
    )


def _ruled_out(reports: Mapping[str, InvestigationReport], key: Key) -> list[Hypothesis]:
    """What the roles ruled out, apart from the cause itself."""
    return [
        hypothesis
        for report in reports.values()
        for hypothesis in report.hypotheses
        if hypothesis.ruled_out_by is not None and (hypothesis.service, hypothesis.category) != key
    ]


def _blames(report: InvestigationReport) -> bool:
    """Whether a report names a cause at all; not to know is no disagreement."""
    return any(h.category is not Category.UNKNOWN and h.ruled_out_by is None for h in report.hypotheses)


def _unknown(
    reports: Mapping[str, InvestigationReport], evidence: Mapping[str, Evidence], services: tuple[str, ...]
) -> Diagnosis:
    """No cause; the component is named where the roles that name one narrowed it down to the same."""
    first = [named for report in reports.values() if (named := _names(report, services)) is not None]
    narrowed = {hypothesis.service for hypothesis in first}
    one = first[0].service if len(narrowed) == 1 else None
    changes = {hypothesis.change for hypothesis in first if hypothesis.change is not None}
    onsets = [hypothesis.onset for hypothesis in first if hypothesis.onset is not None]
    cited = [found.evidence for h in first if (found := supported(h, evidence, services)) is not None]
    gaps = missed(reports.values())
    missing = f" Missing: {gaps}" if gaps else ""
    return Diagnosis(
        service=one,
        category=Category.UNKNOWN,
        confidence=Confidence.LOW,
        summary=f"{_narrowed_to(first) if one else 'No hypothesis is supported by evidence'}.{missing}",
        change=next(iter(changes)) if one and len(changes) == 1 else None,
        onset=min(onsets, default=None) if one else None,
        evidence=tuple(dict.fromkeys(chain.from_iterable(cited))) if one else (),
        alternatives=tuple(h for report in reports.values() for h in report.hypotheses),
    )


def _names(report: InvestigationReport, services: tuple[str, ...]) -> Hypothesis | None:
    """The first that a report still believes and that says where."""
    believed = (h for h in report.hypotheses if h.ruled_out_by is None)
    return next((h for h in believed if h.service in services), None)


def _narrowed_to(first: list[Hypothesis]) -> str:
    where, seen = first[0].service, first[0].summary.rstrip(".")
    return f"The cause is not known; the trouble is narrowed to {where} ({seen})"
