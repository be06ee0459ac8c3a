"""Where an incident stands, in plain words: shared by status updates, briefs, assessments."""

import re

from agents.public import said, stand_of
from incidents.action import ActionState, Proposal
from incidents.currency import money
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.language import Language
from incidents.verification import Recovery
from tools.plainly import plainly
from tools.wording import capital

#: Fewer failures are not told, and answers that are less slow are not beside them.
_FAILING, _TWICE = 0.01, 2.0
#: Smaller amounts are told as they are.
_LITTLE = 100
_BROUGHT = " brought it"


def current_action(incident: Incident) -> str:
    """What is being done, as customers read it."""
    return said(stand_of(incident, incident.step_since).doing.value, {}, Language.EN)


def is_down(incident: Incident) -> bool:
    """Whether what users touch answers nothing, by the last measurement."""
    return stand_of(incident, incident.step_since).down


def _recovered(incident: Incident) -> bool:
    return incident.verification is not None and incident.verification.verdict is Recovery.RECOVERED


def said_action(incident: Incident) -> str:
    """What is being done, with the names that the inside knows, in sentences."""
    proposal = latest(incident)
    if proposal is None:
        return current_action(incident)
    what = f"{capital(proposal.action.title)} ({proposal.id})"
    if proposal.state is ActionState.DONE:
        return f"{capital(proposal.action.done)}. {_AFTER.get(_became(incident), _AFTER[Recovery.UNKNOWN])}"
    stand = {
        ActionState.PROPOSED: "this waits for approval",
        ActionState.APPROVED: "this is approved, and is about to begin",
        ActionState.EXECUTING: "this is being done",
        ActionState.SHADOW: "this would be proposed now, and in shadow it is not",
        ActionState.UNKNOWN: "this was begun, and it is not known whether it was done",
    }
    if (said := stand.get(proposal.state)) is not None:
        return f"{what}: {said}."
    return f"{what}: this is {proposal.state}. {current_action(incident)}"


def _became(incident: Incident) -> Recovery:
    """What became of it by the last check after the change that runs now."""
    seen, watch = incident.verification, incident.watch
    mine = seen is not None and (watch is None or seen.at >= watch.started_at)
    return seen.verdict if seen is not None and mine else Recovery.UNKNOWN


_AFTER = {
    Recovery.RECOVERED: "It helped.",
    Recovery.UNCHANGED: "It did not help; another way is looked for.",
    Recovery.WORSE: "It made things worse; it can be taken back.",
    Recovery.UNKNOWN: "Whether it helps is being checked.",
}


def decision_needed(incident: Incident) -> str:
    """What people have to decide now, with its reason; empty where nothing waits for them."""
    waits = incident.pending
    if not waits:
        return ""
    return f"Decide whether to {waits[-1].action.title}: it waits since {waits[-1].proposed_at:%H:%M} UTC."


def latest(incident: Incident) -> Proposal | None:
    """The proposal that was made last, or None."""
    return incident.proposals[-1] if incident.proposals else None


def said_cause(incident: Incident) -> str:
    """Known with its cause, or under investigation; never a guess."""
    found = incident.diagnosis
    if found is None or not found.known:
        return "Under investigation"
    said = plainly(found.summary).rstrip(".")
    if found.change is not None and _BROUGHT in said:
        # Whoever leads reads which change it was; what shows it stands in the diagnosis.
        said = re.sub(r" \(“[^”]*”\)", "", said.split(_BROUGHT, 1)[0]).replace("The ", "the ", 1)
    return f"Known — {said} ({found.confidence} confidence)"


def said_users(incident: Incident) -> str:
    """How many users or which share, or `unknown`."""
    return plainly(incident.impact.users_affected) or "unknown"


def told_users(incident: Incident) -> str:
    """The same for people who read it beside other figures."""
    known = said_users(incident)
    return "not known" if known == "unknown" else known


def said_eta(incident: Incident) -> str:
    """When the watch ends, if it runs; nothing else can be promised, and what is over needs none."""
    if not incident.open:
        return "none needed, it is over"
    if incident.watch is not None and _recovered(incident):
        return f"watched until {incident.watch.until:%H:%M} UTC"
    return "unknown"


def told_times(facts: Facts | None) -> str:
    """How slow answers were beside failures that a sentence tells of: `20 times`, or nothing."""
    if facts is None or facts.down or (facts.error_ratio or 0.0) < _FAILING:
        return ""
    times = facts.latency_times or 0.0
    return f"{times:.0f} times" if times >= _TWICE else ""


def said_revenue(incident: Incident) -> str:
    """The measured loss and until when; `not known` without a rate, an onset, and traffic that was hit."""
    lost, facts = incident.revenue_impact, incident.facts
    felt = any(one is not None and one.customers_affected is True for one in (facts, incident.peak))
    if lost is None or not (incident.ever_deviated and felt):
        return "not known"
    unit = "" if incident.currency else "; currency not configured"
    until = "so far" if incident.open or facts is None else f"by {facts.at:%H:%M} UTC"
    return f"about {money(_rounded(lost), incident.currency)} lost {until} (measured{unit})"


def _rounded(amount: float) -> float:
    """Three digits that count: an estimate knows no more."""
    return float(f"{amount:.3g}") if amount >= _LITTLE else amount
