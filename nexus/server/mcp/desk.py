"""What the tools work with: the home, the intake, the limits; and for whom a program comes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from incidents.actor import Actor
from incidents.errors import Refused
from nexus.config.settings import Settings
from nexus.home import Home
from nexus.server.rates import RateLimit
from nexus.service.intake import AlertIntake


@dataclass(frozen=True)
class Caller:
    """For whom a program comes.

    Args:
        actor: the person; None: nobody, in a home without people, where a program only reads.
        unseen: the ids of the incidents that they do not see.
    """

    actor: Actor | None
    unseen: frozenset[str]


class TooOften(Refused):
    """A program asks too often; it is told when to come again."""


@dataclass
class Allowance:
    """How often programs of one person may do one thing, a minute."""

    what: str
    limit: RateLimit

    @classmethod
    def of(cls, what: str, per_minute: int, now: Callable[[], float] = time.monotonic) -> "Allowance":
        """One of so many a minute."""
        return cls(what, RateLimit(per_minute, now))

    def take(self, caller: Caller) -> None:
        """Count one.

        Raises:
            TooOften: it is too often.
        """
        who = caller.actor.id if caller.actor is not None else ""
        if wait := self.limit.wait(who):
            raise TooOften(f"too many {self.what} in a short time; try again in {wait:.0f} s")
        self.limit.count(who)


@dataclass
class AgentDesk:
    """The service as programs see it.

    Args:
        home: where incidents are kept.
        settings: for the engine that answers questions, and the runbook.
        base: where browsers reach Nexus, without a path; empty: not known, pages are told as paths.
        intake: of the live world; None: no incident can be opened.
        ring: told the incident that a note has reached.
    """

    home: Home
    settings: Settings
    base: str = ""
    intake: AlertIntake | None = None
    ring: Callable[[str], None] = lambda incident: None
    asks: Allowance = field(default_factory=lambda: Allowance.of("questions", 20))
    notes: Allowance = field(default_factory=lambda: Allowance.of("notes", 20))
    opens: Allowance = field(default_factory=lambda: Allowance.of("alerts", 6))

    def page(self, incident: str, action: str | None = None) -> str:
        """Where people work on an incident, or decide on a change of it."""
        path = f"/incidents/{incident}" + (f"/decisions/{action}" if action is not None else "")
        return f"{self.base}{path}"
