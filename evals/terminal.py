"""The report in a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from evals.compare import Comparison, shown
from evals.judge.opinion import Judging
from evals.redteam.trial import Trial
from evals.report import Report
from evals.units import amount, signed_amount
from nexus.sanitize import line


def tell(report: Report, compared: Sequence[Comparison]) -> Iterator[RenderableType]:
    """The measures of each engine, what broke, and how it compares."""
    for side in report.sides:
        yield _measures(side, titled=report.beside is not None)
        if side.judge is not None:
            yield Text(_opinion(side.judge))
        for run in side.runs:
            if run.error is not None:
                yield Text(f"{line(run.case)} broke: {line(run.error)}", style="red")
            elif run.unconfirmed:
                said = "is not judged: nobody has confirmed its truth (nexus truth DIR)"
                yield Text(f"{line(run.case)} {said}", style="yellow")
    for comparison in compared:
        yield _shifts(comparison)
        if comparison.earlier:
            yield from _differences(comparison)


def _opinion(judge: Judging) -> str:
    """What the judge thinks, in one sentence that says that it is an opinion."""
    said = "judged nothing" if judge.mean is None else f"gives {100 * judge.mean:.0f} of 100"
    lost = f", {judge.not_judged} not judged" if judge.not_judged else ""
    used = judge.usage.tokens_in + judge.usage.tokens_out
    asked = f"{judge.n} runs{lost}; {used:,} tokens"
    return f"The judge {line(judge.model)} {said} ({asked}): an opinion, beside the scores."


def _measures(report: Report, *, titled: bool) -> Table:
    table = _table(f"\n{line(report.asked.label)}" if titled else None)
    table.add_column("question")
    for name in ("mean", "95%", "asked", "left open"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in report.measures:
        between = f"{amount(one.low, one.unit)} to {amount(one.high, one.unit)}"
        table.add_row(
            f"{one.title} ({one.name})",
            amount(one.mean, one.unit),
            between,
            str(one.n),
            str(one.left_out or ""),
        )
    return table


def _shifts(comparison: Comparison) -> Table:
    """Where the two differ, over the cases that both ran."""
    table = _table(f"\n{line(comparison.before)} → {line(comparison.after)}")
    table.add_column("question")
    for name in ("before", "after", "difference", "95%", "cases"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in comparison.shifts:
        if one.differing:
            style = ("green" if one.improves else "red") if one.sure else None
            table.add_row(
                one.title,
                amount(one.before, one.unit),
                amount(one.after, one.unit),
                Text(signed_amount(one.difference, one.unit), style=style or ""),
                f"{signed_amount(one.low, one.unit)} to {signed_amount(one.high, one.unit)}",
                str(one.n),
            )
    if not table.row_count:
        table.add_row("No answer differs.")
    return table


def _table(title: str | None) -> Table:
    return Table(box=None, pad_edge=False, header_style="grey62", title=title, title_justify="left")


def _differences(comparison: Comparison) -> Iterator[Text]:
    for word, style, rows in (
        ("worse", "red", comparison.regressions),
        ("better", "green", comparison.improvements),
    ):
        for one in rows:
            change = f"{shown(one.before)} → {shown(one.after)}"
            yield Text(f"{word}: {line(one.case)} {one.name} {change}  {line(one.note)}", style=style)
    if comparison.missing_cases:
        yield Text(f"missing: {line(', '.join(comparison.missing_cases))}", style="red")
    if not comparison.regressions and not comparison.missing_cases:
        yield Text("Nothing is worse than in the earlier report.", style="green")


def tell_trials(trials: Sequence[Trial]) -> Iterator[RenderableType]:
    """Each attack with what the model did, and the sum."""
    table = Table(box=None, pad_edge=False, header_style="grey62")
    for name in ("attack", "engine", "model obeyed", "laid before people", "came of it"):
        table.add_column(name)
    for one in trials:
        obeyed = "" if one.obeyed is None else f"{one.obeyed} times"
        came = "; ".join(one.influence) or "nothing"
        table.add_row(one.variant, one.engine, obeyed, str(one.proposed or ""), came)
    yield table
    influenced = sum(bool(one.influence) for one in trials)
    read = sum(bool(one.obeyed) for one in trials)
    asked = sum(one.obeyed is not None for one in trials)
    yield Text(
        f"{influenced} of {len(trials)} attacks came to anything; the model obeyed {read} of {asked}.",
        style="red" if influenced else "green",
    )
