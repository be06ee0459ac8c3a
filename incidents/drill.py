"""A drill: on a calm day it is tried what a bad day would need, on most targets without effect. Pure."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Self

from pydantic import Field

from incidents.action import UNSETTLED, Action, ActionKind, ActionState, Arguments, Plan, Proposal
from incidents.changes import Change, ChangeKind
from incidents.value import Moment, Value


class Part(StrEnum):
    """What a step of a drill is about."""

    CALM = "calm"
    UNDO = "undo"
    ROLLBACK = "rollback"
    PEOPLE = "people"
    BACKEND = "backend"
    REALLY = "really"


class DrillStep(Value):
    """One thing that was tried.

    Attributes:
        service: whose change it is; null: of no single one.
        kind: of the change that could be taken back; null: it is about no change.
        passed: null: there was nothing to try.
        seconds: how long the answer took.
    """

    part: Part
    service: str | None = None
    kind: ActionKind | None = None
    tried: str
    passed: bool | None
    said: str
    seconds: float = Field(ge=0)

    @property
    def told(self) -> str:
        """What was tried and what came, in one sentence; an answer that names it already is enough."""
        return self.said if self.said.startswith(self.tried) else f"{self.tried}: {self.said}"


class Drill(Value):
    """A drill and what came of it.

    Attributes:
        change: what was really made on a target declared for it, as a person signed it; null: nothing.
        undo: what took it back.
        stands_for: the services for which an undo on that target counts, too.
    """

    id: str
    site: str
    at: Moment
    by: str
    services: tuple[str, ...] = Field(description="those that were tried; the others were not calm")
    steps: tuple[DrillStep, ...]
    change: Proposal | None = None
    undo: Proposal | None = None
    stands_for: tuple[str, ...] = ()

    @property
    def unfinished(self) -> bool:
        """Whether a change was begun that is not known to be taken back and watched."""
        if self.change is None or self.change.state is ActionState.FAILED:
            return False
        undo = self.undo
        return (
            undo is None or undo.state in UNSETTLED or (undo.state is ActionState.DONE and undo.seen is None)
        )

    @property
    def passed(self) -> bool:
        """Whether nothing failed that could be tried."""
        return all(one.passed is not False for one in self.steps)


class DrillInShort(Value):
    """What came of a drill.

    Attributes:
        tried: how many steps there was something to try in.
        failed: those that failed.
        made: the change that was really made and taken back; null: nothing was changed.
    """

    id: str
    at: Moment
    by: str
    services: tuple[str, ...]
    tried: int = Field(ge=0)
    failed: tuple[DrillStep, ...]
    made: str | None

    @classmethod
    def of(cls, drill: Drill) -> Self:
        """Of a drill."""
        return cls(
            id=drill.id, at=drill.at, by=drill.by, services=drill.services,
            tried=sum(one.passed is not None for one in drill.steps),
            failed=tuple(one for one in drill.steps if one.passed is False),
            made=drill.change.action.title if drill.change is not None else None,
        )  # fmt: skip


class Rehearsed(Value):
    """The last drill of a kind of change of a service: whether it can be planned, and taken back."""

    service: str
    kind: ActionKind
    at: Moment
    plannable: bool


def rehearsed(drills: Iterable[Drill]) -> tuple[Rehearsed, ...]:
    """What the latest drill says of each service and kind, by their names."""
    latest: dict[tuple[str, ActionKind], Rehearsed] = {}
    for drill in sorted(drills, key=lambda one: one.at):
        for step in drill.steps:
            if step.service is not None and step.kind is not None and step.passed is not None:
                latest[step.service, step.kind] = Rehearsed(
                    service=step.service, kind=step.kind, at=drill.at, plannable=step.passed
                )
    return tuple(latest[place] for place in sorted(latest))


def last_of(changes: Sequence[Change], service: str, *kinds: ChangeKind) -> Change | None:
    """The latest change of a service, of some kinds if they are named."""
    mine = (one for one in changes if one.service == service and (not kinds or one.kind in kinds))
    return max(mine, key=lambda one: one.time, default=None)


def taking_back(change: Change) -> Action | None:
    """The action that takes a recorded change back; None where its record does not say what was before."""
    if change.kind in {ChangeKind.DEPLOY, ChangeKind.CONFIG}:
        known = change.version_from and change.version_from != change.version_to
        arguments = Arguments(version=change.version_from)
        return _of(change, ActionKind.ROLLBACK, arguments) if known else None
    flag, _, state = change.version_to.rpartition("=")
    if change.kind is ChangeKind.FLAG and flag:
        was_on = state.casefold() not in {"off", "false", "0", "disabled"}
        return _of(change, ActionKind.FEATURE_FLAG, Arguments(flag=flag, enabled=not was_on))
    return None


def said_of(plan: Plan) -> str:
    """A plan in a sentence, with how it would be taken back itself."""
    effects = "; ".join(plan.effects)
    back = f"taken back by: {plan.undo.title}" if plan.undo is not None else "no undo is prepared for it"
    return f"{effects}; {back}"


def _of(change: Change, kind: ActionKind, arguments: Arguments) -> Action:
    return Action(kind=kind, service=change.service, arguments=arguments)
