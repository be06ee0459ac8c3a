"""What was told to whom."""

from pydantic import Field

from incidents.severity import PublicStatus
from incidents.value import Moment, Value

_DECIDE = "decide:"


def decision_key(proposal: str, again: str = "") -> str:
    """The key of a page that asks people to decide on a proposal; `again` where they are asked once more."""
    return f"{_DECIDE}{proposal}{f':{again}' if again else ''}"


def decided_by_key(key: str) -> str | None:
    """The proposal that a page asks to decide on, or None if it asks for something else."""
    return key.removeprefix(_DECIDE).partition(":")[0] if key.startswith(_DECIDE) else None


class PublicWords(Value):
    """What customers may be told: fixed sentences with figures, and no name of the inside."""

    impact: str
    current_action: str
    down: bool = Field(default=False, description="nothing that users touch answers")


class StatusUpdate(Value):
    """One update of the status page, in the runbook's template: sentences of the catalogue.

    Attributes:
        service: what customers call what is hit; no name of the inside.
        draft: what a model would say in words of its own; a person may release it, nobody else reads it.
    """

    at: Moment
    service: str
    status: PublicStatus
    impact: str
    current_action: str
    next_update: Moment | None
    text: str
    engine: str
    news: str = Field(default="", description="digest of the state of affairs that it tells")
    public: PublicWords | None = Field(
        default=None, description="the same for the public page, whoever worded it; null: kept by 0.2.0"
    )
    draft: PublicWords | None = Field(
        default=None, description="free words of a model, which only a person releases"
    )


class Brief(Value):
    """One executive update (P0 only), in the runbook's template."""

    at: Moment
    text: str
    next_update: Moment | None
    engine: str


class Escalation(Value):
    """One row of the escalation matrix that fired, and what its roles said."""

    row: str
    at: Moment
    roles: tuple[str, ...]
    condition: str
    action: str
    text: str = ""
    engine: str = ""


class BacklogEntry(Value):
    """A prevention task as it landed in the backlog."""

    id: str
    title: str
    owner: str
    due: Moment
    priority: str
    reason: str
