"""What people told the agents: hints and constraints, and what they changed themselves."""

from pydantic import Field

from incidents.value import Moment, Value


class Note(Value):
    """A hint or a constraint that a person gave."""

    at: Moment
    by: str
    text: str


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
