"""What `nexus doctor` finds: a part, how it is, what to do."""

from enum import StrEnum

from incidents.value import Value


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


class Check(Value):
    """One part: how it is, in words, and what to do about it."""

    part: str
    state: State
    found: str
    advice: str = ""
