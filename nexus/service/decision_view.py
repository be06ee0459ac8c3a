"""One proposed change as its page, its card and the API show it: all that is needed to sign, or not to.

Sentences are made here and in the rules below; templates only lay them out.
"""

import hashlib

from pydantic import Field

from incidents.action import ActionKind, ActionState, Approval, Observed, Verdict
from incidents.aftermath import Aftermath, Stage
from incidents.findings import Confidence
from incidents.severity import Severity
from incidents.standing import Standing
from incidents.value import Moment, Value
from incidents.verification import Signal
from nexus.service.unsigned_view import UnsignedView


class Source(Value):
    """An evidence that the change rests on; all of it is one click away."""

    id: str
    tool: str
    at: Moment
    summary: str


class Considered(Value):
    """Something else that could have been it, or could have been done, and why it is not."""

    text: str
    why: str = ""
    evidence: tuple[str, ...] = ()


class Change(Value):
    """What would run, on what, from which state to which.

    Attributes:
        before: what the plan observed of what it changes, such as the running version; None: no single value.
        after: what that becomes.
        observed: all that the plan saw.
        observed_at: when it looked.
    """

    kind: ActionKind
    service: str
    title: str
    before: str | None
    after: str | None
    observed: tuple[Observed, ...]
    observed_at: Moment
    effects: tuple[str, ...]
    risks: tuple[str, ...] = Field(description="known of its kind in general; nobody has checked them here")
    concerns: tuple[str, ...] = Field(description="said of this one by those who proposed it")
    undo: str | None
    undo_of: str | None


class DecisionView(Value):
    """A decision, before it is made and after.

    Attributes:
        over: whether the incident is: nothing becomes another one any more.
        now: the moment of the incident's clock.
        cause: what the investigation concluded; None: nothing.
        signals: what is watched afterwards, for as long as `watch_seconds`.
        signatures: every decision that was given, read by the incident or not.
        you: what who looks may do; of somebody else, where one is named.
        people: what each of the people may do, as `you`; empty where nobody is named.
        left_seconds: until it expires; None once it no longer waits.
    """

    incident: str
    incident_title: str
    severity: Severity | None
    over: bool
    now: Moment
    id: str
    digest: str
    state: ActionState
    aftermath: Aftermath
    change: Change
    reason: str
    proposed_by: str
    engine: str
    proposed_at: Moment
    cause: str | None
    confidence: Confidence | None
    sources: tuple[Source, ...]
    considered: tuple[Considered, ...]
    signals: tuple[Signal, ...]
    watch_seconds: float
    needed: int
    missing: int
    signatures: tuple[Approval, ...]
    you: Standing
    people: tuple[Standing, ...]
    begins_at: Moment | None = Field(
        default=None, description="when it begins by itself unless somebody rejects it; null: people decide"
    )
    unsigned: UnsignedView | None = Field(
        default=None, description="of a change that was announced to begin without a signature"
    )
    expires_at: Moment
    left_seconds: float | None

    @property
    def begins_in(self) -> float | None:
        """Seconds until it begins by itself; None where people decide."""
        return max(0.0, (self.begins_at - self.now).total_seconds()) if self.begins_at is not None else None

    @property
    def headline(self) -> str:
        """As a title: `Roll back checkout to 2026.11.1`."""
        return self.change.title[:1].upper() + self.change.title[1:]

    @property
    def seen(self) -> str:
        """Changes whenever anything does that a page shows of it, except for the time that passes."""
        told = self.model_dump_json(exclude={"now", "left_seconds"})
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def waits(self) -> bool:
        """Whether a signature is still waited for."""
        return self.aftermath.stage is Stage.WAITING

    @property
    def able(self) -> tuple[str, ...]:
        """The names of those whose approval would count."""
        return tuple(one.who for one in self.people if one.approve)

    @property
    def signed(self) -> tuple[Approval, ...]:
        """The approvals among the signatures."""
        return tuple(one for one in self.signatures if one.verdict is Verdict.APPROVE)
