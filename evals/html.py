"""The report as one page that stands alone: no script, no link, light and dark."""

from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from evals.compare import Comparison, shown
from evals.report import CaseRun, Level, Measure, Report
from evals.scorers import SCORERS, Area, Better, Unit
from evals.scorers.cause import LIKELY
from nexus.plain import line

#: Questions of the case table and of the group table, in their order.
_IN_CASES = tuple(one.name for one in SCORERS if one.unit is Unit.SHARE and one.gate)
_IN_GROUPS = ("right", "cause@1", "cause@3", "cause@5", "cause_named", "category", "severity", "right_action")


@dataclass(frozen=True)
class Row:
    """One line of the page: a measure with its bar, placed from 0 to 100."""

    measure: Measure
    value: str
    interval: str
    at: float
    low: float
    high: float
    good: bool | None


@dataclass(frozen=True)
class Cell:
    """One answer of one case."""

    mark: str
    kind: str
    note: str


@dataclass(frozen=True)
class Line:
    """One case of the table."""

    run: CaseRun
    cells: tuple[Cell, ...]
    notes: tuple[tuple[str, str], ...]


def render_html(report: Report, comparison: Comparison | None) -> str:
    """The page.

    Args:
        report: what to show.
        comparison: against an earlier report, if there is one.
    """
    titles = {scorer.name: scorer.title for scorer in SCORERS}
    asked = [name for name in _IN_CASES if any(name in run.scores for run in report.runs)]
    return _ENVIRONMENT.get_template("report.html").render(
        report=report,
        comparison=comparison,
        right=report.measure("right"),
        unsafe=report.measure("unsafe"),
        per_case=_per_case(report),
        areas=[(area, rows) for area in Area if (rows := _rows(report, area))],
        reliability=[(level, LIKELY[level.confidence], _share(level)) for level in report.reliability],
        group_columns=[name for name in _IN_GROUPS if report.measure(name)],
        titles=titles,
        columns=asked,
        lines=[_line(run, asked, titles) for run in sorted(report.runs, key=_worst_first)],
        groups=[
            (group, {one.name: one for one in group.measures})
            for group in sorted(report.groups, key=lambda one: one.name)
        ],
        shown=shown,
    )


def amount(value: float, unit: Unit) -> str:
    """A value in its unit, as people read it."""
    if unit is Unit.SHARE:
        return f"{100 * value:.1f}%".replace(".0%", "%")
    if unit is Unit.SECONDS:
        return span(value)
    if unit is Unit.MONEY:
        return f"{value:.4f}" if value else "0"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def span(seconds: float) -> str:
    """Seconds as people read them: `45 s`, `3.5 min`, `1.2 h`."""
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 5400 else f"{seconds / 3600:.3g} h"


def _rows(report: Report, area: Area) -> list[Row]:
    return [_row(measure) for measure in report.measures if measure.area is area]


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


def _line(run: CaseRun, columns: list[str], titles: dict[str, str]) -> Line:
    notes = [(titles.get(name, name), score.note) for name, score in run.scores.items() if score.note]
    return Line(run=run, cells=tuple(_cell(run, name) for name in columns), notes=tuple(notes))


def _cell(run: CaseRun, name: str) -> Cell:
    score = run.scores.get(name)
    if score is None:
        return Cell("·", "open", "left open")
    lower = next(one for one in SCORERS if one.name == name).better is Better.LOWER
    value = 1 - score.value if lower else score.value
    if value == 1:
        return Cell("✓", "good", score.note or "yes")
    if value == 0:
        return Cell("✗", "bad", score.note or "no")
    return Cell(f"{100 * value:.0f}", "part", score.note)


def _worst_first(run: CaseRun) -> tuple[str, bool, bool, str, int]:
    right = run.scores.get("right")
    return (run.group, run.error is None, right is None or right.value == 1, run.case, run.epoch)


def _share(level: Level) -> float | None:
    return level.right / level.n if level.n else None


@dataclass(frozen=True)
class PerCase:
    """What one incident costs."""

    seconds: str
    tokens: str
    money: str
    calls: str


def _per_case(report: Report) -> PerCase:
    def mean(name: str) -> str:
        found = report.measure(name)
        return amount(found.mean, found.unit) if found else "unknown"

    runs = max(len(report.runs), 1)
    return PerCase(
        seconds=span(report.seconds / runs),
        tokens=mean("tokens"),
        money=mean("money"),
        calls=mean("model_calls"),
    )


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
