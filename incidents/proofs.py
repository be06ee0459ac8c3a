"""Which undos are proven: one of that kind and service was really carried out, and watched. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import Field

from incidents.action import Action, ActionKind, Proposal
from incidents.drill import Drill
from incidents.incident import Incident
from incidents.value import Moment, Value
from incidents.verification import Recovery

#: A proof that is older says little: what is deployed, and how, has changed since.
LASTS = timedelta(days=90)


class Proof(Value):
    """An undo that Nexus carried out and watched to the end of its watch, or that failed.

    A dry run is none, nor is what a person says that they saw, nor an undo after which nothing was measured.

    Attributes:
        service: for which it counts.
        kind: that of the change that was taken back.
        undo: what was carried out.
        at: when its target said what came of it.
        seen: what the last look of the watch saw; None: it failed.
    """

    service: str
    kind: ActionKind
    undo: Action
    at: Moment
    seen: Recovery | None
    source: str = Field(description="the incident or the drill in which it was carried out")
    proposal: str = Field(description="its id there")
    calm: bool = Field(default=False, description="of a drill: nothing was broken before it")

    @property
    def good(self) -> bool:
        """Whether nothing got worse by it.

        An incident that it did not mend says nothing against the undo; on a calm day all has to be as before.
        """
        return self.seen is Recovery.RECOVERED or (self.seen is Recovery.UNCHANGED and not self.calm)

    @property
    def until(self) -> datetime:
        """How long it proves anything."""
        return self.at + LASTS

    def holds(self, now: datetime) -> bool:
        """Whether it still proves that such a change can be taken back."""
        return self.good and timedelta() <= now - self.at <= LASTS


def proofs_of(incident: Incident) -> tuple[Proof, ...]:
    """The undos that an incident proves, in the order in which they were proposed."""
    found = (_proof(incident, one) for one in incident.proposals)
    return tuple(one for one in found if one is not None)


def proofs_of_drill(drill: Drill) -> tuple[Proof, ...]:
    """What a drill proves that really made a change: for its target, and for those that this stands for."""
    change, undo = drill.change, drill.undo
    found = _of(undo, change, drill.id) if change is not None and undo is not None else None
    if found is None:
        return ()
    found = found.model_copy(update={"calm": True})
    others = (found.model_copy(update={"service": name}) for name in drill.stands_for)
    return (found, *others)


def proven(proofs: Iterable[Proof], now: datetime) -> Proof | None:
    """The latest that still holds; None where the last undo failed or made things worse, or none holds."""
    latest = max(proofs, key=lambda one: one.at, default=None)
    return latest if latest is not None and latest.holds(now) else None


def _proof(incident: Incident, undo: Proposal) -> Proof | None:
    change = incident.proposal(undo.undo_of) if undo.undo_of is not None else None
    if change is None or _watched_still(incident, undo):
        return None
    return _of(undo, change, incident.id)


def _of(undo: Proposal, change: Proposal, source: str) -> Proof | None:
    outcome, seen = undo.outcome, undo.seen
    if outcome is None or outcome.said_by is not None:
        return None
    if outcome.done and seen in {None, Recovery.UNKNOWN}:
        return None
    return Proof(
        service=change.action.service, kind=change.action.kind, undo=undo.action, at=outcome.at,
        seen=seen if outcome.done else None, source=source, proposal=undo.id,
    )  # fmt: skip


def _watched_still(incident: Incident, change: Proposal) -> bool:
    return incident.open and incident.watch is not None and incident.watch.action == change.id
