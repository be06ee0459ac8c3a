"""Why it happens, as far as it is known: suspects with reasons for and against, what was ruled out. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from incidents.changes import Change, ChangeKind
from incidents.findings import Category, Confidence, Diagnosis, Evidence, Hypothesis, Suspect
from incidents.incident import Incident
from incidents.value import Moment, Value
from nexus.service.pages.cited import Cited, cited
from tools.plainly import plainly

#: So many suspects are shown that nobody has spoken for or against.
_FURTHER = 4


class CauseState(StrEnum):
    """How a suspect stands."""

    CAUSE = "cause"
    OPEN = "open"
    RULED_OUT = "ruled out"


class CauseView(Value):
    """One suspect.

    Attributes:
        service: null: of a hypothesis that names none.
        what: what is suspected of it, in words: a release, its machines, its code.
        share: its score beside the highest one, 0 to 1; null: it was not ranked.
        reasons: what speaks for it.
        against: what ruled it out.
        evidence: what both stand on.
    """

    state: CauseState
    service: str | None
    what: str
    confidence: Confidence | None = None
    onset: Moment | None = None
    share: float | None = None
    reasons: tuple[str, ...] = ()
    against: str | None = None
    evidence: tuple[Cited, ...] = ()


def causes(
    incident: Incident, changes: Sequence[Change], known: Mapping[str, Evidence]
) -> tuple[CauseView, ...]:
    """The diagnosis first, then what is open, most likely first, then what was ruled out."""
    by_id, found = {change.id: change for change in changes}, incident.diagnosis
    scores = {one.service: one.score for one in incident.suspects}
    highest = max(scores.values(), default=0.0)
    shares = {name: score / highest for name, score in scores.items()} if highest > 0 else {}
    reasons = {one.service: _reasons(one, changes) for one in incident.suspects}
    listed: list[CauseView] = []
    if found is not None and found.known:
        listed.append(_diagnosed(found, by_id, shares, reasons, known))
    for other in found.alternatives if found is not None else ():
        listed.append(_alternative(other, by_id, shares, known))
    spoken = {one.service for one in listed}
    listed += [
        CauseView(
            state=CauseState.OPEN,
            service=one.service,
            what=_what(one.category, by_id.get(one.change or "")),
            onset=one.onset,
            share=shares.get(one.service),
            reasons=reasons[one.service],
        )
        for one in incident.suspects
        if one.service not in spoken
    ][:_FURTHER]
    order = [CauseState.CAUSE, CauseState.OPEN, CauseState.RULED_OUT]
    return tuple(sorted(listed, key=lambda one: (order.index(one.state), -(one.share or 0.0))))


def cause_sentence(incident: Incident, changes: Sequence[Change]) -> str:
    """What the cause is, in a sentence."""
    found = incident.diagnosis
    if found is None or not found.known or found.service is None:
        return "The cause is not known yet." if incident.open else "The cause was not found."
    change = next((one for one in changes if one.id == found.change), None)
    verb = "is" if incident.open else "was"
    if change is not None:
        return f"{said_change(change)} {verb} the cause ({found.confidence} confidence)."
    told = {
        Category.DEPLOYMENT: f"A release of {found.service}",
        Category.INFRASTRUCTURE: f"What {found.service} runs on",
        Category.CODE: f"An error in the code of {found.service}",
        Category.DEPENDENCY: f"{found.service}, which others need,",
    }.get(found.category, found.service)
    return f"{told} {verb} the cause ({found.confidence} confidence)."


def said_change(change: Change) -> str:
    """A change as the beginning of a sentence: `The release of checkout 2026.11.2 at 07:47:35`."""
    version = f" {change.version_to}" if change.version_to else ""
    what = {
        ChangeKind.DEPLOY: f"The release of {change.service}{version}",
        ChangeKind.CONFIG: f"The configuration{version} of {change.service}",
        ChangeKind.FLAG: f"The flag{version} of {change.service}",
        ChangeKind.SCALE: f"The new scale of {change.service}",
        ChangeKind.INFRA: f"The change of what {change.service} runs on",
    }[change.kind]
    return f"{what} at {change.time:%H:%M:%S}"


def _diagnosed(
    found: Diagnosis,
    changes: Mapping[str, Change],
    shares: Mapping[str, float],
    reasons: Mapping[str, tuple[str, ...]],
    known: Mapping[str, Evidence],
) -> CauseView:
    name = found.service or ""
    return CauseView(
        state=CauseState.CAUSE,
        service=found.service,
        what=_what(found.category, changes.get(found.change or "")),
        confidence=found.confidence,
        onset=found.onset,
        share=shares.get(name),
        reasons=reasons.get(name) or (plainly(found.summary, changes.values()),),
        evidence=cited(found.evidence, known),
    )


def _alternative(
    other: Hypothesis,
    changes: Mapping[str, Change],
    shares: Mapping[str, float],
    known: Mapping[str, Evidence],
) -> CauseView:
    out = other.ruled_out_by is not None
    return CauseView(
        state=CauseState.RULED_OUT if out else CauseState.OPEN,
        service=other.service,
        what=_what(other.category, changes.get(other.change or "")),
        confidence=None if out else other.confidence,
        onset=other.onset,
        share=shares.get(other.service or ""),
        reasons=(plainly(other.summary, changes.values()),),
        against=plainly(other.ruled_out_by, changes.values()) if other.ruled_out_by else None,
        evidence=cited(other.evidence, known),
    )


def _what(category: Category, change: Change | None) -> str:
    if change is not None:
        kind = {ChangeKind.DEPLOY: "release", ChangeKind.CONFIG: "configuration"}.get(
            change.kind, change.kind.value
        )
        by = f", by {change.author}" if change.author else ""
        return f"{kind} {change.version_to} at {change.time:%H:%M:%S}{by}".replace("  ", " ")
    return {
        Category.DEPLOYMENT: "a release",
        Category.INFRASTRUCTURE: "what it runs on",
        Category.CODE: "its code",
        Category.DEPENDENCY: "a part that others need",
        Category.UNKNOWN: "not known what",
    }[category]


def _reasons(suspect: Suspect, changes: Iterable[Change]) -> tuple[str, ...]:
    """The three that weigh most."""
    weighed = sorted(suspect.reasons, key=lambda reason: -reason.score)
    return tuple(dict.fromkeys(plainly(one.text, changes) for one in weighed[:3]))
