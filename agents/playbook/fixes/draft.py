"""A change that may be proposed, and what every draft says of itself."""

from pydantic import Field

from incidents.action import Action
from incidents.findings import Diagnosis
from incidents.value import Value


class Draft(Value):
    """A change that may be proposed; without an action it only says why there is none."""

    action: Action | None
    reason: str
    effect: str = ""
    evidence: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    rank: int = Field(default=0, description="place among the kinds that help the same resource")


def no_draft(reason: str) -> list[Draft]:
    """No change, and why."""
    return [Draft(action=None, reason=reason)]


def expected_effect(diagnosis: Diagnosis) -> str:
    """What a change that helps is expected to do."""
    return f"errors and latency of {diagnosis.service} and of what calls it return to usual within minutes"
