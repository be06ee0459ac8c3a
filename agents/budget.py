"""What models may spend: per incident and per assignment, by severity; checked before every single call."""

from collections.abc import Callable

from pydantic import Field

from agents.engine import Assignment
from incidents.incident import Usage
from incidents.severity import Severity
from incidents.value import Value


class Limits(Value):
    """Upper bounds; None is no limit."""

    tokens: int | None = Field(default=None, ge=0, description="tokens in and out together")
    cost: float | None = Field(default=None, ge=0, description="in the currency of the configured prices")
    seconds: float | None = Field(default=None, ge=0, description="seconds of work of all roles together")

    def reached(self, usage: Usage, whose: str) -> str | None:
        """Which limit is reached, in words, or None."""
        tokens = usage.tokens_in + usage.tokens_out
        for name, limit, used in (
            ("tokens", self.tokens, tokens),
            ("cost", self.cost, usage.cost),
            ("seconds", self.seconds, usage.seconds),
        ):
            if limit is not None and used >= limit:
                return f"{whose} budget of {limit:g} {name} is spent ({used:g} used)"
        return None


class Budget(Limits):
    """What the models may spend on one incident, and what one role may spend on one assignment of it.

    The fields themselves hold for every severity; `by_severity` and `role` replace them where they are given.
    """

    by_severity: dict[Severity, Limits] = Field(default_factory=dict)
    role: dict[Severity, Limits] = Field(default_factory=dict)

    def spent(self, usage: Usage, severity: Severity | None = None) -> str | None:
        """Which of the incident's limits is reached, in words, or None. Without a severity P0's holds."""
        level = severity or Severity.P0
        whole = self.reached(usage, "the incident's")
        return whole or self.by_severity.get(level, Limits()).reached(usage, f"the incident's {level}")

    def overdrawn(self, usage: Usage, severity: Severity | None) -> str | None:
        """Which limit of one assignment is reached, in words, or None."""
        level = severity or Severity.P0
        return self.role.get(level, Limits()).reached(usage, f"the role's {level}")


#: P0 may spend, P3 gets one cheap pass. Tokens alone: prices differ, and time has its own boxes.
DEFAULT_BUDGET = Budget(
    by_severity={
        Severity.P0: Limits(tokens=4_000_000),
        Severity.P1: Limits(tokens=2_000_000),
        Severity.P2: Limits(tokens=800_000),
        Severity.P3: Limits(tokens=100_000),
    },
    role={
        Severity.P0: Limits(tokens=400_000),
        Severity.P1: Limits(tokens=300_000),
        Severity.P2: Limits(tokens=200_000),
        Severity.P3: Limits(tokens=60_000),
    },
)


class Purse:
    """Counts what the assignments of one turn spend beside what their incident has spent before.

    An incident adds its roles' usage up when a turn ends; roles that work side by side see each other's here.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._open: dict[str, dict[str, Usage]] = {}

    def why_not(self, assignment: Assignment, before: Usage, own: Usage) -> str | None:
        """Why this assignment may not make another call, or None.

        Args:
            assignment: who asks.
            before: what the incident had spent when the turn began.
            own: what this assignment has spent so far.
        """
        turn = self._turn(assignment)
        turn[assignment.id] = own
        total = sum(turn.values(), before)
        severity = assignment.severity
        return self._budget.overdrawn(own, severity) or self._budget.spent(total, severity)

    def account(self, assignment: Assignment, before: Usage) -> Callable[[Usage], str | None]:
        """The same question for one assignment, to be asked before each call with what was used so far."""
        return lambda own: self.why_not(assignment, before, own)

    def _turn(self, assignment: Assignment) -> dict[str, Usage]:
        """The open accounts of the incident's present turn; older ones are in the incident itself by now."""
        turn, _, _ = assignment.id.partition("-")
        accounts = {k: v for k, v in self._open.get(assignment.incident, {}).items() if k.startswith(turn)}
        self._open[assignment.incident] = accounts
        return accounts
