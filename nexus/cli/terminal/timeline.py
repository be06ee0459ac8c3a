"""The timeline, line by line: live in a terminal, one plain line each when piped."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from incidents.timeline import Entry, EntryKind
from incidents.value import iso
from nexus.cli.terminal.style import LABEL, cited, plain, words
from nexus.sanitize import line, role_name

if TYPE_CHECKING:
    from nexus.service.incident_view import TimelineLine

#: The sign and the colour of each kind.
_SIGNS = {
    EntryKind.ALERT: ("▲", "red"),
    EntryKind.ROUTING: ("-", "grey62"),
    EntryKind.WORK: ("·", ""),
    EntryKind.FINDING: ("◇", "cyan"),
    EntryKind.DIAGNOSIS: ("◆", "bold magenta"),
    EntryKind.PROPOSAL: ("?", "bold yellow"),
    EntryKind.DECISION: ("●", "bold green"),
    EntryKind.EXECUTION: ("»", "bold cyan"),
    EntryKind.VERIFICATION: ("✓", "green"),
    EntryKind.UPDATE: ("→", "blue"),
    EntryKind.BRIEF: ("→", "blue"),
    EntryKind.ESCALATION: ("!", "bold dark_orange"),
    EntryKind.HANDOVER: ("!", "bold magenta"),
    EntryKind.PEOPLE: ("☎", "bold magenta"),
    EntryKind.NOTE: ("+", "white"),
    EntryKind.GAP: ("∅", "yellow"),
    EntryKind.HISTORY: ("↺", "cyan"),
    EntryKind.END: ("■", "bold green"),
}

#: Who is not named: the home's own pure functions.
_UNNAMED = {"", "code", "supervisor"}

_STEP_WIDTH = len("investigation")


class _Hanging:
    """A text behind its head; what does not fit hangs under the text.

    Laid out here: a table of one row for each entry took four times as long, half of `nexus show`'s printing.
    """

    def __init__(self, head: Text, text: Text) -> None:
        self._head = head
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indent = self._head.cell_len
        width = max(1, options.max_width - indent)
        for number, part in enumerate(self._text.wrap(console, width, overflow="fold", no_wrap=False)):
            yield from self._head.render(console) if number == 0 else [Segment(" " * indent)]
            yield from part.render(console)
            yield Segment.line()


def timeline_line(entry: "Entry | TimelineLine", whose: str | None = None) -> RenderableType:
    """One entry for a terminal: time, incident, step, sign, who, text; further lines hang under the text."""
    sign, colour = _SIGNS[entry.kind]
    head = Text(f"{entry.at:%H:%M:%S}Z ", LABEL)
    if whose is not None:
        head.append_text(plain(whose, LABEL)).append(" ")
    step = plain(words(entry.step), "grey50")
    step.align("left", _STEP_WIDTH)
    head.append_text(step).append(" ").append(sign, colour).append(" ")
    return _Hanging(head, _told(entry, colour))


def timeline_view(entries: "Sequence[TimelineLine]") -> Iterator[RenderableType]:
    """Entries for a terminal; where the day changes, a line says so."""
    day = None
    for entry in entries:
        if day not in {None, entry.at.date()}:
            yield Text(f"{entry.at:%Y-%m-%d}", LABEL)
        day = entry.at.date()
        yield timeline_line(entry)


def timeline_text(entry: Entry, whose: bool = False) -> str:
    """One entry as one plain line: full time, incident, step, kind, who with which engine, text, evidence."""
    who = role_name(entry.role) + (f" ({entry.engine})" if entry.engine else "")
    where = (entry.incident, entry.step) if whose else (entry.step,)
    parts = (iso(entry.at), *where, entry.kind, who, entry.text, " ".join(entry.evidence))
    return "  ".join(line(part) for part in parts if part)


def show_entry(console: Console, entry: Entry, whose: bool = False) -> None:
    """Print an entry as the console's reader wants it, a person or a pipe; `whose`: with its incident."""
    if console.is_terminal:
        console.print(timeline_line(entry, entry.incident if whose else None))
    else:
        console.print(Text(timeline_text(entry, whose)), soft_wrap=True)


def _told(entry: "Entry | TimelineLine", colour: str) -> Text:
    text = Text(no_wrap=False, overflow="fold")
    if entry.role not in _UNNAMED:
        text.append_text(plain(role_name(entry.role), "bold"))
        if entry.engine:
            text.append(" ").append_text(plain(f"({entry.engine})", "grey50"))
        text.append(": ")
    loud = entry.kind not in {EntryKind.WORK, EntryKind.ROUTING}
    text.append_text(plain(entry.text, colour if loud else ""))
    if entry.evidence:
        text.append(" ").append_text(cited(entry.evidence, most=3))
    return text
