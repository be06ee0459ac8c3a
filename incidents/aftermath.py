"""How a proposed change stands, before the click and after it: one stage and its sentence."""

from datetime import datetime
from enum import StrEnum

from incidents.action import ActionState, Proposal
from incidents.incident import Incident
from incidents.people_did import told
from incidents.value import Value
from incidents.verification import Recovery, Verification


class Stage(StrEnum):
    """Where a change stands. Telemetry that is silent is no recovery: `cannot_tell` is a stage of its own."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REVOKED = "revoked"
    EXECUTING = "executing"
    UNKNOWN = "unknown"
    FAILED = "failed"
    DRIFTED = "drifted"
    SHADOW = "shadow"
    WATCHING = "watching"
    RECOVERED = "recovered"
    UNCHANGED = "unchanged"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"
    UNDONE = "undone"


class Aftermath(Value):
    """A stage in words.

    Attributes:
        stage: which.
        title: two or three words, as a badge shows them.
        sentence: what happened, and what happens next.
        watch: the latest verdict of its watch, with what was measured.
        watched: whether the watch goes on.
    """

    stage: Stage
    title: str
    sentence: str
    watch: Verification | None = None
    watched: bool = False


#: Stages that no check of a watch is asked for.
_PLAIN = {
    ActionState.APPROVED: (Stage.APPROVED, "approved"),
    ActionState.REJECTED: (Stage.REJECTED, "rejected"),
    ActionState.EXPIRED: (Stage.EXPIRED, "expired"),
    ActionState.REVOKED: (Stage.REVOKED, "taken back"),
    ActionState.EXECUTING: (Stage.EXECUTING, "being carried out"),
    ActionState.UNKNOWN: (Stage.UNKNOWN, "not known"),
    ActionState.FAILED: (Stage.FAILED, "failed"),
    ActionState.DRIFTED: (Stage.DRIFTED, "not carried out"),
    ActionState.SHADOW: (Stage.SHADOW, "in shadow"),
}
_WATCHED = {
    None: (Stage.WATCHING, "done, watching"),
    Recovery.RECOVERED: (Stage.RECOVERED, "recovered"),
    Recovery.UNCHANGED: (Stage.UNCHANGED, "no effect seen"),
    Recovery.WORSE: (Stage.WORSE, "worse"),
    Recovery.UNKNOWN: (Stage.CANNOT_TELL, "cannot tell"),
}


def how_it_stands(incident: Incident, proposal: Proposal, now: datetime, begun: bool = False) -> Aftermath:
    """How a change of an incident stands.

    Args:
        incident: as it stands.
        proposal: of it, with every signature that was given.
        now: the moment of the incident's clock.
        begun: an intent to execute it is kept that has no outcome yet.
    """
    if begun and proposal.waits:
        proposal = proposal.model_copy(update={"state": ActionState.EXECUTING})
    if proposal.state is ActionState.PROPOSED:
        return _waiting(proposal, now)
    if proposal.state is not ActionState.DONE:
        stage, title = _PLAIN[proposal.state]
        return Aftermath(stage=stage, title=title, sentence=_plainly(proposal))
    undone = next(
        (p for p in incident.proposals if p.undo_of == proposal.id and p.state is ActionState.DONE), None
    )
    if undone is not None:
        at = f" at {undone.outcome.at:%H:%M:%S} UTC" if undone.outcome else ""
        return Aftermath(
            stage=Stage.UNDONE, title="undone", sentence=f"It was done and taken back{at}, by {undone.id}."
        )
    return _after(incident, proposal, now)


def _waiting(proposal: Proposal, now: datetime) -> Aftermath:
    if now >= proposal.expires_at:
        return Aftermath(
            stage=Stage.EXPIRED, title="expired",
            sentence=f"Its time ran out at {proposal.expires_at:%H:%M:%S} UTC. If it is still wanted it is "
            "planned anew, from the state as it is then, and asked again.",
        )  # fmt: skip
    if proposal.begins_at is not None:
        when = f"at {proposal.begins_at:%H:%M:%S} UTC" if now < proposal.begins_at else "in a moment"
        return Aftermath(
            stage=Stage.WAITING, title="begins by itself",
            sentence=f"It begins by itself {when}, without a signature, unless somebody rejects it before.",
        )  # fmt: skip
    given, missing = len(proposal.approvals), proposal.missing
    people = "one person has" if missing == 1 else f"{missing} people have"
    had = f" {given} of {proposal.approvers_needed} have signed." if given else ""
    title = "waits for a signature" if missing == 1 else "waits for signatures"
    sentence = f"Nothing runs until {people}{' also' if given else ''} signed.{had}"
    return Aftermath(stage=Stage.WAITING, title=title, sentence=sentence)


def _plainly(proposal: Proposal) -> str:
    last = proposal.approvals[-1] if proposal.approvals else None
    detail = proposal.outcome.detail if proposal.outcome is not None else ""
    return {
        ActionState.APPROVED: "It was signed and begins in a moment. Until it begins it can be taken back.",
        ActionState.REJECTED: f"{last.by if last else 'Somebody'} rejected it"
        f"{f': {last.note}' if last and last.note else ''}. Nothing was executed; the agents look again.",
        ActionState.EXPIRED: "Nobody decided in time. Nothing was executed.",
        ActionState.REVOKED: "It was taken back before it began. Nothing was executed.",
        ActionState.EXECUTING: "It is being carried out. It is not done a second time, whatever happens.",
        ActionState.UNKNOWN: "It was begun, and nobody can say whether it was done. It is not done a second "
        "time: look at the target, and say what you see.",
        ActionState.FAILED: f"It failed: {detail or 'the target gave no reason'}.",
        ActionState.DRIFTED: "The target was no longer as it was when this was signed. Nothing was executed.",
        ActionState.SHADOW: _in_shadow(proposal),
    }[proposal.state]


def _in_shadow(proposal: Proposal) -> str:
    stood = "It stood in shadow: nobody was asked, and it is never carried out."
    if (did := proposal.people_did) is None:
        return stood
    said = told(did, proposal.proposed_at)
    return f"{stood} {said[0].upper()}{said[1:]}."


def _after(incident: Incident, proposal: Proposal, now: datetime) -> Aftermath:
    """Done: how its watch goes, or went."""
    running = incident.watch if incident.watch is not None and incident.watch.action == proposal.id else None
    found = running.checks[-1] if running is not None and running.checks else None
    if found is None and incident.verification is not None and incident.verification.action == proposal.id:
        found = incident.verification
    stage, title = _WATCHED[found.verdict if found else None]
    undo = next((p for p in incident.proposals if p.undo_of == proposal.id and p.waits), None)
    done = f"Done at {proposal.outcome.at:%H:%M:%S} UTC" if proposal.outcome is not None else "Done"
    goes_on = running is not None and incident.open and now < running.until
    said = {
        Stage.WATCHING: f"{done}. " + ("Nothing has been measured since." if found is None else ""),
        Stage.RECOVERED: f"{done}. The signals are back at their usual level"
        + (", which is no proof yet." if goes_on else "."),
        Stage.UNCHANGED: f"{done}. The signals have not changed.",
        Stage.WORSE: f"{done}. The signals got worse.",
        Stage.CANNOT_TELL: f"{done}. Whether it helped cannot be told: the telemetry is silent, and silence "
        "is no recovery.",
    }[stage]
    watch = f" Watched until {running.until:%H:%M} UTC." if running is not None and goes_on else ""
    does = "begins by itself" if undo is not None and undo.begins_at is not None else "waits for a signature"
    offered = f" Its undo {does}: {undo.id}." if undo is not None else ""
    return Aftermath(
        stage=stage, title=title, sentence=f"{said.strip()}{watch}{offered}", watch=found, watched=goes_on
    )
