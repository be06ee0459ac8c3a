"""The report: what every run was worth, case by case and in sum. JSON is the value itself."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from evals.judge.opinion import Judged, Judging, judging
from evals.run import Run
from evals.scorers import SCORERS, Area, Better, Score, Scorer, Unit, score_run
from evals.scorers.cause import accepted, confidence
from evals.statistics import interval, pass_hat
from incidents.errors import UsageError
from incidents.findings import Confidence, Diagnosis
from incidents.value import Moment, Value
from tools.recorded.coverage import UNRECORDED
from tools.recorded.document import Truth

FORMAT = 1


class Asked(Value):
    """Which engine spoke, and what it was made of."""

    engine: str
    model: str | None
    code: str = Field(description="a digest of the code, prompts and rules that ran")
    prompts: str = Field(default="", description="a digest of the prompts alone")
    epochs: int = Field(ge=1)

    @property
    def label(self) -> str:
        """What people call it: the engine, and the model if one spoke."""
        return f"{self.engine} {self.model}" if self.model else self.engine


class CaseRun(Value):
    """One run of one case, scored."""

    case: str
    group: str
    epoch: int
    seconds: float
    error: str | None = None
    severity: str | None = None
    status: str | None = None
    said: str = Field(default="", description="the diagnosis in a few words")
    confidence: Confidence | None = None
    unconfirmed: bool = Field(
        default=False, description="no person has said what was true, so nothing is judged"
    )
    unrecorded: int = Field(
        default=0, description="answers that met something which the recording does not hold"
    )
    scores: dict[str, Score]
    judged: Judged | None = Field(default=None, description="a model's opinion, if one was asked")


class Measure(Value):
    """One question over several runs. `left_out` counts the runs that leave it open."""

    name: str
    title: str
    area: Area
    unit: Unit
    better: Better
    gate: bool
    n: int
    left_out: int
    mean: float
    low: float
    high: float


class Group(Value):
    """The measures of the cases of one system."""

    name: str
    cases: int
    measures: tuple[Measure, ...]


class Level(Value):
    """How often claims of one confidence were right."""

    confidence: Confidence
    n: int
    right: int


class Report(Value):
    """Everything that an eval found."""

    format: int = FORMAT
    made_at: Moment
    asked: Asked
    seconds: float = Field(description="wall time of all runs together, as if one after the other")
    failed: int
    measures: tuple[Measure, ...]
    pass_hat: tuple[float, ...] = Field(description="pass^1, pass^2, ... of `right`")
    reliability: tuple[Level, ...]
    groups: tuple[Group, ...]
    runs: tuple[CaseRun, ...]
    judge: Judging | None = Field(
        default=None, description="a model's opinion over all runs; no score and no rule rests on it"
    )
    beside: "Report | None" = Field(default=None, description="the same cases under another engine")

    @property
    def sides(self) -> tuple["Report", ...]:
        """This report, and the one that stands beside it."""
        return (self, self.beside) if self.beside is not None else (self,)

    def measure(self, name: str) -> Measure | None:
        """The measure of that name; None where no run answers its question."""
        return next((one for one in self.measures if one.name == name), None)


def make_report(runs: Sequence[Run], truths: Mapping[str, Truth], asked: Asked, made_at: Moment) -> Report:
    """Score every run and sum up.

    Args:
        runs: what was run; a case that could not be read has no truth.
        truths: by the case's id.
        asked: what the runs have in common.
        made_at: now.
    """
    scored = tuple(_case_run(run, truths.get(run.case, Truth())) for run in runs)
    by_group: dict[str, list[CaseRun]] = defaultdict(list)
    for one in scored:
        by_group[one.group].append(one)
    return Report(
        made_at=made_at,
        asked=asked,
        seconds=round(math.fsum(run.seconds for run in runs), 3),
        failed=sum(run.error is not None for run in runs),
        measures=measures(scored),
        pass_hat=_pass_hat(scored),
        reliability=_reliability(scored),
        groups=tuple(
            Group(name=name, cases=len({one.case for one in some}), measures=measures(some))
            for name, some in sorted(by_group.items())
        ),
        runs=scored,
    )


def measures(runs: Sequence[CaseRun]) -> tuple[Measure, ...]:
    """Every question that at least one of the runs answers."""
    found = (_measure(scorer, runs) for scorer in SCORERS)
    return tuple(one for one in found if one is not None)


def with_opinions(
    report: Report, opinions: Mapping[tuple[str, int], Judged], model: str, digest: str
) -> Report:
    """The report with a judge's opinions beside its scores.

    Args:
        report: of one engine.
        opinions: by case and epoch; a run without one was not put before the judge.
        model: who judged.
        digest: of what the judge was told.
    """
    runs = tuple(
        run.model_copy(update={"judged": opinions.get((run.case, run.epoch))}) for run in report.runs
    )
    summed = judging(model, digest, [run.judged for run in runs if run.judged is not None])
    return report.model_copy(update={"runs": runs, "judge": summed})


def read_report(path: Path) -> Report:
    """A report that was written before.

    Raises:
        UsageError: there is none, or it is none.
    """
    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"the report {path} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(
            f"{path} is no report that this version can read ({where}: {first['msg']}); make it anew"
        ) from None


def _case_run(run: Run, truth: Truth) -> CaseRun:
    scores = {"finished": Score(value=float(run.error is None))} | score_run(run, truth)
    if run.record is None:
        return CaseRun(
            case=run.case,
            group=run.group,
            epoch=run.epoch,
            seconds=run.seconds,
            error=run.error,
            scores=scores,
        )
    incident = run.record.incident
    found = incident.diagnosis
    return CaseRun(
        case=run.case,
        group=run.group,
        epoch=run.epoch,
        seconds=run.seconds,
        severity=incident.severity,
        status=incident.status,
        said=_said(found),
        confidence=confidence(run.record) if accepted(truth) else None,
        unconfirmed=not truth.confirmed,
        unrecorded=sum(UNRECORDED in one.summary for one in run.record.evidence),
        scores=scores,
    )


def _said(found: Diagnosis | None) -> str:
    """A diagnosis in a few words."""
    if found is None or found.service is None:
        return "unknown"
    return f"{found.category} in {found.service}" if found.known else f"unknown, narrowed to {found.service}"


def _measure(scorer: Scorer, runs: Sequence[CaseRun]) -> Measure | None:
    values = [run.scores[scorer.name].value for run in runs if scorer.name in run.scores]
    if not values:
        return None
    low, high = interval(values, scorer.unit is Unit.SHARE)
    return Measure(
        name=scorer.name,
        title=scorer.title,
        area=scorer.area,
        unit=scorer.unit,
        better=scorer.better,
        gate=scorer.gate,
        n=len(values),
        left_out=len(runs) - len(values),
        mean=math.fsum(values) / len(values),
        low=low,
        high=high,
    )


def _pass_hat(runs: Sequence[CaseRun]) -> tuple[float, ...]:
    by_case: dict[str, list[bool]] = defaultdict(list)
    for run in runs:
        if "right" in run.scores:
            by_case[run.case].append(run.scores["right"].value == 1)
    return pass_hat(list(by_case.values()))


def _reliability(runs: Sequence[CaseRun]) -> tuple[Level, ...]:
    levels = []
    for level in Confidence:
        some = [run for run in runs if run.confidence is level]
        hits = sum(run.scores["cause_named"].value == 1 for run in some)
        levels.append(Level(confidence=level, n=len(some), right=hits))
    return tuple(levels)
