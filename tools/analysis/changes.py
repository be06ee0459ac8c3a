"""What was changed shortly before it broke, and how well each change fits."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from incidents.changes import Change
from tools.analysis.model import RankedChange, Topology
from tools.wording import length

#: A change older than a day has lived through a day's traffic.
LOOKBACK = timedelta(hours=24)
#: Clocks differ, and a roll-out is recorded when it ends: this much after the onset still counts.
_SKEW = timedelta(minutes=2)
#: Most bad changes show at once; each hour without trouble halves the suspicion.
_HALF_LIFE = timedelta(hours=1)
#: A change to what the symptom depends on, where nothing is seen to be wrong with that service itself.
_REACHED = 0.3
#: A change to the very service that the alert names, where no service clearly behaves unlike before.
_NAMED = 0.6
#: Less suspicion than this is as good as none.
_FAINT = 0.2
#: A change elsewhere is listed, so that a person can rule it out.
_ELSEWHERE = 0.1


def time_fit(change: Change, onset: datetime) -> float:
    """1 for a change at the onset, halved per hour before it, 0 after it or more than a day before."""
    before = onset - change.time
    if before < -_SKEW or before > LOOKBACK:
        return 0.0
    return float(0.5 ** (max(before, timedelta(0)) / _HALF_LIFE))


def rank_changes(
    changes: Sequence[Change],
    onset: datetime,
    topology: Topology,
    symptom: str | None,
    scores: Mapping[str, float],
) -> tuple[RankedChange, ...]:
    """Every change in the day before the onset, the best fitting first.

    Args:
        changes: what was recorded, in any order.
        onset: when it broke.
        topology: who calls whom.
        symptom: where it hurts.
        scores: how strongly each service is suspected.
    """
    reached = topology.distances(symptom) if symptom else {}
    best = max(scores.values(), default=0.0)
    ranked = []
    for change in changes:
        fit = time_fit(change, onset)
        if fit == 0:
            continue
        near = _REACHED if change.service in reached else _ELSEWHERE
        if best < _FAINT and change.service == symptom:
            near = _NAMED
        place = max(near, scores.get(change.service, 0.0) / best if best else 0.0)
        stands_out = place > _NAMED
        text = said_fit(change, onset, stands_out=stands_out)
        ranked.append(RankedChange(change=change, score=fit * place, text=text, stands_out=stands_out))
    return tuple(sorted(ranked, key=lambda one: (-one.score, -one.change.time.timestamp(), one.change.id)))


def fitting(change: Change, service: str, onset: datetime) -> float:
    """How well a change explains that this service broke at the onset, 0 to 1."""
    return time_fit(change, onset) if change.service == service else 0.0


def said_fit(change: Change, onset: datetime, *, stands_out: bool) -> str:
    """A change, what of its service is seen, and how far from an onset it was made."""
    minutes = (onset - change.time).total_seconds() / 60
    when = f"{length(abs(minutes))} {'before' if minutes >= 0 else 'after'} the onset"
    versions = f" {change.version_from or '?'} -> {change.version_to}" if change.version_to else ""
    where = "which behaves unlike before" if stands_out else "where nothing else stands out"
    summary = f": {change.summary}" if change.summary else ""
    return f"{change.kind.value} {change.id}{versions} of {change.service}, {where}, {when}{summary}"
