"""Did it get better? Decided from signals before and after, never from an opinion."""

import operator
from collections.abc import Callable
from enum import StrEnum
from typing import Literal

from pydantic import Field

from incidents.findings import Window
from incidents.value import Moment, Value

_COMPARED: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq,
    "!=": operator.ne,
}  # fmt: skip


class SignalKind(StrEnum):
    """What a signal measures; higher is worse for all but traffic."""

    ERRORS = "errors"
    LATENCY = "latency"
    SATURATION = "saturation"
    TRAFFIC = "traffic"


class Limit(Value):
    """What a rule of the team holds for bad: a value for which the comparison with the number holds."""

    operator: Literal[">", ">=", "<", "<=", "==", "!="]
    number: float

    def broken_by(self, value: float) -> bool:
        """Whether a value is bad."""
        return _COMPARED[self.operator](value, self.number)

    @property
    def falls(self) -> bool:
        """Whether it hurts when the value falls."""
        return self.operator in {"<", "<="} or (self.operator == "==" and self.number == 0)

    def __str__(self) -> str:
        return f"{self.operator} {self.number:g}"


class Signal(Value):
    """One watched series.

    `opened` marks those that opened the incident, `deviated` those that were off when its cause was found;
    the others are guards.
    """

    service: str
    metric: str
    kind: SignalKind
    unit: str = ""
    falls: bool = Field(default=False, description="it hurts when it falls: what is left of a resource")
    limit: Limit | None = Field(
        default=None, description="of a series that an alert rule of the team judges: what it holds for bad"
    )
    opened: bool = False
    deviated: bool = False

    @property
    def must_recover(self) -> bool:
        """Whether nothing is over before this one is back to normal."""
        return self.opened or self.deviated


class Recovery(StrEnum):
    """The verdict over one signal or over all of them."""

    RECOVERED = "recovered"
    UNCHANGED = "unchanged"
    WORSE = "worse"
    UNKNOWN = "unknown"


class Reading(Value):
    """A signal's level in the quiet time, before the change and after it; None is no data."""

    signal: Signal
    baseline: float | None
    before: float | None
    after: float | None
    samples: int = 0
    verdict: Recovery


class Verification(Value):
    """The verdict over all signals at one moment of the watch."""

    at: Moment
    verdict: Recovery
    readings: tuple[Reading, ...]
    window: Window
    action: str | None = None
    evidence: tuple[str, ...] = ()
    summary: str

    @property
    def mended(self) -> bool:
        """Whether all that was amiss is as usual again and no more fails; something may have got slower."""
        amiss = [one.verdict for one in self.readings if one.signal.must_recover]
        fails = any(
            one.verdict is Recovery.WORSE and one.signal.kind is SignalKind.ERRORS for one in self.readings
        )
        return bool(amiss) and all(one is Recovery.RECOVERED for one in amiss) and not fails
