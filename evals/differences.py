"""How the means of two reports differ over the cases that both ran: was it luck, what did it cost? Pure."""

import math
from collections import defaultdict
from collections.abc import Iterator

from evals.report import CaseRun, Report
from evals.scorers import SCORERS, Area, Better, Scorer, Unit
from evals.statistics import bootstrap
from incidents.value import Value

#: With fewer cases that differ, even a clear interval may be chance (a sign test needs six).
_ENOUGH = 6


class Shift(Value):
    """One question, asked of the same cases twice.

    Attributes:
        n: the cases that answer it in both reports.
        before: the mean in the first.
        after: the mean in the second.
        low: the lower end of the 95 % interval of the mean difference, case by case.
        high: its upper end.
        differing: how many cases answer it differently.
    """

    name: str
    title: str
    area: Area
    unit: Unit
    better: Better
    n: int
    before: float
    after: float
    low: float
    high: float
    differing: int

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def sure(self) -> bool:
        """Whether it is more than luck: the interval lies on one side, and enough cases differ."""
        return self.differing >= _ENOUGH and (self.low > 0 or self.high < 0)

    @property
    def improves(self) -> bool:
        """Whether the difference, if there is one, is to the good."""
        return (self.difference > 0) is (self.better is Better.HIGHER)


def shifts(before: Report, after: Report) -> tuple[Shift, ...]:
    """Every question that some case answers in both reports, in the order of the scorers."""
    return tuple(_shifts(answers(before.runs), answers(after.runs)))


def answers(runs: tuple[CaseRun, ...]) -> dict[str, dict[str, float]]:
    """The mean of each answer over the epochs of each case."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        for name, score in run.scores.items():
            found[run.case][name].append(score.value)
    return {
        case: {name: math.fsum(values) / len(values) for name, values in given.items()}
        for case, given in found.items()
    }


def _shifts(old: dict[str, dict[str, float]], new: dict[str, dict[str, float]]) -> Iterator[Shift]:
    both = sorted(old.keys() & new.keys())
    for scorer in SCORERS:
        name = scorer.name
        pairs = [(old[c][name], new[c][name]) for c in both if name in old[c] and name in new[c]]
        if pairs:
            yield _shift(scorer, pairs)


def _shift(scorer: Scorer, pairs: list[tuple[float, float]]) -> Shift:
    gaps = [later - earlier for earlier, later in pairs]
    low, high = bootstrap(gaps)
    return Shift(
        name=scorer.name,
        title=scorer.title,
        area=scorer.area,
        unit=scorer.unit,
        better=scorer.better,
        n=len(pairs),
        before=math.fsum(earlier for earlier, _ in pairs) / len(pairs),
        after=math.fsum(later for _, later in pairs) / len(pairs),
        low=low,
        high=high,
        differing=sum(not math.isclose(gap, 0, abs_tol=1e-9) for gap in gaps),
    )
