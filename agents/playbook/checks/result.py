"""What a role sees when it looks: the state of a check, a sentence with figures, and hints at the cause."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from agents.engine import RoleContext
from incidents.findings import Category, Channel
from incidents.reports import CheckResult, CheckState
from incidents.value import Moment, Value
from incidents.verification import SignalKind
from tools.toolset import Answer

R = TypeVar("R", bound=Value)


class Hint(Value):
    """One observation for (or against) a service, and for a category if it says what kind of cause.

    `weight` is in the same measure for all hints: 1 is one clear sign. `faint` is True where it is hardly
    more than chance does, `ranked` where it is a suspect's place, `itself` where the part, or whatever runs
    it, was asked and says so, `named` where that tells what is wrong with it, `near` is False where a change
    was made so long before the onset that others fit by chance as well.
    """

    service: str
    category: Category | None = None
    channel: Channel
    text: str
    weight: float
    evidence: str
    against: bool = False
    faint: bool = False
    ranked: bool = False
    itself: bool = False
    named: bool = False
    near: bool = True
    onset: Moment | None = None
    change: str | None = None


class CheckOutcome(Value):
    """The result of one look.

    `measured` is False where it does not rest on telemetry: what was deployed, or that nothing stands out in
    a ranking, which is also true of no data at all.
    """

    state: CheckState
    finding: str
    measured: bool = True
    evidence: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    gaps: tuple[str, ...] = ()

    def as_check(self, check: str) -> CheckResult:
        """The look as the answer to a check of the runbook."""
        return CheckResult(check=check, state=self.state, finding=self.finding, evidence=self.evidence)


@dataclass(frozen=True)
class CheckScope:
    """What a look is about.

    Attributes:
        context: who looks, with which tools.
        services: the services in question.
        kind: the kind of signal, if only one is meant.
        fresh: only what was not hit before counts.
        external: only parts that others run count.
        onset: since when things deviate, as far as is known.
    """

    context: RoleContext
    services: tuple[str, ...]
    kind: SignalKind | None = None
    fresh: bool = False
    external: bool = False
    onset: datetime | None = None

    @property
    def hit_before(self) -> frozenset[str]:
        """The services that the incident had hit before anything was done about it."""
        incident = self.context.incident
        watched = (signal.service for signal in incident.signals if signal.opened)
        suspected = (suspect.service for suspect in incident.suspects)
        return frozenset((*incident.services, *watched, *suspected))


def no_data(finding: str, answer: Answer[R] | None = None) -> CheckOutcome:
    """Nothing could be seen; the evidence of the empty answer is kept, a backend that failed is a gap."""
    failed = answer is not None and answer.data is None
    return CheckOutcome(
        state=CheckState.NO_DATA,
        finding=finding,
        evidence=(answer.id,) if answer is not None else (),
        gaps=(answer.evidence.summary,) if answer is not None and failed else (),
    )


def combine(parts: Iterable[CheckOutcome]) -> CheckOutcome:
    """Several looks as one: abnormal if one is, without data only if all are."""
    seen = list(parts)
    told = [one for one in seen if one.state is not CheckState.NO_DATA] or seen[:1]
    if not told:
        return no_data("there is no service to look at")
    abnormal = [one for one in told if one.state is CheckState.ABNORMAL]
    return CheckOutcome(
        state=abnormal[0].state if abnormal else told[0].state,
        measured=any(one.measured for one in told),
        finding=" ".join(one.finding for one in (abnormal or told)),
        evidence=_once(identity for one in seen for identity in one.evidence),
        hints=tuple(hint for one in seen for hint in one.hints),
        gaps=_once(gap for one in seen for gap in one.gaps),
    )


def state_of(abnormal: bool) -> CheckState:
    """Abnormal or normal; for looks that have data."""
    return CheckState.ABNORMAL if abnormal else CheckState.NORMAL


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
