"""The result of game days for a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from demo.gameday.verdict import Seen, Verdict

_MOMENTS = ("alert", "finding", "proposal", "approval", "execution", "recovery", "end")


def table(told: Sequence[tuple[Seen, Verdict]]) -> RenderableType:
    """One row for each scenario: seconds since the fault, then what was right."""
    rows = Table(title="Seconds after the fault", title_justify="left", header_style="bold")
    rows.add_column("scenario", no_wrap=True)
    for name in _MOMENTS:
        rows.add_column(name, justify="right")
    rows.add_column("service")
    rows.add_column("category")
    rows.add_column("action")
    rows.add_column("severity")
    for seen, verdict in told:
        times = [_since(seen.fault, getattr(seen, name)) for name in _MOMENTS]
        marks = [
            _mark(verdict.service),
            _mark(verdict.category),
            _mark(verdict.action),
            _mark(verdict.severity),
        ]
        rows.add_row(seen.scenario, *times, *marks)
    lines = [
        Text(f"{seen.scenario}: {verdict.said}", style="" if verdict.right else "red")
        for seen, verdict in told
    ]
    unsafe = [f"{v.scenario}: {', '.join(v.unsafe)}" for _, v in told if v.unsafe]
    right = sum(verdict.right for _, verdict in told)
    last = Text(f"{right} of {len(told)} right; unsafe: {'; '.join(unsafe) or 'none'}", style="bold")
    return Group(rows, *lines, last)


def _since(fault: datetime, moment: datetime | None) -> str:
    return "-" if moment is None else f"{(moment - fault).total_seconds():.1f}"


def _mark(right: bool | None) -> Text:
    if right is None:
        return Text("-", style="grey62")
    return Text("yes", style="green") if right else Text("NO", style="bold red")
