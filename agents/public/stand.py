"""The state of an incident as customers may know it: typed facts, and nothing with a name."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from incidents.action import UNSETTLED, ActionState
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.language import Language
from incidents.milestones import over_at
from incidents.severity import Status
from incidents.texts import forms_of
from incidents.value import Moment, Value, by_minute
from incidents.verification import Recovery

#: A share of failed requests from which on users would call it down.
_DOWN = 0.995
#: What is less than that, nobody notices.
_FAILING, _SLOW = 0.01, 1.5


class Felt(StrEnum):
    """What is known of what users notice; each has a sentence of its own."""

    NORMAL = "normal"
    SO_FAR = "so_far"
    SAID_OVER = "said_over"
    QUIET = "quiet"
    UNAFFECTED = "unaffected"
    REPORTED = "reported"
    UNCHECKED = "unchecked"
    DOWN = "down"
    FAILING = "failing"
    SLOW = "slow"
    FAILING_AND_SLOW = "failing_and_slow"
    INSIDE = "inside"
    SOME = "some"


class Doing(StrEnum):
    """What is being done about it; each has a sentence of its own."""

    OVER = "over"
    NOTHING = "nothing"
    PEOPLE = "people"
    CALM = "calm"
    UNDO = "undo"
    CHECKING = "checking"
    HELPED = "helped"
    APPLYING = "applying"
    WAITING = "waiting"
    FOUND = "found"
    LOOKING = "looking"


class PublicStand(Value):
    """What may be told, and with which figures. None is not known, and is not told.

    Attributes:
        share: of requests that fail now, as a ratio.
        times: how many times as long answers take now.
        worst: the largest share that was measured.
        began: since when it is, by the diagnosis.
        ended: by when it was over.
        ever_felt: whether users were ever measured to notice it.
        same: since when there is no news, where that is to be told.
        moved: whether what users notice has changed since.
        at: now.
        facts: what was measured of it, for whoever keeps it.
        language: in which it is told.
    """

    felt: Felt
    doing: Doing
    share: float | None = None
    times: float | None = None
    worst: float | None = None
    began: Moment | None = None
    ended: Moment | None = None
    ever_felt: bool = False
    same: Moment | None = None
    moved: bool = False
    at: Moment
    facts: Facts | None = None
    language: Language = Language.EN

    @model_validator(mode="after")
    def _measured(self) -> Self:
        """What is told in figures has them."""
        if self.felt in {Felt.FAILING, Felt.FAILING_AND_SLOW} and self.share is None:
            raise ValueError("requests are said to fail, and their share is not known")
        if self.felt in {Felt.SLOW, Felt.FAILING_AND_SLOW} and self.times is None:
            raise ValueError("answers are said to be slow, and it is not known how slow")
        return self

    @property
    def down(self) -> bool:
        """Whether what users touch answers nothing."""
        return self.felt is Felt.DOWN

    def slots(self) -> dict[str, str]:
        """The facts that are known, in customers' words."""
        forms = forms_of(self.language)
        told = {
            "share": forms.percent(self.share) if self.share is not None else None,
            "times": forms.times(self.times) if self.times is not None else None,
            "worst": forms.percent(self.worst) if self.worst is not None else None,
            "began": forms.at(self.began, self.at) if self.began is not None else None,
            "ended": forms.at(by_minute(self.ended), self.at) if self.ended is not None else None,
            "quiet": forms.since(by_minute(self.ended), self.at) if self.ended is not None else None,
            "same": forms.since(self.same, self.at) if self.same is not None else None,
        }
        return {name: text for name, text in told.items() if text is not None}


def stand_of(incident: Incident, at: datetime) -> PublicStand:
    """How an incident stands at a moment of its clock, by the facts that were measured last."""
    facts, peak = incident.facts, incident.peak
    onset = incident.diagnosis.onset if incident.diagnosis and incident.diagnosis.known else None
    over = over_at(incident) or incident.calm_since
    return PublicStand(
        felt=_felt(incident),
        doing=_doing(incident),
        share=facts.error_ratio if facts is not None else None,
        times=facts.latency_times if facts is not None else None,
        worst=peak.error_ratio if peak is not None and (peak.error_ratio or 0) >= _FAILING else None,
        began=onset,
        ended=over if over is not None and onset is not None and over >= onset else None,
        ever_felt=any(one is not None and one.customers_affected is True for one in (facts, peak)),
        at=at,
        facts=facts,
        language=incident.language,
    )


def _felt(incident: Incident) -> Felt:
    facts = incident.facts
    if incident.status is Status.FALSE_ALARM:
        return Felt.UNAFFECTED
    if _settling(incident):
        return Felt.UNCHECKED
    if _recovered(incident) or incident.calm_since is not None:
        return Felt.SO_FAR if incident.open else Felt.NORMAL
    if incident.status is Status.RESOLVED:
        hurt = facts is not None and facts.customers_affected is True
        if not hurt:
            return Felt.NORMAL
        # A shadow ends by its alerts: nobody has said anything of it.
        return Felt.QUIET if incident.shadow.whole else Felt.SAID_OVER
    if facts is None or facts.quiet is None:
        return Felt.REPORTED
    if (measured := _measured(facts)) is not None:
        return measured
    return Felt.INSIDE if facts.customers_affected is False else Felt.SOME


def _settling(incident: Incident) -> bool:
    """Whether what was changed has not been checked: figures are of before it, or of both sides of it."""
    facts = incident.facts
    unharmed = facts is not None and facts.customers_affected is False and _measured(facts) is None
    return incident.open and incident.watch is not None and not incident.watch.checks and not unharmed


def _recovered(incident: Incident) -> bool:
    return incident.verification is not None and incident.verification.verdict is Recovery.RECOVERED


def _measured(facts: Facts) -> Felt | None:
    if facts.down or (facts.error_ratio or 0.0) >= _DOWN:
        return Felt.DOWN
    failing, slow = (facts.error_ratio or 0.0) >= _FAILING, (facts.latency_times or 0.0) >= _SLOW
    if failing and slow:
        return Felt.FAILING_AND_SLOW
    if failing:
        return Felt.FAILING
    return Felt.SLOW if slow else None


def _doing(incident: Incident) -> Doing:
    if incident.status is Status.RESOLVED:
        return Doing.OVER
    if incident.status is Status.FALSE_ALARM:
        return Doing.NOTHING
    if incident.stopped or (incident.status is Status.HANDED_OVER and incident.watch is None):
        return Doing.PEOPLE
    if incident.calm_since is not None and incident.open:
        return Doing.CALM
    if incident.watch is not None:
        return _watching(incident)
    if any(p.state is ActionState.APPROVED or p.state in UNSETTLED for p in incident.proposals):
        return Doing.APPLYING
    if incident.pending:
        return Doing.WAITING
    known = incident.diagnosis is not None and incident.diagnosis.known
    return Doing.FOUND if known else Doing.LOOKING


def _watching(incident: Incident) -> Doing:
    checks = incident.watch.checks if incident.watch is not None else ()
    verdict = checks[-1].verdict if checks else Recovery.UNKNOWN
    if verdict in {Recovery.WORSE, Recovery.UNCHANGED}:
        return Doing.UNDO
    return Doing.HELPED if verdict is Recovery.RECOVERED else Doing.CHECKING
