"""Changes to the world: what is proposed, what was approved, what ran.

An approval binds to the digest of the exact action and the state that its plan observed.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from incidents.actor import Via, person_id
from incidents.changes import WhatPeopleDid
from incidents.deeds import made, planned
from incidents.language import Language
from incidents.value import Moment, Value
from incidents.verification import Recovery


class ActionKind(StrEnum):
    """The kinds of change that Nexus knows."""

    ROLLBACK = "rollback"
    RESTART = "restart"
    SCALE = "scale"
    FAILOVER = "failover"
    HOTFIX = "hotfix"
    FEATURE_FLAG = "feature_flag"
    FALLBACK = "fallback"


#: Which arguments each kind needs, one of several; the others take none.
_NEEDS: dict[ActionKind, tuple[str, ...]] = {
    ActionKind.ROLLBACK: ("version",),
    ActionKind.SCALE: ("replicas",),
    ActionKind.HOTFIX: ("commit", "patch"),
    ActionKind.FEATURE_FLAG: ("flag",),
}


class Arguments(Value):
    """The typed arguments of an action; which are needed depends on the kind."""

    version: str | None = Field(default=None, description="rollback: the version to go back to")
    replicas: int | None = Field(default=None, ge=1, le=1000, description="scale: how many instances")
    commit: str | None = Field(default=None, description="hotfix: the commit to revert or deploy")
    patch: str | None = Field(
        default=None, description="hotfix: instead of a commit, a patch as try_patch named it"
    )
    flag: str | None = Field(default=None, description="feature_flag, fallback: the flag's name")
    enabled: bool | None = Field(default=None, description="feature_flag: what the flag is set to")
    undo: bool | None = Field(default=None, description="true: take that change back; only an undo has it")

    def given(self) -> dict[str, str | int | bool]:
        """The arguments that are set, by name."""
        return self.model_dump(exclude_none=True)


class Action(Value):
    """One change to one service."""

    kind: ActionKind
    service: str
    arguments: Arguments = Arguments()

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        needed = _NEEDS.get(self.kind, ())
        given = [name for name in needed if getattr(self.arguments, name) is not None]
        if needed and len(given) != 1:
            named = " or ".join(map(repr, needed))
            raise ValueError(f"a {self.kind} needs the argument {named}{', not both' if given else ''}")
        if self.kind is ActionKind.FEATURE_FLAG and self.arguments.enabled is None:
            raise ValueError("a feature_flag needs the argument 'enabled'")
        return self

    @property
    def key(self) -> str:
        """A name for folders and logs: `rollback-checkout-2026.11.1`."""
        parts = [self.kind, self.service, *(str(value) for value in self.arguments.given().values())]
        return re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(parts))

    @property
    def title(self) -> str:
        """How a person reads it: `roll back checkout to 2026.11.1`."""
        return planned(self, Language.EN)

    @property
    def done(self) -> str:
        """How a person reads it afterwards: `checkout was rolled back to 2026.11.1`."""
        return made(self, Language.EN)


class Observed(Value):
    """One fact about the target that the plan saw, such as its running version."""

    name: str
    value: str


#: What a dry run may call the number of running instances.
_INSTANCES = ("replicas", "instances")


class Plan(Value):
    """A dry run: what would change, from which observed state, and how to take it back."""

    action: Action
    observed: tuple[Observed, ...]
    effects: tuple[str, ...]
    undo: Action | None = None

    @property
    def running(self) -> int | None:
        """How many instances of the target run, if the dry run saw it."""
        facts = {fact.name: fact.value for fact in self.observed}
        text = next((facts[name] for name in _INSTANCES if name in facts), "")
        return int(text) if text.isdecimal() and int(text) > 0 else None


def digest_of(incident: str, proposal: str, plan: Plan) -> str:
    """The SHA-256 (hex) of one proposal: the exact action, its target and the observed state."""
    body = {
        "incident": incident,
        "proposal": proposal,
        "plan": plan.model_dump(mode="json", exclude_none=True),
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Verdict(StrEnum):
    """What a person says to a proposal."""

    APPROVE = "approve"
    REJECT = "reject"


class Approval(Value):
    """One person's decision about one exact digest."""

    action: str = Field(description="the id of the proposal")
    digest: str
    verdict: Verdict
    by: str = Field(min_length=1)
    person: str = Field(default="", description="the stable id of who decided; not given: that of the name")
    via: Via | None = Field(default=None, description="the door by which it came, if that was kept")
    authenticated: bool = Field(default=False, description="they showed that it is them, not just a name")
    at: Moment
    note: str = ""

    @property
    def signer(self) -> str:
        """Whose decision it is, whatever the door: a person decides once on a digest."""
        return self.person or person_id(self.by)


class ActionState(StrEnum):
    """Where a proposal stands.

    `executing`: what was started for it may still run. `unknown`: nobody can say whether it was done. Neither
    is begun a second time; a person may say what became of it. `shadow`: it would have been put to people;
    nobody is asked, and it is never begun.
    """

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REVOKED = "revoked"
    EXECUTING = "executing"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    DRIFTED = "drifted"
    SHADOW = "shadow"


#: What people or the world have judged: the same change is not proposed again. What expired, drifted or was
#: revoked is not among it: nobody said no to the change itself. A revoked one fell with a stop, an outside
#: change or a recovery; it may be right once the agents go on, planned and signed anew. What
#: stands in shadow is kept once.
ANSWERED = frozenset({ActionState.REJECTED, ActionState.DONE, ActionState.FAILED, ActionState.SHADOW})


#: Begun, and without an outcome: the target is asked, nothing is run again.
UNSETTLED = frozenset({ActionState.EXECUTING, ActionState.UNKNOWN})


class Outcome(Value):
    """What an adapter says of one execution key."""

    done: bool
    detail: str
    at: Moment
    said_by: str | None = Field(
        default=None, description="the person who looked and says so; None: its target does"
    )


class Proposal(Value):
    """An action that waits for people, or what became of it."""

    id: str = Field(description="A1, A2, ... within its incident")
    incident: str
    plan: Plan
    digest: str
    reason: str
    proposed_by: str
    engine: str
    evidence: tuple[str, ...] = ()
    concerns: tuple[str, ...] = Field(default=(), description="what may go wrong, as its roles say")
    considered: tuple[str, ...] = Field(default=(), description="other changes, and why not those")
    proposed_at: Moment
    expires_at: Moment
    approvers_needed: int = Field(default=1, ge=1)
    state: ActionState = ActionState.PROPOSED
    approvals: tuple[Approval, ...] = ()
    outcome: Outcome | None = None
    undo_of: str | None = Field(default=None, description="the id of the action that this one takes back")
    seen: Recovery | None = Field(default=None, description="what the last look of the watch over it saw")
    people_did: WhatPeopleDid | None = Field(
        default=None, description="of one in shadow: what people did meanwhile, once it is over"
    )
    begins_at: Moment | None = Field(
        default=None, description="when it begins by itself unless somebody rejects it; None: people decide"
    )

    @property
    def action(self) -> Action:
        """The action that is planned."""
        return self.plan.action

    def unsigned_due(self, now: datetime) -> bool:
        """Whether it begins now by a permission: announced, nobody has rejected it, its time has come."""
        begins_at = self.begins_at if self.state is ActionState.PROPOSED else None
        return begins_at is not None and begins_at <= now < self.expires_at

    @property
    def waits(self) -> bool:
        """Whether it is still to be begun: nobody decided yet, or it is approved."""
        return self.state in {ActionState.PROPOSED, ActionState.APPROVED}

    @property
    def missing(self) -> int:
        """How many more people have to approve before it may begin; 0 once it is decided."""
        return self.approvers_needed - len(self.approvals) if self.state is ActionState.PROPOSED else 0

    def revoked(self) -> Self:
        """The same, never to be begun; what was begun or decided otherwise stays as it is."""
        return self.model_copy(update={"state": ActionState.REVOKED}) if self.waits else self

    @property
    def settling(self) -> str:
        """How a person says what became of it; empty where that is known or nothing was begun."""
        if self.state not in UNSETTLED:
            return ""
        return f"nexus settle {self.incident} {self.id} --done (or --not-done) --by NAME"

    @property
    def execution_key(self) -> str:
        """What makes a second execution recognisable: the incident, the proposal, the digest's head."""
        return f"{self.incident}:{self.id}:{self.digest[:12]}"


def pending_of(proposals: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """Those that wait for people."""
    return tuple(one for one in proposals if one.state is ActionState.PROPOSED)


def unsettled_of(proposals: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """Those that were begun, and of which nobody knows yet what became."""
    return tuple(one for one in proposals if one.state in UNSETTLED)
