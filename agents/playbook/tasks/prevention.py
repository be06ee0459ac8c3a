"""Prevention: lines of data, filled with what the incident shows; where facts lack, the line is left out."""

from collections.abc import Mapping
from string import Formatter

from incidents.causes import Causes
from incidents.findings import Category
from incidents.measures import Line
from incidents.reports import ActionItem
from incidents.value import Value

KINDS = ("monitoring", "testing", "process", "infrastructure")
#: Who a `service` line goes to when the catalogue names no owner.
_NOBODY = "relevant_developer"
_MOST_ITEMS = 6


class Lessons(Value):
    """What an incident shows: fields to fill lines with, conditions that hold, who owns the failing part."""

    category: Category
    mechanism: str | None = None
    fields: dict[str, str]
    holds: frozenset[str]
    owner: str | None


class Prevention(Value):
    """Measures in the four kinds, and the tasks that come of them."""

    measures: dict[str, tuple[str, ...]]
    items: tuple[ActionItem, ...]


def prevention(lessons: Lessons, causes: Causes) -> Prevention:
    """The measures and tasks for one incident, the most preventive first.

    Args:
        lessons: what the incident shows.
        causes: the cards; that of the mechanism speaks first, then that of the category.
    """
    cards = (causes.by_id.get(lessons.mechanism or ""), causes.general(lessons.category))
    sheets = (*(card.prevention for card in cards if card is not None), causes.prevention)
    told = {
        kind: [line for sheet in sheets for line in sheet.of(kind) if _applies(line, lessons)]
        for kind in KINDS
    }
    lines = sorted((line for kind in KINDS for line in told[kind]), key=lambda line: line.days)
    items = [
        ActionItem(
            action=_filled(line.text, lessons.fields),
            owner=(lessons.owner or _NOBODY) if line.owner == "service" else line.owner,
            days=line.days,
        )
        for line in lines[:_MOST_ITEMS]
    ]
    return Prevention(
        measures={kind: tuple(_filled(line.text, lessons.fields) for line in told[kind]) for kind in KINDS},
        items=tuple(items),
    )


def _applies(line: Line, lessons: Lessons) -> bool:
    needed = {name for _, name, _, _ in Formatter().parse(line.text) if name}
    return (line.condition is None or line.condition in lessons.holds) and needed <= set(lessons.fields)


def _filled(text: str, fields: Mapping[str, str]) -> str:
    return text.format_map(fields)
