"""Severity, the steps of the response and where an incident stands."""

from enum import StrEnum


class Severity(StrEnum):
    """P0 (all hands) to P3 (next sprint)."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @property
    def rank(self) -> int:
        """0 for P0 to 3 for P3: lower is more severe."""
        return int(self.value[1])

    def at_least(self, floor: "Severity") -> "Severity":
        """The more severe of the two."""
        return self if self.rank <= floor.rank else floor


class Step(StrEnum):
    """The five steps of the runbook."""

    TRIAGE = "triage"
    INVESTIGATION = "investigation"
    MITIGATION = "mitigation"
    VERIFICATION = "verification"
    POST_MORTEM = "post_mortem"


class Status(StrEnum):
    """Where an incident stands: the agents work on it, people do, or it has come to an end."""

    OPEN = "open"
    RESOLVED = "resolved"
    FALSE_ALARM = "false_alarm"
    HANDED_OVER = "handed_over"
    BACKLOG = "backlog"
    MERGED = "merged"


class HeldBy(StrEnum):
    """Who works on an incident, or did when it ended."""

    AGENTS = "agents"
    PEOPLE = "people"


class PublicStatus(StrEnum):
    """What the status page says (the runbook's template)."""

    INVESTIGATING = "Investigating"
    IDENTIFIED = "Identified"
    MONITORING = "Monitoring"
    RESOLVED = "Resolved"
