"""The runs of a report as the page lists them: one line each, by system, what is wrong first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evals.judge.opinion import FULL
from evals.report import CaseRun
from evals.scorers import SCORERS, Better

TITLES = {scorer.name: scorer.title for scorer in SCORERS}
_LOWER = frozenset(scorer.name for scorer in SCORERS if scorer.better is Better.LOWER)
#: The kinds of cells that are less than they should be.
_LESS = frozenset({"bad", "part"})


@dataclass(frozen=True)
class Cell:
    """One answer of one case."""

    mark: str
    kind: str
    note: str


@dataclass(frozen=True)
class Line:
    """One run of one case, under one engine. `missed` are the titles and reasons of the worst answers."""

    run: CaseRun
    engine: str
    kind: str
    cells: tuple[Cell, ...]
    notes: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Part:
    """The runs of one system, what is wrong first, with the questions that any of them answers."""

    name: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    right: int
    known: int


def parts(lines: Sequence[Line], columns: Sequence[str]) -> tuple[Part, ...]:
    """The systems with most wrong first, and in each what is wrong first."""
    order = {"bad": 0, "open": 1, "good": 2}
    found = []
    for name in dict.fromkeys(one.run.group for one in lines):
        some = sorted((one for one in lines if one.run.group == name), key=lambda one: order[one.kind])
        kinds = [one.kind for one in some]
        known = len(kinds) - kinds.count("open")
        found.append(Part(name, *_answered(some, columns), kinds.count("good"), known))
    return tuple(sorted(found, key=lambda one: one.right - one.known))


def _answered(lines: Sequence[Line], columns: Sequence[str]) -> tuple[tuple[str, ...], tuple[Line, ...]]:
    """The questions that some line answers, and the lines with the answers to just these."""
    kept = [n for n in range(len(columns)) if any(one.cells[n].kind != "open" for one in lines)]
    narrowed = (replace(one, cells=tuple(one.cells[n] for n in kept)) for one in lines)
    return tuple(columns[n] for n in kept), tuple(narrowed)


def line_of(run: CaseRun, engine: str, columns: Sequence[str], judged: bool) -> Line:
    """One run as a line: a cell per question, and one more for the opinion where there is a judge."""
    notes = [(TITLES.get(name, name), score.note) for name, score in run.scores.items() if score.note]
    if run.judged is not None:
        notes += [
            (f"Judge: {one.criterion}", f"{one.points} of {FULL}: {one.why}") for one in run.judged.marks
        ]
        notes += [("Judge", f"not judged: {run.judged.error}")] if run.judged.error else []
    right = run.scores.get("right")
    kind = "bad" if run.error else "open" if right is None else "good" if right.value == 1 else "bad"
    cells = [_cell(run, name) for name in columns]
    missed = {name: cell.note for name, cell in zip(columns, cells, strict=True) if cell.kind in _LESS}
    deepest = max((name for name in missed if name.startswith("cause@")), default="")
    if judged:
        cells.append(_judged_cell(run))
    worst = tuple(
        (name.replace("_", " "), note)
        for name, note in missed.items()
        if name != "right" and (not name.startswith("cause@") or name == deepest)
    )
    return Line(run, engine, kind, tuple(cells), tuple(notes), worst)


def _judged_cell(run: CaseRun) -> Cell:
    """An opinion is no check: it has no colour of right and wrong."""
    score = run.judged.score if run.judged is not None else None
    if score is None:
        return Cell("·", "open", "not judged")
    return Cell(f"{100 * score:.0f}", "opinion", "of 100, a model's opinion")


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
