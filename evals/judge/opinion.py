"""What a judge says of one run, and what it comes to over many. Pure."""

import math
from collections.abc import Sequence
from importlib.resources import files
from typing import Literal

from pydantic import Field

from evals.statistics import bootstrap
from incidents.usage import Usage
from incidents.value import Value

#: The most that a criterion gives.
FULL = 2
#: Criteria that ask about the post-mortem, which not every incident has.
_OF_THE_POST_MORTEM = frozenset({"story", "prevention"})


class Mark(Value):
    """One criterion: why first, so that the points follow from it."""

    why: str = Field(description="one short sentence")
    points: Literal[0, 1, 2]


class Opinion(Value):
    """The marks of a run, as the rubric asks for them."""

    cause: Mark
    reasoning: Mark
    honesty: Mark
    story: Mark | None = None
    prevention: Mark | None = None


class Given(Value):
    """One mark under the name of its criterion."""

    criterion: str
    points: int
    why: str


class Judged(Value):
    """What became of judging one run: marks, or why there are none; a judge that failed is no 0.

    Attributes:
        usage: what it took, which is no part of what the incident cost.
    """

    marks: tuple[Given, ...] = ()
    error: str | None = None
    usage: Usage = Usage()

    @property
    def score(self) -> float | None:
        """The share of the points that could be had."""
        return sum(one.points for one in self.marks) / (FULL * len(self.marks)) if self.marks else None


class Judging(Value):
    """A judge's opinion over all runs.

    Attributes:
        rubric: a digest of what the judge was told.
        n: how many runs have an opinion.
        not_judged: how many were asked about in vain.
        mean: None where nothing was judged; `low` and `high` bound it with 95 %.
    """

    model: str
    rubric: str
    n: int
    not_judged: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    usage: Usage = Usage()


def rubric() -> str:
    """What the judge is told before it reads."""
    return files("evals").joinpath("judge", "rubric.md").read_text(encoding="utf-8").strip()


def marks(opinion: Opinion, *, post_mortem: bool) -> tuple[Given, ...]:
    """The marks that count: none for a post-mortem that was not written, whatever the judge says of it."""
    return tuple(
        Given(criterion=name, points=mark.points, why=" ".join(mark.why.split()))
        for name, mark in opinion
        if mark is not None and (post_mortem or name not in _OF_THE_POST_MORTEM)
    )


def judging(model: str, digest: str, judged: Sequence[Judged]) -> Judging:
    """The sum of many."""
    scores = [one.score for one in judged if one.score is not None]
    low, high = bootstrap(scores) if scores else (None, None)
    return Judging(
        model=model,
        rubric=digest,
        n=len(scores),
        not_judged=len(judged) - len(scores),
        mean=math.fsum(scores) / len(scores) if scores else None,
        low=low,
        high=high,
        usage=sum((one.usage for one in judged), Usage()),
    )
