"""Colours and small parts that all views share. Every text from outside goes through `plain`."""

from collections.abc import Sequence
from datetime import datetime

from rich import box
from rich.table import Table
from rich.text import Text

from incidents.severity import Severity, Status
from nexus.sanitize import clean, line

EDGE = "grey42"
LABEL = "grey62"

SEVERITIES = {Severity.P0: "red", Severity.P1: "dark_orange", Severity.P2: "yellow", Severity.P3: "cyan"}

STATUSES = {
    Status.OPEN: "bold yellow",
    Status.RESOLVED: "bold green",
    Status.FALSE_ALARM: "green",
    Status.HANDED_OVER: "bold magenta",
    Status.BACKLOG: "cyan",
    Status.MERGED: "cyan",
}


def plain(text: str, style: str = "") -> Text:
    """Text from outside on one line: no markup is read from it, no control character gets through."""
    return Text(line(text), style=style, no_wrap=False, overflow="fold")


def block(text: str, style: str = "") -> Text:
    """Text from outside with its line ends."""
    return Text(clean(text).strip(), style=style, no_wrap=False, overflow="fold")


def words(value: str) -> str:
    """An enum's value as words: `handed over`, `post-mortem`."""
    return value.replace("post_mortem", "post-mortem").replace("_", " ")


def severity(value: Severity | None) -> Text:
    """The severity as a badge; `--` while nobody has classified it."""
    return Text(f" {value} ", f"bold white on {SEVERITIES[value]}") if value else Text(" -- ", "on grey30")


def status(value: Status) -> Text:
    """The status in its colour."""
    return Text(words(value), STATUSES[value])


def stamp(moment: datetime) -> str:
    """Day and time with zone: `2026-11-23 03:14:10Z`."""
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def hour(moment: datetime) -> str:
    """The time of day with zone: `03:14Z`."""
    return f"{moment:%H:%M}Z"


def joined(*parts: Text | str, by: str = "  ") -> Text:
    """The parts that are not empty, in one line."""
    between = Text(by, no_wrap=False, overflow="fold")
    return between.join(Text(part) if isinstance(part, str) else part for part in parts if part)


def cited(ids: Sequence[str], most: int | None = None) -> Text:
    """Evidence ids, dimmed; beyond `most` only how many more there are."""
    shown = ids if most is None else ids[:most]
    left = len(ids) - len(shown)
    return plain(" ".join([*shown, *([f"+{left}"] if left else [])]), "grey50")


def short(text: str, limit: int = 180) -> str:
    """On one line, cut to a length; the JSON and the evidence hold the rest."""
    flat = line(text)
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def table(*columns: str, title: str | None = None) -> Table:
    """An open table with a rule under its head, as wide as it needs to be."""
    return Table(
        *columns,
        title=title,
        title_style="bold",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        border_style=EDGE,
        header_style=LABEL,
        pad_edge=False,
        show_edge=False,
    )


def facts() -> Table:
    """A two-column list of labels and values."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style=LABEL, no_wrap=True)
    made.add_column(ratio=1, overflow="fold")
    return made
