"""Measures that would keep a cause away: lines of data that are filled with what an incident shows."""

from string import Formatter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from incidents.document import hint
from incidents.value import Value

Condition = Literal["late", "elsewhere", "logged", "waited", "retried", "unaided", "store"]
#: What a line of prevention may be filled with.
FIELDS = frozenset(
    {"service", "change", "resource", "metric", "alerted", "lag", "waited", "callers", "lasted"}
)


def _fillable(text: str) -> str:
    try:
        asked = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as broken:
        raise ValueError(f"its braces cannot be read: {broken}") from None
    if wrong := [name for name in asked if name not in FIELDS]:
        near = hint(wrong[0], sorted(FIELDS))
        raise ValueError(f"{{{wrong[0]}}} is nothing that is known of an incident; {near}")
    return text


class Line(Value):
    """One measure that would keep a cause away; told where all that it names is known."""

    text: Annotated[str, AfterValidator(_fillable)]
    owner: str = Field(description="`service`: who owns the failing part; else a role")
    days: int = Field(ge=1, le=180, description="until due")
    condition: Condition | None = Field(default=None, alias="if")


class Lines(Value):
    """Measures in the four kinds that the runbook asks for."""

    monitoring: tuple[Line, ...] = ()
    testing: tuple[Line, ...] = ()
    process: tuple[Line, ...] = ()
    infrastructure: tuple[Line, ...] = ()

    def of(self, kind: str) -> tuple[Line, ...]:
        """The lines of one kind of prevention."""
        return {
            "monitoring": self.monitoring,
            "testing": self.testing,
            "process": self.process,
            "infrastructure": self.infrastructure,
        }[kind]
