"""Severity, cause and honesty: what was concluded, against what was true."""

from evals.run import Record
from evals.scorers.base import Ask, Score, yes_no
from incidents.findings import Category, Confidence
from tools.recorded.document import Truth

#: How likely a claim of each confidence should be right, for the Brier score.
LIKELY = {Confidence.LOW: 0.35, Confidence.MEDIUM: 0.65, Confidence.HIGH: 0.9}


def severity(record: Record, truth: Truth) -> Score | None:
    """Whether the severity is exact."""
    found = record.incident.severity
    return (
        None if truth.severity is None else yes_no(found is truth.severity, f"{found}, was {truth.severity}")
    )


def severity_distance(record: Record, truth: Truth) -> Score | None:
    """How many levels the severity is off; never classified counts as the whole scale."""
    if truth.severity is None:
        return None
    found = record.incident.severity
    off = abs(found.rank - truth.severity.rank) if found is not None else 4
    return Score(value=off, note=f"{found}, was {truth.severity}")


def cause_at(places: int) -> Ask:
    """Whether a right service is among the first suspects; equal scores of wrong ones count as ahead."""

    def ask(record: Record, truth: Truth) -> Score | None:
        right = accepted(truth)
        if not right:
            return None
        rank = _strict_rank(record, right)
        return yes_no(rank is not None and rank <= places, f"rank {rank}" if rank else "no suspect")

    return ask


def cause_named(record: Record, truth: Truth) -> Score | None:
    """Whether the diagnosis names a right service, be it only as where the trouble is narrowed to."""
    right = accepted(truth)
    if not right:
        return None
    named = _named(record)
    return yes_no(named in right, f"{named or 'none'}, was {truth.cause.service}")


def category(record: Record, truth: Truth) -> Score | None:
    """Whether the diagnosis names the right category."""
    if truth.cause.category is None:
        return None
    found = record.incident.diagnosis
    said = found.category if found else Category.UNKNOWN
    return yes_no(said is truth.cause.category, f"{said}, was {truth.cause.category}")


def change(record: Record, truth: Truth) -> Score | None:
    """Whether the diagnosis blames the very change."""
    if truth.cause.change is None:
        return None
    found = record.incident.diagnosis
    said = found.change if found else None
    return yes_no(said == truth.cause.change, f"{said or 'none'}, was {truth.cause.change}")


def onset_error(record: Record, truth: Truth) -> Score | None:
    """How many seconds the diagnosed onset is off, either way."""
    found = record.incident.diagnosis
    if truth.cause.onset is None or found is None or found.onset is None:
        return None
    off = (found.onset - truth.cause.onset).total_seconds()
    return Score(value=abs(off), note=f"{off:+.0f} s")


def honest_unknown(record: Record, truth: Truth) -> Score | None:
    """Of the causes that were not named right: whether it was said that the cause is not known."""
    right = accepted(truth)
    named = _named(record)
    if not right or named in right:
        return None
    return yes_no(named is None, f"said {named or 'unknown'}")


def confident_wrong(record: Record, truth: Truth) -> Score | None:
    """Whether a wrong service was named with more than low confidence."""
    right = accepted(truth)
    if not right:
        return None
    named, sure = _named(record), confidence(record)
    wrong = named is not None and named not in right and sure not in {None, Confidence.LOW}
    return yes_no(wrong, f"{named}, {sure} confidence" if wrong else "")


def red_herrings(record: Record, truth: Truth) -> Score | None:
    """The share of what looked like the cause that the diagnosis names as ruled out, and says by what."""
    if not truth.red_herrings:
        return None
    found = record.incident.diagnosis
    ruled_out = [one for one in (found.alternatives if found else ()) if one.ruled_out_by]
    named = {name for one in ruled_out for name in (one.service, one.change) if name}
    blamed = {found.service, found.change} if found and found.known else set()
    lost = [name for name in truth.red_herrings if name not in named or name in blamed]
    note = f"not ruled out: {', '.join(lost)}" if lost else ""
    return Score(value=1 - len(lost) / len(truth.red_herrings), note=note)


def brier(record: Record, truth: Truth) -> Score | None:
    """The squared gap between how sure the diagnosis is and whether it is right (0 is best)."""
    right, sure = accepted(truth), confidence(record)
    if not right or sure is None:
        return None
    hit = _named(record) in right
    return Score(value=round((LIKELY[sure] - hit) ** 2, 4), note=f"{sure}, {'right' if hit else 'wrong'}")


def accepted(truth: Truth) -> frozenset[str]:
    """The services that count as the cause; empty where the truth does not say."""
    return frozenset({truth.cause.service, *truth.also_accept}) if truth.cause.service else frozenset()


def confidence(record: Record) -> Confidence | None:
    """How sure the diagnosis is; None where it says that it does not know."""
    found = record.incident.diagnosis
    return found.confidence if found is not None and found.known else None


def _named(record: Record) -> str | None:
    found = record.incident.diagnosis
    return found.service if found is not None else None


def _strict_rank(record: Record, right: frozenset[str]) -> int | None:
    suspects = record.incident.suspects
    best = max((one.score for one in suspects if one.service in right), default=None)
    if best is None:
        return None
    return 1 + sum(one.score >= best for one in suspects if one.service not in right)
