"""How often what was proposed was right, as people judged it: by service and kind of change. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from statistics import median
from typing import Self

from pydantic import Field

from incidents.action import Action, ActionKind, ActionState
from incidents.drill import Rehearsed
from incidents.incident import Incident
from incidents.intervals import wilson
from incidents.proofs import Proof
from incidents.value import Moment, Value
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from incidents.verification import Recovery

#: Of fewer judged ones nothing is said: 9 of 9 may be as little as 70 %.
ENOUGH = 10


class Proposed(Value):
    """The first change that an incident proposed, and what came of it.

    Attributes:
        judgement: what people say of the diagnosis that it stood on; None: nobody has.
        held: whether it was carried out and the watch saw recovery; None: it was not carried out, or nobody
            can say.
        ahead: how much earlier it stood than people did the same by themselves, where they did.
    """

    service: str
    kind: ActionKind
    judgement: Judgement | None = None
    held: bool | None = None
    ahead: timedelta | None = None

    @classmethod
    def of(cls, action: Action, **known: object) -> Self:
        """Of an action."""
        return cls.model_validate({"service": action.service, "kind": action.kind, **known})


class TrustLine(Value):
    """One service and kind of change.

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
    """One line for each service and kind, by their names."""
    ordered = sorted(proposed, key=_place)
    return tuple(_line(list(group)) for _, group in groupby(ordered, key=_place))


def first_proposed(incident: Incident, verdicts: Iterable[DiagnosisVerdict]) -> Proposed | None:
    """What an incident proposed first; None where it proposed nothing.

    Where people disagree about its diagnosis, the one who says wrong counts.
    """
    first = next((one for one in incident.proposals if one.undo_of is None), None)
    if first is None:
        return None
    seen, held = incident.verification, None
    if first.state is ActionState.DONE and seen is not None and seen.action == first.id:
        known = seen.verdict is not Recovery.UNKNOWN
        held = (seen.verdict is Recovery.RECOVERED and not incident.reopened) if known else None
    found = incident.diagnosis
    said = [one.judgement for one in verdicts if found is not None and one.key == key_of(found)]
    return Proposed.of(first.action, judgement=_together(said), held=held)


def _together(said: list[Judgement]) -> Judgement | None:
    order = (Judgement.WRONG, Judgement.PARTLY, Judgement.RIGHT, Judgement.DO_NOT_KNOW)
    return next((one for one in order if one in said), None)


def _place(one: Proposed) -> tuple[str, str]:
    return (one.service, one.kind)


def with_drills(
    lines: Iterable[TrustLine], drilled: Iterable[Rehearsed], proofs: Iterable[Proof]
) -> tuple[TrustLine, ...]:
    """The lines with what drills tried and undos proved; what nobody proposed has a line of its own."""
    told = {(one.service, one.kind): one for one in lines}
    found: dict[tuple[str, ActionKind], dict[str, object]] = {}
    for one in drilled:
        found.setdefault((one.service, one.kind), {}).update(plannable=one.plannable, drilled_at=one.at)
    for proof in sorted(proofs, key=lambda one: one.at):
        found.setdefault((proof.service, proof.kind), {})["proof"] = proof
    for place, known in found.items():
        told[place] = told.get(place, _nothing(*place)).model_copy(update=known)
    return tuple(told[place] for place in sorted(told))


def _nothing(service: str, kind: ActionKind) -> TrustLine:
    return TrustLine(
        service=service, kind=kind, proposed=0, judged=0, right=0, wrong=0, low=None, high=None, held=0,
        failed=0, ahead_seconds=None, enough=False,
    )  # fmt: skip


def _line(group: list[Proposed]) -> TrustLine:
    judged = [one.judgement for one in group if one.judgement not in {None, Judgement.DO_NOT_KNOW}]
    right = judged.count(Judgement.RIGHT)
    between = wilson(right, len(judged)) if judged else None
    ahead = [one.ahead.total_seconds() for one in group if one.ahead is not None]
    return TrustLine(
        service=group[0].service,
        kind=group[0].kind,
        proposed=len(group),
        judged=len(judged),
        right=right,
        wrong=judged.count(Judgement.WRONG),
        low=between.low if between else None,
        high=between.high if between else None,
        held=sum(one.held is True for one in group),
        failed=sum(one.held is False for one in group),
        ahead_seconds=median(ahead) if ahead else None,
        enough=len(judged) >= ENOUGH,
    )
