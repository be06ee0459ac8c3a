"""The line that tells of a proposal: it waits for people, or stands in shadow."""

from graph.paging import say
from graph.state import Deps
from graph.timeline import entry
from incidents.action import ActionState, Proposal
from incidents.deeds import planned
from incidents.incident import Incident
from incidents.texts import forms_of
from incidents.timeline import Entry, EntryKind
from tools.retold import retold


def proposal_entry(deps: Deps, incident: Incident, made: Proposal) -> Entry:
    """The line that tells people what waits for them."""
    before, forms = incident.unanswered, forms_of(incident.language)
    text = say(
        incident,
        _how(made, again=bool(before)),
        at=forms.second(made.begins_at) if made.begins_at is not None else "",
        id=made.id,
        change=planned(made.action, incident.language),
        n=str(len(before) + 1),
        since=forms.second(before[0].proposed_at) if before else "",
        reason=retold(made.reason, incident.language),
        digest=made.digest[:12],
    )
    return entry(
        incident,
        deps.clock.now(),
        EntryKind.PROPOSAL,
        text,
        f"proposed:{made.id}",
        role=made.proposed_by,
        engine=made.engine,
        evidence=made.evidence,
    )


def _how(made: Proposal, *, again: bool) -> str:
    if made.begins_at is not None:
        return "change.undone" if made.undo_of is not None else "change.announced"
    return "change.proposed_again" if again else "change.proposed"


def in_shadow(deps: Deps, incident: Incident, made: Proposal) -> tuple[Incident, Entry]:
    """The change as it would have been put to people, with the moment at which it stood; nobody is asked."""
    stands = made.model_copy(update={"state": ActionState.SHADOW})
    after = incident.with_proposal(stands)
    change, reason = planned(made.action, incident.language), retold(made.reason, incident.language)
    text = say(after, "change.shadow", id=made.id, change=change, reason=reason)
    line = entry(
        after, deps.clock.now(), EntryKind.PROPOSAL, text, f"proposed:{made.id}", role=made.proposed_by,
        engine=made.engine, evidence=made.evidence,
    )  # fmt: skip
    return after, line
