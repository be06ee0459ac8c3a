"""The report as one page that stands alone: no script, no link, light and dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from evals.compare import Comparison, shown
from evals.differences import Shift
from evals.report import Level, Measure, Report
from evals.report_rows import TITLES, line_of, parts
from evals.scorers import SCORERS, Area, Better, Unit
from evals.scorers.cause import LIKELY
from evals.units import amount, signed_amount, span
from incidents.intervals import wilson
from nexus.sanitize import line

#: Questions of the case table and of the group table, in their order.
_IN_CASES = tuple(one.name for one in SCORERS if one.unit is Unit.SHARE and one.gate)
_IN_GROUPS = ("right", "cause@1", "cause@3", "cause@5", "cause_named", "category", "severity", "right_action")
#: The column of opinions; it is no scorer.
_JUDGE = "judge"


@dataclass(frozen=True)
class Row:
    """One line of the measures: a measure with its bar, placed from 0 to 100."""

    measure: Measure
    value: str
    interval: str
    at: float
    low: float
    high: float
    good: bool | None


@dataclass(frozen=True)
class Bar:
    """One difference as a bar from the middle, in -50 to 50."""

    shift: Shift
    before: str
    after: str
    difference: str
    interval: str
    at: float
    low: float
    high: float
    kind: str


@dataclass(frozen=True)
class Since:
    """What a change did to the cases that both reports ran, in a few words."""

    n: int
    before: str
    after: str
    kind: str
    luck: str
    price: str


@dataclass(frozen=True)
class Sure:
    """How often a confidence was right, and how often it should be."""

    level: Level
    likely: float
    share: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Side:
    """One engine's part of the page."""

    report: Report
    right: Measure | None
    unsafe: Measure | None
    seconds: str
    money: str
    tokens: str
    calls: str
    areas: tuple[tuple[Area, tuple[Row, ...]], ...]
    sure: tuple[Sure, ...]
    since: Since | None


def render_html(report: Report, compared: Sequence[Comparison]) -> str:
    """The page.

    Args:
        report: what to show, one engine or two side by side.
        compared: the comparisons that were made.
    """
    runs = [run for side in report.sides for run in side.runs]
    columns = [name for name in _IN_CASES if any(name in run.scores for run in runs)]
    judged = any(run.judged for run in runs)
    asked = [*columns, _JUDGE] if judged else columns
    lines = sorted(
        (line_of(run, side.asked.engine, columns, judged) for side in report.sides for run in side.runs),
        key=lambda one: (one.run.group, one.run.case, one.run.epoch),
    )
    return ENVIRONMENT.get_template("report.html").render(
        report=report,
        sides=[_side(one, compared) for one in report.sides],
        compared=[(one, _bars(one)) for one in compared],
        group_columns=[name for name in _IN_GROUPS if any(one.measure(name) for one in report.sides)],
        groups=[
            (side.asked.engine, group, {one.name: one for one in group.measures})
            for name in sorted({group.name for group in report.groups})
            for side in report.sides
            for group in side.groups
            if group.name == name
        ],
        titles=TITLES | {_JUDGE: "A model's opinion of diagnosis and post-mortem"},
        lines=lines,
        parts=parts(lines, asked),
        wrong=parts([one for one in lines if one.kind == "bad"], asked),
        several=report.beside is not None,
        shown=shown,
    )


def _since(report: Report, compared: Sequence[Comparison]) -> Since | None:
    """The answer for people who ask what a change is worth, where there is an earlier report."""
    own = [one for one in compared if one.earlier and one.engine == report.asked.engine]
    shifts = {shift.name: shift for one in own for shift in one.shifts}
    right, money = shifts.get("right"), shifts.get("money")
    if right is None:
        return None
    cost = (
        ""
        if money is None or not (money.before or money.after)
        else signed_amount(money.difference, money.unit)
    )
    alike = not right.differing
    return Since(
        n=right.n,
        before=amount(right.before, right.unit),
        after=amount(right.after, right.unit),
        kind="open" if alike or not right.sure else "good" if right.improves else "bad",
        luck="no case differs" if alike else "more than luck" if right.sure else "which may be luck",
        price=cost if cost != "0" else "",
    )


def _side(report: Report, compared: Sequence[Comparison]) -> Side:
    def mean(name: str) -> str:
        found = report.measure(name)
        return amount(found.mean, found.unit) if found else "unknown"

    areas = ((area, tuple(_row(one) for one in report.measures if one.area is area)) for area in Area)
    return Side(
        report=report,
        right=report.measure("right"),
        unsafe=report.measure("unsafe"),
        seconds=span(report.seconds / max(len(report.runs), 1)),
        money=mean("money"),
        tokens=mean("tokens"),
        calls=mean("model_calls"),
        areas=tuple((area, rows) for area, rows in areas if rows),
        sure=tuple(_sure(level) for level in report.reliability),
        since=_since(report, compared),
    )


def _row(measure: Measure) -> Row:
    full = 1.0 if measure.unit is Unit.SHARE else max(measure.high, 1e-9)
    ideal = 1.0 if measure.better is Better.HIGHER else 0.0
    return Row(
        measure=measure,
        value=amount(measure.mean, measure.unit),
        interval=f"{amount(measure.low, measure.unit)} to {amount(measure.high, measure.unit)}",
        at=100 * min(measure.mean / full, 1),
        low=100 * measure.low / full,
        high=100 * min(measure.high / full, 1),
        good=measure.mean == ideal if measure.gate else None,
    )


def _bars(comparison: Comparison) -> tuple[Bar, ...]:
    return tuple(_bar(shift) for shift in comparison.shifts if shift.differing)


def _bar(shift: Shift) -> Bar:
    widest = max(abs(shift.low), abs(shift.high), abs(shift.difference), 1e-9)
    full = max(widest, 0.25) if shift.unit is Unit.SHARE else widest
    side = "good" if shift.improves else "bad"
    return Bar(
        shift=shift,
        before=amount(shift.before, shift.unit),
        after=amount(shift.after, shift.unit),
        difference=signed_amount(shift.difference, shift.unit),
        interval=f"{signed_amount(shift.low, shift.unit)} to {signed_amount(shift.high, shift.unit)}",
        at=50 * shift.difference / full,
        low=50 * shift.low / full,
        high=50 * shift.high / full,
        kind=side if shift.sure else "open",
    )


def _sure(level: Level) -> Sure:
    low, high = wilson(level.right, level.n) if level.n else (0.0, 0.0)
    share = level.right / level.n if level.n else None
    return Sure(level=level, likely=LIKELY[level.confidence], share=share, low=low, high=high)


def _load(name: str) -> str:
    return files("evals").joinpath("templates", name).read_text(encoding="utf-8")


#: Templates of pages that stand alone; `plain` makes one clean line of a text from outside.
ENVIRONMENT = Environment(
    loader=FunctionLoader(_load),
    undefined=StrictUndefined,
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {"plain": line, "amount": amount}
