"""Prevention: lines of data, filled with what the incident shows; where facts lack, the line is left out."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Formatter

from pydantic import Field

from incidents.document import parse_document, read_yaml
from incidents.errors import SettingsError
from incidents.findings import Category
from incidents.reports import ActionItem
from incidents.value import Value

KINDS = ("monitoring", "testing", "process", "infrastructure")
#: Who a `service` line goes to when the catalogue names no owner.
_NOBODY = "relevant_developer"
_MOST_ITEMS = 6


class _Line(Value):
    text: str
    owner: str
    days: int = Field(ge=1, le=180)
    condition: str | None = Field(default=None, alias="if")


class _Kinds(Value):
    monitoring: tuple[_Line, ...] = ()
    testing: tuple[_Line, ...] = ()
    process: tuple[_Line, ...] = ()
    infrastructure: tuple[_Line, ...] = ()

    def of(self, kind: str) -> tuple[_Line, ...]:
        """The lines of one kind of prevention."""
        return {
            "monitoring": self.monitoring,
            "testing": self.testing,
            "process": self.process,
            "infrastructure": self.infrastructure,
        }[kind]


class _Sheet(Value):
    always: _Kinds
    deployment: _Kinds
    infrastructure: _Kinds
    code: _Kinds
    dependency: _Kinds
    unknown: _Kinds


class Lessons(Value):
    """What an incident shows: fields to fill lines with, conditions that hold, who owns the failing part."""

    category: Category
    fields: dict[str, str]
    holds: frozenset[str]
    owner: str | None


class Prevention(Value):
    """Measures in the four kinds, and the tasks that come of them."""

    measures: dict[str, tuple[str, ...]]
    items: tuple[ActionItem, ...]


@cache
def _sheet() -> dict[Category, _Kinds]:
    name = "prevention.yaml"
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    sheet = parse_document(
        read_yaml(text, source=name, error=SettingsError), _Sheet, source=name, error=SettingsError
    )
    return {
        Category.DEPLOYMENT: _with(sheet.always, sheet.deployment),
        Category.INFRASTRUCTURE: _with(sheet.always, sheet.infrastructure),
        Category.CODE: _with(sheet.always, sheet.code),
        Category.DEPENDENCY: _with(sheet.always, sheet.dependency),
        Category.UNKNOWN: _with(sheet.always, sheet.unknown),
    }


def _with(always: _Kinds, own: _Kinds) -> _Kinds:
    return _Kinds.model_validate({kind: (*own.of(kind), *always.of(kind)) for kind in KINDS})


def prevention(lessons: Lessons) -> Prevention:
    """The measures and tasks for one incident, the most preventive first.

    Args:
        lessons: what the incident shows.
    """
    kinds = _sheet()[lessons.category]
    told = {kind: [line for line in kinds.of(kind) if _applies(line, lessons)] for kind in KINDS}
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


def _applies(line: _Line, lessons: Lessons) -> bool:
    needed = {name for _, name, _, _ in Formatter().parse(line.text) if name}
    return (line.condition is None or line.condition in lessons.holds) and needed <= set(lessons.fields)


def _filled(text: str, fields: Mapping[str, str]) -> str:
    return text.format_map(fields)
