"""The report as one page that stands alone: no script, no link, light and dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from evals.amounts import amount, signed_amount, span
from evals.compare import Comparison, shown
from evals.report import CaseRun, Level, Measure, Report
from evals.scorers import SCORERS, Area, Better, Unit
from evals.scorers.cause import LIKELY
from evals.shifts import Shift
from evals.statistics import wilson
from nexus.plain import line

#: Questions of the case table and of the group table, in their order.
_IN_CASES = tuple(one.name for one in SCORERS if one.unit is Unit.SHARE and one.gate)
_IN_GROUPS = ("right", "cause@1", "cause@3", "cause@5", "cause_named", "category", "severity", "right_action")
_TITLES = {scorer.name: scorer.title for scorer in SCORERS}
_LOWER = frozenset(scorer.name for scorer in SCORERS if scorer.better is Better.LOWER)


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
class Cell:
    """One answer of one case."""

    mark: str
    kind: str
    note: str


@dataclass(frozen=True)
class Line:
    """One run of one case, under one engine."""

    run: CaseRun
    engine: str
    kind: str
    cells: tuple[Cell, ...]
    notes: tuple[tuple[str, str], ...]


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


def render_html(report: Report, compared: Sequence[Comparison]) -> str:
    """The page.

    Args:
        report: what to show, one engine or two side by side.
        compared: the comparisons that were made.
    """
    runs = [run for side in report.sides for run in side.runs]
    columns = [name for name in _IN_CASES if any(name in run.scores for run in runs)]
    lines = sorted(
        (_line(run, side.asked.engine, columns) for side in report.sides for run in side.runs),
        key=lambda one: (one.run.group, one.run.case, one.run.epoch),
    )
    return _ENVIRONMENT.get_template("report.html").render(
        report=report,
        sides=[_side(one) for one in report.sides],
        compared=[(one, _bars(one)) for one in compared],
        group_columns=[name for name in _IN_GROUPS if any(one.measure(name) for one in report.sides)],
        groups=[
            (side.asked.engine, group, {one.name: one for one in group.measures})
            for name in sorted({group.name for group in report.groups})
            for side in report.sides
            for group in side.groups
            if group.name == name
        ],
        titles=_TITLES,
        columns=columns,
        lines=lines,
        wrong=[one for one in lines if one.kind != "good"],
        several=report.beside is not None,
        shown=shown,
    )


def _side(report: Report) -> Side:
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


def _line(run: CaseRun, engine: str, columns: list[str]) -> Line:
    notes = tuple((_TITLES.get(name, name), score.note) for name, score in run.scores.items() if score.note)
    right = run.scores.get("right")
    kind = "bad" if run.error else "open" if right is None else "good" if right.value == 1 else "bad"
    return Line(
        run=run, engine=engine, kind=kind, cells=tuple(_cell(run, name) for name in columns), notes=notes
    )


def _cell(run: CaseRun, name: str) -> Cell:
    score = run.scores.get(name)
    if score is None:
        return Cell("·", "open", "left open")
    value = 1 - score.value if name in _LOWER else score.value
    if value == 1:
        return Cell("✓", "good", score.note or "yes")
    if value == 0:
        return Cell("✗", "bad", score.note or "no")
    return Cell(f"{100 * value:.0f}", "part", score.note)


def _load(name: str) -> str:
    return files("evals").joinpath("templates", name).read_text(encoding="utf-8")


_ENVIRONMENT = Environment(
    loader=FunctionLoader(_load),
    undefined=StrictUndefined,
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"plain": line, "amount": amount}
