"""What a scorer is: a pure question to one finished run, answered with a number, or left open."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from evals.run import Record
from incidents.value import Value
from tools.recorded.document import Truth


class Score(Value):
    """An answer: a share from 0 to 1, or a number in the scorer's unit; `note` says why in a few words."""

    value: float
    note: str = ""


class Unit(StrEnum):
    """What a score counts."""

    SHARE = "share"
    SECONDS = "seconds"
    COUNT = "count"
    MONEY = "money"


class Better(StrEnum):
    """Which way is an improvement."""

    HIGHER = "higher"
    LOWER = "lower"


class Area(StrEnum):
    """What a scorer is about, to group the report."""

    OUTCOME = "Outcome"
    CAUSE = "Severity and cause"
    HONESTY = "Honesty"
    ACTION = "Actions and recovery"
    DUTY = "Runbook duties"
    TIME = "Time on the incident's clock"
    PRICE = "Price"


#: None: the truth, or what happened, leaves the question open.
Ask = Callable[[Record, Truth], Score | None]


@dataclass(frozen=True)
class Scorer:
    """One question.

    Attributes:
        name: its key in reports and rules.
        title: the question in words.
        gate: whether a worse answer to a case counts as a regression.
    """

    name: str
    title: str
    area: Area
    ask: Ask
    unit: Unit = Unit.SHARE
    better: Better = Better.HIGHER
    gate: bool = True


def yes_no(holds: bool, note: str = "") -> Score:
    """1 or 0."""
    return Score(value=float(holds), note=note)
