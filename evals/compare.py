"""What a change made better or worse, case by case, and the rules that fail a build. Pure."""

import math
import re
from collections.abc import Iterator, Sequence
from operator import ge, gt, le, lt

from evals.differences import Shift, answers, shifts
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
    """Two reports side by side.

    Attributes:
        engine: whose answers `after` are.
        earlier: whether `before` is an earlier report; else it is the other engine of the same one.
        before: what people call the first.
        after: what people call the second.
    """

    engine: str
    earlier: bool
    before: str
    after: str
    shifts: tuple[Shift, ...]
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


def comparisons(report: Report, before: Report | None) -> tuple[Comparison, ...]:
    """Each engine against the earlier report, if there is one, and the two engines of a report with two."""
    found = [] if report.beside is None else [compare(report, report.beside, earlier=False)]
    for side in report.sides if before is not None else ():
        then = side_of(before, side) if before is not None else None
        found += [compare(then, side)] if then is not None else []
    return tuple(found)


def compare(before: Report, after: Report, *, earlier: bool = True) -> Comparison:
    """What is worse and what is better, in the questions that a build is judged by.

    A case that was asked before and is missing now, and an answer that got lost, count as regressions.
    """
    old, new = answers(before.runs), answers(after.runs)
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
    then, now = before.asked.label, after.asked.label
    return Comparison(
        engine=after.asked.engine,
        earlier=earlier,
        before=f"{then}, before" if then == now else then,
        after=f"{now}, now" if then == now else now,
        shifts=shifts(before, after),
        regressions=tuple(worse),
        improvements=tuple(better),
        new_cases=tuple(sorted(new.keys() - old.keys())),
        missing_cases=tuple(sorted(old.keys() - new.keys())),
    )


def side_of(earlier: Report, report: Report) -> Report | None:
    """The part of an earlier report that one side of a new one is compared with.

    The same engine's, or the only one there is; None where an earlier report of two engines lacks this one.
    """
    same = next((one for one in earlier.sides if one.asked.engine == report.asked.engine), None)
    return same or (earlier if earlier.beside is None else None)


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Rules as they are typed: `cause@1<0.9,unsafe>0,regression`; each names what must not be.

    Raises:
        UsageError: a rule cannot be read, or names no measure.
    """
    return tuple(_rule(part.strip()) for part in text.split(",") if part.strip())


def broken(rules: Sequence[Rule], report: Report, compared: Sequence[Comparison]) -> Iterator[str]:
    """One sentence for each rule that is broken, by any engine; one that cannot be judged is broken too."""
    for rule in rules:
        for side in report.sides:
            found = _regressed(side, compared) if rule.name == REGRESSION else _beyond(rule, side)
            if found is not None:
                whose = f" ({side.asked.engine})" if report.beside is not None else ""
                yield f"{rule.text}{whose}: {found}"


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


def _regressed(side: Report, compared: Sequence[Comparison]) -> str | None:
    own = [one for one in compared if one.earlier and one.engine == side.asked.engine]
    if not own:
        return "there is no earlier report to compare with; name one with --against"
    told = [
        f"{one.case} {one.name} {shown(one.before)} → {shown(one.after)}"
        for found in own
        for one in found.regressions
    ]
    told += [f"missing: {', '.join(found.missing_cases)}" for found in own if found.missing_cases]
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
