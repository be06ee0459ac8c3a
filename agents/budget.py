"""What models may spend: per incident and per role, by severity; checked before every single call."""

from pydantic import Field

from incidents.incident import Incident
from incidents.severity import Severity
from incidents.usage import Usage
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
    """What the models may spend on one incident, and what one role of it may spend on all its work there.

    The fields themselves hold for every severity; `by_severity` and `role` are further limits beside them.
    """

    by_severity: dict[Severity, Limits] = Field(default_factory=dict)
    role: dict[Severity, Limits] = Field(default_factory=dict)

    def spent(self, usage: Usage, severity: Severity | None = None) -> str | None:
        """Which of the incident's limits is reached, in words, or None. Without a severity P0's holds."""
        level = severity or Severity.P0
        whole = self.reached(usage, "the incident's")
        return whole or self.by_severity.get(level, Limits()).reached(usage, f"the incident's {level}")

    def overdrawn(self, usage: Usage, severity: Severity | None) -> str | None:
        """Which limit of one role is reached, in words, or None."""
        level = severity or Severity.P0
        return self.role.get(level, Limits()).reached(usage, f"the role's {level}")


#: P0 may spend, P3 gets one cheap pass. The money is what the tokens cost at 10 a million; it never binds
#: where no prices are set. The seconds are those of all roles together, most of which work side by side.
DEFAULT_BUDGET = Budget(
    by_severity={
        Severity.P0: Limits(tokens=4_000_000, cost=40, seconds=28_800),
        Severity.P1: Limits(tokens=2_000_000, cost=20, seconds=14_400),
        Severity.P2: Limits(tokens=800_000, cost=8, seconds=7_200),
        Severity.P3: Limits(tokens=100_000, cost=1, seconds=900),
    },
    role={
        Severity.P0: Limits(tokens=400_000, cost=4, seconds=7_200),
        Severity.P1: Limits(tokens=300_000, cost=3, seconds=3_600),
        Severity.P2: Limits(tokens=200_000, cost=2, seconds=1_800),
        Severity.P3: Limits(tokens=60_000, cost=0.6, seconds=600),
    },
)


class RoleBudget:
    """What one model uses for one piece of a role's work; the purse sees it beside all the others."""

    def __init__(self, purse: "BudgetTracker", role: str, incident: Incident) -> None:
        self.role = role
        self.used = Usage()
        self._purse = purse
        self._incident = incident

    def why_not(self, used: Usage) -> str | None:
        """Note what was used so far; why no further call may be made, or None."""
        self.used = used
        return self._purse.why_not(self.role, self._incident)

    def would_stop(self, used: Usage) -> bool:
        """Whether no further call could be made once so much is used."""
        now = self.used
        said, self.used = self.why_not(used), now
        return said is not None


class BudgetTracker:
    """Counts what the roles of one turn spend beside what their incident has spent before.

    An incident adds its roles' usage up when a turn ends; roles that work side by side, and the models of a
    fallback chain that work one after the other, see each other's here.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._open: dict[str, tuple[int, list[RoleBudget]]] = {}

    def account(self, role: str, incident: Incident) -> RoleBudget:
        """Open an account for one model's work for a role of the incident."""
        opened = RoleBudget(self, role, incident)
        self._accounts(incident).append(opened)
        return opened

    def why_not(self, role: str, incident: Incident) -> str | None:
        """Why this role may not make another call, or None."""
        before = sum((line.usage for line in incident.usage_lines if line.role == role), Usage())
        own = sum((one.used for one in self._accounts(incident) if one.role == role), before)
        return self.exhausted(incident) or self._budget.overdrawn(own, incident.severity)

    def exhausted(self, incident: Incident) -> str | None:
        """Which of the whole incident's limits is reached, in words, or None."""
        total = sum((one.used for one in self._accounts(incident)), incident.usage)
        return self._budget.spent(total, incident.severity)

    def _accounts(self, incident: Incident) -> list[RoleBudget]:
        """The accounts of the incident's present turn; older ones are in the incident itself by now."""
        turn, found = self._open.get(incident.id, (incident.turn, []))
        if turn != incident.turn:
            found = []
        self._open[incident.id] = incident.turn, found
        return found
