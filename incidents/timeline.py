"""The incident's timeline: one entry for everything that happened, was seen or was decided."""

from enum import StrEnum

from pydantic import Field

from incidents.severity import Severity
from incidents.value import Moment, Value


class EntryKind(StrEnum):
    """What sort of thing happened."""

    ALERT = "alert"
    ROUTING = "routing"
    WORK = "work"
    FINDING = "finding"
    DIAGNOSIS = "diagnosis"
    PROPOSAL = "proposal"
    DECISION = "decision"
    EXECUTION = "execution"
    VERIFICATION = "verification"
    UPDATE = "update"
    BRIEF = "brief"
    ESCALATION = "escalation"
    HANDOVER = "handover"
    PEOPLE = "people"
    NOTE = "note"
    GAP = "gap"
    HISTORY = "history"
    END = "end"


class Entry(Value):
    """One line of the timeline. `id` is derived from its cause, so writing it twice changes nothing."""

    id: str
    incident: str
    at: Moment
    step: str
    role: str
    engine: str
    kind: EntryKind
    text: str
    evidence: tuple[str, ...] = ()
    severity: Severity | None = Field(default=None, description="the incident's at this moment")
