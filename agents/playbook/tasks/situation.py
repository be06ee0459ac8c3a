"""Where an incident stands, in plain words: shared by status updates, briefs, assessments."""

from incidents.action import UNSETTLED, ActionState, Proposal
from incidents.communications import PublicWords
from incidents.currency import money
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.severity import PublicStatus, Status
from incidents.value import iso
from incidents.verification import Recovery
from tools.telemetry.facts import measure
from tools.toolset import Sources
from tools.wording import share

#: A share from which on users would call it down.
_DOWN = 0.995


def what_users_notice(incident: Incident, users: tuple[str, ...]) -> str:
    """The damage as users feel it; says so where it is not measured.

    Args:
        incident: as it stands.
        users: the services that users touch.
    """
    if incident.status is Status.RESOLVED or _recovered(incident) or incident.calm_since is not None:
        return "The service works as usual again."
    if incident.status is Status.FALSE_ALARM:
        return "Users were not affected."
    facts = incident.facts
    where = _places(incident, users)
    if facts is None or facts.quiet is None:
        return f"We received reports of problems{where} and are checking what users notice."
    if incident.watch is not None and facts.at < incident.watch.started_at:
        return f"Some users{where} may still notice problems while we check the fix."
    parts = _felt(facts)
    if parts:
        return f"Some users{where} may find that {' and '.join(parts)}."
    if facts.customers_affected is False:
        return "We see a problem inside our system; users are not known to be affected."
    return f"Some users may notice problems{where}."


async def noticed(sources: Sources) -> str:
    """What users notice now: measured at this moment, whatever was measured or told before."""
    incident = sources.incident
    if incident.public_status is not PublicStatus.RESOLVED:
        incident = incident.evolve(facts=await measure(sources))
    return what_users_notice(incident, sources.world.catalogue.user_facing)


async def public_words(sources: Sources) -> PublicWords:
    """What customers may be told now: measured at this moment, in fixed sentences without a name."""
    incident = sources.incident
    if incident.public_status is not PublicStatus.RESOLVED:
        incident = incident.evolve(facts=await measure(sources))
    return in_public(incident)


def in_public(incident: Incident) -> PublicWords:
    """What customers may be told, as it was measured last."""
    said = what_users_notice(incident, ())
    return PublicWords(impact=said, current_action=current_action(incident), down=is_down(incident))


def _recovered(incident: Incident) -> bool:
    return incident.verification is not None and incident.verification.verdict is Recovery.RECOVERED


def _places(incident: Incident, users: tuple[str, ...]) -> str:
    hit = [name for name in incident.services if name in users]
    return f" of {' and '.join(hit[:2])}" if hit else ""


def _felt(facts: Facts) -> list[str]:
    if facts.down:
        return ["nothing answers at the moment"]
    parts = []
    if facts.error_ratio is not None and facts.error_ratio >= 0.01:
        parts.append(f"about {share(round(facts.error_ratio, 2))} of their requests fail".replace(" %", "%"))
    if facts.latency_times is not None and facts.latency_times >= 1.5:
        parts.append(f"answers take about {facts.latency_times:.0f} times as long as usual")
    return parts


def current_action(incident: Incident) -> str:
    """What is being done, without internals."""
    if incident.status is Status.RESOLVED:
        return "The incident is over; we are writing down what we learned."
    if incident.status is Status.FALSE_ALARM:
        return "Nothing needs to be done."
    if incident.status is Status.HANDED_OVER and incident.watch is None:
        return "Our engineers have taken over and are working on it."
    if incident.calm_since is not None and incident.open:
        return "It went back to normal by itself; we are watching whether it stays so."
    if incident.watch is not None:
        if incident.verification is not None and incident.verification.verdict is Recovery.WORSE:
            return "A change did not help; we are preparing to take it back."
        return "A fix is in place; we are watching whether everything stays normal."
    if any(p.state is ActionState.APPROVED or p.state in UNSETTLED for p in incident.proposals):
        return "A fix is being applied."
    if incident.pending:
        return "A fix is prepared and waits for approval."
    if incident.diagnosis is not None and incident.diagnosis.known:
        return "We know where the problem lies and are preparing a fix."
    return "We are looking for the cause."


def said_action(incident: Incident) -> str:
    """What is being done, with the names that the inside knows."""
    proposal = latest(incident)
    if proposal is None:
        return current_action(incident)
    stand = {
        ActionState.PROPOSED: "waits for approval",
        ActionState.APPROVED: "is approved",
        ActionState.EXECUTING: "is being executed",
        ActionState.UNKNOWN: "was begun, and it is not known whether it was done",
        ActionState.DONE: "was executed",
    }.get(proposal.state, f"is {proposal.state}")
    return f"{proposal.id}, to {proposal.action.title}, {stand}. {current_action(incident)}"


def latest(incident: Incident) -> Proposal | None:
    """The proposal that was made last, or None."""
    return incident.proposals[-1] if incident.proposals else None


def said_cause(incident: Incident) -> str:
    """Known with its cause, or under investigation; never a guess."""
    found = incident.diagnosis
    if found is None or not found.known:
        return "Under investigation"
    change = f", change {found.change}" if found.change else ""
    return f"Known — {found.category} cause in {found.service}{change} ({found.confidence} confidence)"


def said_users(incident: Incident) -> str:
    """How many users or which share, or `unknown`."""
    return incident.impact.users_affected or "unknown"


def said_eta(incident: Incident) -> str:
    """When the watch ends, if it runs; nothing else can be promised."""
    if incident.watch is not None and _recovered(incident):
        return f"confirmed by {iso(incident.watch.until.replace(microsecond=0))} if it stays normal"
    return "unknown"


def is_down(incident: Incident) -> bool:
    """Whether what users touch answers nothing."""
    facts = incident.facts
    return facts is not None and (bool(facts.down) or (facts.error_ratio or 0.0) >= _DOWN)


def said_revenue(incident: Incident) -> str:
    """The measured loss, or `unknown`."""
    lost = incident.revenue_impact
    return "unknown" if lost is None else f"about {money(lost, incident.currency)} lost so far (measured)"
