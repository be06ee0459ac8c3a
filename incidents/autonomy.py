"""Earned autonomy: how many people must sign a change, and which may begin without a person. Pure.

A team writes the policy down; without one every change takes a person. It is made of kinds, services, levels
and numbers alone, so that no text, from wherever it comes, can move a change into another class.
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from incidents.action import ActionKind
from incidents.duration import Duration, format_duration
from incidents.intervals import ENOUGH
from incidents.severity import Severity
from incidents.value import Value

#: Kinds whose plan has an undo that leaves things as they were. What restarts has lost what it held, a
#: failover has moved everything, and new code is no way back.
UNDOABLE = frozenset({ActionKind.ROLLBACK, ActionKind.SCALE, ActionKind.FEATURE_FLAG, ActionKind.FALLBACK})

#: A bar below this says little: 10 of 10 that were right may be as few as 72 %.
LEAST_RIGHT = 0.7

#: How long before it begins a change is announced: long enough to be read, short enough to help.
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(minutes=30)

#: In a P3 nothing is changed; a P0 is decided by people.
_LEVELS = (Severity.P0, Severity.P1, Severity.P2)
#: Stands for the services that no rule names.
_OTHER = "any other service"


class Signers(StrEnum):
    """How many people must sign."""

    NONE = "none"
    ONE = "one"
    TWO = "two"

    @property
    def people(self) -> int:
        """As a number."""
        return list(Signers).index(self)


class AutonomyRule(Value):
    """How many people some changes take; of what it does not name it speaks of all."""

    signers: Signers
    kinds: tuple[ActionKind, ...] = ()
    services: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()

    def covers(self, kind: ActionKind, service: str, severity: Severity | None) -> bool:
        """Whether it speaks of such a change."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.services or service in self.services)
            and (not self.severities or severity in self.severities)
        )

    @model_validator(mode="after")
    def _allows_no_more_than_it_may(self) -> Self:
        if self.signers is not Signers.NONE:
            return self
        for name in ("kinds", "services", "severities"):
            if not getattr(self, name):
                raise ValueError(f"a rule of `signers: none` names its {name}, one by one; add `{name}`")
        if beyond := [kind for kind in self.kinds if kind not in UNDOABLE]:
            allowed = ", ".join(sorted(UNDOABLE))
            raise ValueError(
                f"a {beyond[0]} has no undo that leaves all as it was, so a person signs it; {allowed} may "
                "be without one"
            )
        if Severity.P0 in self.severities:
            raise ValueError("a change in a P0 is signed by a person; leave P0 out of `severities`")
        return self


class Least(Value):
    """What the record has to show, of what was put to people, stood in shadow and was replayed.

    Attributes:
        judged: of how many proposals of that kind, whatever the service, people have said whether they were
            right.
        right: the lower bound of the 95 % interval of those that were.
        in_a_row: how many of that very service, the latest that were judged, were right one after the other.
    """

    judged: int = Field(default=ENOUGH, le=10_000)
    right: float = Field(default=0.75, le=1)
    in_a_row: int = Field(default=3, ge=1, le=100)

    @field_validator("judged")
    @classmethod
    def _enough(cls, judged: int) -> int:
        if judged < ENOUGH:
            raise ValueError(
                f"{judged} proposals tell too little for a change that nobody signs; {ENOUGH} at least"
            )
        return judged

    @field_validator("right")
    @classmethod
    def _high_enough(cls, right: float) -> float:
        if right < LEAST_RIGHT:
            raise ValueError(
                f"{right:g} is too low a bar for a change that nobody signs; {LEAST_RIGHT:g} at least"
            )
        return right


class Reach(Value):
    """How far and how often changes go that nobody signs.

    Attributes:
        per_day: so many in any 24 hours, over all services.
        dependents: of a service on which more others rest, directly or by others, a person signs.
        instances: of a service that has, or would have, more instances, too, where a dry run tells of them.
    """

    per_day: int = Field(ge=1, le=20)
    dependents: int = Field(ge=0, le=1000)
    instances: int = Field(ge=1, le=1000)


class Autonomy(Value):
    """The policy: who signs what, and what is asked of a change that nobody signs."""

    rules: tuple[AutonomyRule, ...] = Field(min_length=1)
    announce: Duration = Field(
        default=timedelta(minutes=5), description="how long before it begins people are told, and may veto it"
    )
    least: Least = Least()
    limits: Reach | None = Field(default=None, description="needed as soon as a rule says `none`")

    @field_validator("announce")
    @classmethod
    def _can_be_read(cls, announce: timedelta) -> timedelta:
        if not SHORTEST <= announce <= LONGEST:
            said = f"{format_duration(SHORTEST)} to {format_duration(LONGEST)}"
            raise ValueError(f"{format_duration(announce)} is no time to read and veto in; {said}")
        return announce

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wrong = [*self._contradictions(), *self._turned_around()]
        if self.earns and self.limits is None:
            wrong.append(
                "autonomy: a rule says `signers: none`; say its `limits`: per_day, dependents, instances"
            )
        if wrong:
            raise PydanticCustomError("mistakes", "{lines}", {"lines": "\n".join(wrong)})
        return self

    @property
    def earns(self) -> bool:
        """Whether any change may be without a person."""
        return any(rule.signers is Signers.NONE for rule in self.rules)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 (hex) of all that it says: what was permitted under another text is void."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def rule_for(self, kind: ActionKind, service: str, severity: Severity | None) -> int | None:
        """The number (from 0) of the strictest rule that covers such a change; None: none does."""
        covering = [n for n, rule in enumerate(self.rules) if rule.covers(kind, service, severity)]
        return max(covering, key=lambda n: self.rules[n].signers.people, default=None)

    def people(self, kind: ActionKind, service: str, severity: Severity | None) -> int | None:
        """How many people such a change takes by this policy; None: it does not speak of it."""
        number = self.rule_for(kind, service, severity)
        return self.rules[number].signers.people if number is not None else None

    def permits(self) -> Iterator[tuple[int, ActionKind, str, Severity]]:
        """Everything that may be without a person, with the number of the rule that says so."""
        for number, rule in enumerate(self.rules):
            if rule.signers is Signers.NONE:
                for kind in rule.kinds:
                    for service in rule.services:
                        for severity in rule.severities:
                            yield number, kind, service, severity

    def _contradictions(self) -> list[str]:
        found = dict[tuple[int, int], str]()
        for number, kind, service, severity in self.permits():
            for other, rule in enumerate(self.rules):
                if rule.signers is not Signers.NONE and rule.covers(kind, service, severity):
                    said = f"lets a {kind} of {service} in a {severity} begin without a person"
                    asked = f"rules[{other}] asks for {rule.signers}; say one of them"
                    found.setdefault((number, other), f"autonomy.rules[{number}] {said}, and {asked}")
        return list(found.values())

    def _turned_around(self) -> list[str]:
        """A worse incident takes no fewer people, or a word that raises the level would take them away."""
        named = (name for rule in self.rules for name in rule.services)
        of = [(kind, service) for service in dict.fromkeys((*named, _OTHER)) for kind in ActionKind]
        return [
            f"autonomy: for a {kind} of {service} fewer people sign in a {worse} ({fewer}) than in a "
            f"{milder} ({more}), which is milder; let the {worse} take {more} at least, or the {milder} "
            f"{fewer}"
            for kind, service in of
            for worse, milder in pairwise(_LEVELS)
            if (fewer := self._usual(kind, service, worse)) < (more := self._usual(kind, service, milder))
        ][:3]

    def _usual(self, kind: ActionKind, service: str, severity: Severity) -> int:
        said = self.people(kind, service, severity)
        return said if said is not None else (1 if kind in UNDOABLE or kind is ActionKind.RESTART else 2)
