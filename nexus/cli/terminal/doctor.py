"""`nexus doctor` for a terminal."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from nexus.cli.terminal.style import plain
from nexus.service.check import Check, State

_SIGNS = {State.OK: ("✓", "green"), State.MISSING: ("-", "yellow"), State.BROKEN: ("✗", "bold red")}


def doctor_view(checks: Sequence[Check]) -> RenderableType:
    """One line a part: its sign, what was found, what to do."""
    table = Table.grid(padding=(0, 2))
    table.add_column(width=1)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        sign, colour = _SIGNS[check.state]
        found = plain(check.found)
        if check.advice:
            found.append("\n").append_text(plain(check.advice, "grey62"))
        table.add_row(Text(sign, colour), plain(check.part), found)
    return table
