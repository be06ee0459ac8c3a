"""How often what was proposed was right, as people judged it: by service and kind of change. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from statistics import median
from typing import Self

from pydantic import Field

from incidents.action import Action, ActionKind, ActionState, Proposal
from incidents.drill import Rehearsed
from incidents.incident import Incident
from incidents.intervals import ENOUGH, wilson
from incidents.people_did import ahead
from incidents.proofs import Proof
from incidents.value import Moment, Value
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from incidents.verification import Recovery


class Where(StrEnum):
    """Where something was proposed: to people, in shadow, in the replay of a past alert."""

    LIVE = "live"
    SHADOW = "shadow"
    BACKTEST = "backtest"


class Proposed(Value):
    """The first change that an incident proposed, and what came of it.

    Attributes:
        incident: its id; of a replay the occurrence's.
        title: the change as people read it.
        at: when it stood; of a replay on the clock of that time.
        judgement: what people say of the diagnosis that it stood on; None: nobody has.
        held: whether it was carried out and the watch saw recovery; None: it was not carried out, or nobody
            can say.
        ahead: how much earlier it stood than people did the same by themselves, where they did.
    """

    service: str
    kind: ActionKind
    where: Where = Where.LIVE
    incident: str = ""
    title: str = ""
    at: Moment | None = None
    judgement: Judgement | None = None
    held: bool | None = None
    ahead: timedelta | None = None

    @classmethod
    def of(cls, action: Action, **known: object) -> Self:
        """Of an action."""
        return cls.model_validate({"service": action.service, "kind": action.kind, **known})


class TrustLine(Value):
    """One service and kind of change, of one place: what was asked, what stood in shadow, what was replayed.

    Attributes:
        judged: how many proposals stood on a diagnosis that people called right, partly right or wrong.
        right: how many of these on one that was right; partly is not.
        low, high: the 95 % interval of that share; null where nobody judged any.
        wrong: what would have gone ahead on a wrong diagnosis.
        held, failed: of those carried out, after how many recovery was seen, and was not.
        ahead_seconds: how much earlier a proposal stood than people did the same, in the middle; null: never.
        enough: whether that many were judged that the share says something.
        plannable: whether the last drill could plan such a change with its undo; null: none has tried.
        drilled_at: when that was.
        proof: the last undo of one that was really carried out and watched, or failed; null: none was.
    """

    service: str
    kind: ActionKind
    where: Where = Where.LIVE
    proposed: int = Field(ge=0)
    judged: int
    right: int
    wrong: int
    low: float | None
    high: float | None
    held: int
    failed: int
    ahead_seconds: float | None
    enough: bool
    plannable: bool | None = None
    drilled_at: Moment | None = None
    proof: Proof | None = None


def trust(proposed: Iterable[Proposed]) -> tuple[TrustLine, ...]:
    """One line for each place, service and kind: first what was asked live, then by their names."""
    ordered = sorted(proposed, key=_place)
    return tuple(_line(list(group)) for _, group in groupby(ordered, key=_place))


def first_proposed(incident: Incident, verdicts: Iterable[DiagnosisVerdict]) -> tuple[Proposed, ...]:
    """What an incident proposed first: to people, and in shadow, if it did.

    Where people disagree about its diagnosis, the one who says wrong counts.
    """
    found, asked = incident.diagnosis, [one for one in incident.proposals if one.undo_of is None]
    said = [one.judgement for one in verdicts if found is not None and one.key == key_of(found)]
    together = _together(said)
    live = next((one for one in asked if one.state is not ActionState.SHADOW), None)
    return (
        *((_of(incident, live, Where.LIVE, together, held=_held(incident, live)),) if live else ()),
        *(
            _of(incident, one, Where.SHADOW, together, ahead=ahead(one.people_did, one.proposed_at))
            for one in incident.shadowed[:1]
        ),
    )


def _of(
    incident: Incident, one: Proposal, where: Where, judgement: Judgement | None, **known: object
) -> Proposed:
    who = {"incident": incident.id, "title": one.action.title, "at": one.proposed_at}
    return Proposed.of(one.action, **who, where=where, judgement=judgement, **known)


def _held(incident: Incident, first: Proposal) -> bool | None:
    """Whether what was carried out held; None: it was not carried out, or nobody can say."""
    seen, held = incident.verification, None
    if first.state is ActionState.DONE and seen is not None and seen.action == first.id:
        known = seen.verdict is not Recovery.UNKNOWN
        held = (seen.verdict is Recovery.RECOVERED and not incident.reopened) if known else None
    return held


def _together(said: list[Judgement]) -> Judgement | None:
    order = (Judgement.WRONG, Judgement.PARTLY, Judgement.RIGHT, Judgement.DO_NOT_KNOW)
    return next((one for one in order if one in said), None)


def _place(one: Proposed) -> tuple[int, str, str]:
    return (list(Where).index(one.where), one.service, one.kind)


def with_drills(
    lines: Iterable[TrustLine], drilled: Iterable[Rehearsed], proofs: Iterable[Proof]
) -> tuple[TrustLine, ...]:
    """The lines with what drills tried and undos proved; what nobody proposed has a line of its own."""
    every = tuple(lines)
    told = {(one.service, one.kind): one for one in every if one.where is Where.LIVE}
    found: dict[tuple[str, ActionKind], dict[str, object]] = {}
    for one in drilled:
        found.setdefault((one.service, one.kind), {}).update(plannable=one.plannable, drilled_at=one.at)
    for proof in sorted(proofs, key=lambda one: one.at):
        found.setdefault((proof.service, proof.kind), {})["proof"] = proof
    for place, known in found.items():
        told[place] = told.get(place, _nothing(*place)).model_copy(update=known)
    elsewhere = (one for one in every if one.where is not Where.LIVE)
    return (*(told[place] for place in sorted(told)), *elsewhere)


def _nothing(service: str, kind: ActionKind) -> TrustLine:
    return TrustLine(
        service=service, kind=kind, proposed=0, judged=0, right=0, wrong=0, low=None, high=None, held=0,
        failed=0, ahead_seconds=None, enough=False,
    )  # fmt: skip


def _line(group: list[Proposed]) -> TrustLine:
    judged = [one.judgement for one in group if one.judgement not in {None, Judgement.DO_NOT_KNOW}]
    right = judged.count(Judgement.RIGHT)
    between = wilson(right, len(judged)) if judged else None
    earlier = [one.ahead.total_seconds() for one in group if one.ahead is not None]
    return TrustLine(
        service=group[0].service,
        kind=group[0].kind,
        where=group[0].where,
        proposed=len(group),
        judged=len(judged),
        right=right,
        wrong=judged.count(Judgement.WRONG),
        low=between.low if between else None,
        high=between.high if between else None,
        held=sum(one.held is True for one in group),
        failed=sum(one.held is False for one in group),
        ahead_seconds=median(earlier) if earlier else None,
        enough=len(judged) >= ENOUGH,
    )
