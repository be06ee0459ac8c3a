"""What people taught by joining and separating incidents: which conditions belong together."""

from collections.abc import Iterable
from itertools import product

from pydantic import Field

from incidents.alert import Alert
from incidents.value import Moment, Value


def subject_of(alert: Alert) -> str:
    """What a lesson about an alert is about: its service, else its condition."""
    if alert.service:
        return f"service:{alert.service}"
    return f"condition:{alert.condition or alert.fingerprint}"


class Lesson(Value):
    """One pair of subjects, and whether they belong together. Of several about one pair the latest counts."""

    one: str
    other: str
    together: bool
    by: str
    at: Moment
    reason: str = ""
    incident: str = Field(description="in which people joined or separated them")

    @property
    def pair(self) -> frozenset[str]:
        """The two subjects, whichever was named first."""
        return frozenset((self.one, self.other))

    @property
    def sentence(self) -> str:
        """How a reason names it."""
        why = f": {self.reason}" if self.reason else ""
        verb = "joined" if self.together else "separated"
        return f"{self.by} {verb} them on {self.at:%Y-%m-%d} in {self.incident}{why}"


def lessons_between(some: Iterable[Alert], others: Iterable[Alert], said: Lesson) -> tuple[Lesson, ...]:
    """A lesson for each pair of subjects of two sets of alerts; what is in both teaches nothing.

    Args:
        some: the alerts that were taken out, or of the incident that goes on.
        others: those that they were joined with or separated from.
        said: who says so, when, why and whether they belong together; its subjects are replaced.
    """
    mine, theirs = {subject_of(alert) for alert in some}, {subject_of(alert) for alert in others}
    return tuple(
        said.model_copy(update={"one": min(pair), "other": max(pair)})
        for pair in sorted(product(mine - theirs, theirs - mine))
    )


class Lessons(Value):
    """All that people taught, to be asked about a pair."""

    taught: tuple[Lesson, ...] = ()

    def about(self, subject: str, others: Iterable[str]) -> Lesson | None:
        """The latest lesson about a subject and any of others; nothing is taught about it and itself."""
        pairs = {frozenset((subject, other)) for other in others if other != subject}
        return max((one for one in self.taught if one.pair in pairs), key=lambda one: one.at, default=None)

    def partners(self, subject: str) -> frozenset[str]:
        """The subjects that people joined with it."""
        named = {name for one in self.taught if subject in one.pair for name in one.pair - {subject}}
        return frozenset(name for name in named if (said := self.about(subject, [name])) and said.together)
