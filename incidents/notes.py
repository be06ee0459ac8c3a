"""What people told the agents: hints and constraints, and what they changed themselves."""

from typing import Literal

from pydantic import Field

from incidents.value import Moment, Value


class Note(Value):
    """A hint or a constraint that a person gave."""

    at: Moment
    by: str
    text: str


class MachineNote(Value):
    """What a program left, on behalf of a person who did not write it: data, no word of a person's.

    A type of its own, kept apart from people's notes: whatever reads these as a hint, a constraint or the
    name of a target cannot be given the other by mistake, nor by a version that knows one kind only.
    """

    at: Moment
    by: str = Field(description="the person as whom the program came")
    text: str
    kind: Literal["machine"] = "machine"


class OutsideChange(Value):
    """What people changed outside of Nexus, as they said it."""

    id: str = Field(description="C1, C2, ... within its incident")
    service: str
    what: str
    at: Moment = Field(description="when it was done")
    by: str

    @property
    def title(self) -> str:
        """How a person reads it."""
        return f"{self.what} ({self.service}, by {self.by})"
