"""What a server said of itself, judged: what is wrong first, then how it stands, then its numbers."""

import time
from dataclasses import dataclass
from datetime import datetime

from incidents.health import Figure, Probe
from tools.clock import Clock
from tools.redaction.redact import redact
from tools.wording import plain

#: As much as one part says, in characters.
LONGEST = 900


@dataclass(frozen=True)
class Judged:
    """How a server is.

    Attributes:
        wrong: what is beyond a limit, worst first; a part with none is healthy.
        stands: how it stands, and what cannot be told.
        figures: the numbers behind both.
    """

    wrong: tuple[str, ...] = ()
    stands: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Asking:
    """One question to a part that is under way: whose part, what is asked, since when."""

    service: str
    target: str
    at: datetime
    began: float

    @classmethod
    def now(cls, service: str, target: str, clock: Clock) -> "Asking":
        """It begins now."""
        return cls(service, target, clock.now(), time.perf_counter())

    def told(self, found: Judged) -> Probe:
        """What came back as a probe; its words are untrusted."""
        return Probe(
            service=self.service,
            target=self.target,
            at=self.at,
            healthy=not found.wrong,
            said=plain(redact("; ".join([*found.wrong, *found.stands])), LONGEST),
            milliseconds=round((time.perf_counter() - self.began) * 1000, 1),
            figures=found.figures,
        )

    def silent(self, why: str) -> Probe:
        """It does not answer: that is an unhealthy part."""
        return self.told(Judged(wrong=(f"does not answer: {why}",)))
