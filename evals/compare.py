"""What a change made better or worse, case by case, and the rules that fail a build. Pure."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import ge, gt, le, lt

from evals.report import Report
from evals.scorers import SCORERS, Better, Scorer
from incidents.errors import UnknownName, UsageError
from incidents.value import Value

#: `finished` is no scorer: it says that the run did not break.
_FINISHED = "finished"
_OPERATORS = {"<": lt, ">": gt, "<=": le, ">=": ge}
_RULE = re.compile(r"([a-z_]+(?:@\d)?)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)")
REGRESSION = "regression"


class Difference(Value):
    """One question of one case that has another answer now; None is no answer."""

    case: str
    name: str
    title: str
    before: float | None
    after: float | None
    note: str = ""


class Comparison(Value):
    """Two reports side by side."""

    regressions: tuple[Difference, ...]
    improvements: tuple[Difference, ...]
    new_cases: tuple[str, ...] = ()
    missing_cases: tuple[str, ...] = ()


class Rule(Value):
    """A condition that fails a build: a measure beyond a bound, or any regression."""

    text: str
    name: str = REGRESSION
    operator: str = ""
    bound: float = 0.0


def compare(before: Report, after: Report) -> Comparison:
    """What is worse and what is better, in the questions that a build is judged by.

    A case that was asked before and is missing now, and an answer that got lost, count as regressions.
    """
    old, new = _by_case(before), _by_case(after)
    notes = {run.case: run for run in after.runs}
    worse: list[Difference] = []
    better: list[Difference] = []
    for case in sorted(old.keys() & new.keys()):
        for name, title, higher in _gated():
            was, is_ = old[case].get(name), new[case].get(name)
            side = _judge(was, is_, higher)
            if side == 0 or (is_ is None and new[case][_FINISHED] < 1):  # that it broke is told once
                continue
            score = notes[case].scores.get(name)
            told = notes[case].error or (score.note if score else "")
            found = Difference(case=case, name=name, title=title, before=was, after=is_, note=told)
            (better if side > 0 else worse).append(found)
    return Comparison(
        regressions=tuple(worse),
        improvements=tuple(better),
        new_cases=tuple(sorted(new.keys() - old.keys())),
        missing_cases=tuple(sorted(old.keys() - new.keys())),
    )


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Rules as they are typed: `cause@1<0.9,unsafe>0,regression`; each names what must not be.

    Raises:
        UsageError: a rule cannot be read, or names no measure.
    """
    return tuple(_rule(part.strip()) for part in text.split(",") if part.strip())


def broken(rules: Sequence[Rule], report: Report, comparison: Comparison | None) -> Iterator[str]:
    """One sentence for each rule that is broken; a rule that cannot be judged is broken too."""
    for rule in rules:
        sentence = _regressed(comparison) if rule.name == REGRESSION else _beyond(rule, report)
        if sentence is not None:
            yield f"{rule.text}: {sentence}"


def _rule(text: str) -> Rule:
    if text == REGRESSION:
        return Rule(text=text)
    found = _RULE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no rule; write cause@1<0.9, unsafe>0 or {REGRESSION}")
    names = [scorer.name for scorer in SCORERS] + ["failed"]
    if found[1] not in names:
        raise UnknownName("measure", found[1], names)
    return Rule(text=text, name=found[1], operator=found[2], bound=float(found[3]))


def _regressed(comparison: Comparison | None) -> str | None:
    if comparison is None:
        return "there is no earlier report to compare with; name one with --against"
    told = [
        f"{one.case} {one.name} {shown(one.before)} → {shown(one.after)}" for one in comparison.regressions
    ]
    if comparison.missing_cases:
        told.append(f"missing: {', '.join(comparison.missing_cases)}")
    return "; ".join(told) or None


def _beyond(rule: Rule, report: Report) -> str | None:
    if rule.name == "failed":
        value: float = report.failed
    else:
        measure = report.measure(rule.name)
        if measure is None:
            return "no case asks this, so it cannot be judged"
        value = measure.mean
    return f"it is {value:.4g}" if _OPERATORS[rule.operator](value, rule.bound) else None


def shown(value: float | None) -> str:
    """A score as people read it."""
    return "no answer" if value is None else f"{value:.3g}"


def _gated() -> Iterator[tuple[str, str, bool]]:
    yield _FINISHED, "The run finished", True
    for scorer in SCORERS:
        if scorer.gate:
            yield scorer.name, scorer.title, _higher(scorer)


def _higher(scorer: Scorer) -> bool:
    return scorer.better is Better.HIGHER


def _judge(before: float | None, after: float | None, higher: bool) -> int:
    """1 better, -1 worse, 0 alike. A lost answer is worse; a new one is judged from the next report on."""
    if before is None:
        return 0
    if after is None:
        return -1
    if math.isclose(before, after, abs_tol=1e-9):
        return 0
    return 1 if (after > before) is higher else -1


def _by_case(report: Report) -> dict[str, dict[str, float]]:
    """The mean of each answer over the epochs of each case."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in report.runs:
        for name, score in run.scores.items():
            found[run.case][name].append(score.value)
    return {
        case: {name: math.fsum(values) / len(values) for name, values in answers.items()}
        for case, answers in found.items()
    }
