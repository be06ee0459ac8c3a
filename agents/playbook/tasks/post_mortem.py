"""The post-mortem: what happened, why, what it cost, and prevention from what the incident shows."""

from datetime import timedelta

from agents.engine import Assignment, RoleContext
from agents.playbook.tasks.happened import happened, suspect_of
from agents.playbook.tasks.prevention import Lessons, prevention
from agents.playbook.tasks.situation import said_revenue, said_users
from agents.playbook.tasks.whys import whys
from incidents.action import ActionState
from incidents.catalogue import ServiceKind
from incidents.changes import Change
from incidents.findings import Category, Channel, Claim
from incidents.incident import Incident
from incidents.milestones import milestones
from incidents.reports import PostMortemReport
from incidents.verification import SignalKind
from tools.blamed import blamed_change
from tools.felt import past, sentence
from tools.headline import lowered
from tools.looking_back import lasting
from tools.plainly import percent, plainly
from tools.wording import capital, length

#: Minutes after which an alert counts as late and a decision as slow.
_LATE, _SLOW = 5.0, 10.0
#: A smaller share of failed requests is not told.
_FAILING = 0.01
_TESTS = "Which tests the change passed is not recorded."


async def post_mortem(assignment: Assignment, context: RoleContext) -> PostMortemReport:
    """Step 5, the Workflow Optimizer's report; times and figures are added by code elsewhere."""
    incident = context.incident
    store = context.toolset.store
    stored = {item.id: item for item in await store.evidence(incident.id)}
    change = await blamed_change(store, incident)
    caught = _why_not_caught(incident, change)
    learned = prevention(lessons(context), context.causes)
    return PostMortemReport(
        summary=happened(incident, change),
        what_failed=_what_failed(incident),
        why_it_failed=_why_it_failed(incident),
        why_not_caught=caught,
        whys=whys(incident, stored, change, caught),
        users_affected=_users(incident),
        revenue_impact=said_revenue(incident),
        reputation_impact="not known",
        data_impact=_data(incident),
        monitoring=learned.measures["monitoring"],
        testing=learned.measures["testing"],
        process=learned.measures["process"],
        infrastructure=learned.measures["infrastructure"],
        action_items=learned.items,
    )


def _what_failed(incident: Incident) -> Claim:
    found = incident.diagnosis
    if found is None or not found.known:
        return Claim(
            text=f"Which part failed stayed unknown. Seen was: {incident.summary or incident.title}",
            evidence=incident.summary_evidence,
        )
    since = f" from {found.onset:%H:%M:%S} UTC on" if found.onset is not None else ""
    return Claim(text=capital(f"{found.service} failed{since}."), evidence=found.evidence)


def _why_it_failed(incident: Incident) -> Claim:
    found = incident.diagnosis
    if found is None or not found.known:
        why = found.summary if found is not None else "It was not investigated."
        return Claim(text=f"The cause stayed unknown. {why}", evidence=found.evidence if found else ())
    sure = f" ({found.confidence} confidence)"
    return Claim(text=capital(f"{plainly(found.summary).rstrip('.')}{sure}."), evidence=found.evidence)


def _why_not_caught(incident: Incident, change: Change | None) -> Claim:
    found, lag = incident.diagnosis, _lag(incident, change)
    if found is None or lag is None:
        return Claim(text="Not known: without an onset nobody can say whether it could be seen earlier.")
    alerted = _alerted(incident)
    parts = []
    if alerted is not None and alerted != found.service:
        said = f"{found.service} had no alert of its own; the alert named {alerted}, where the damage showed."
        parts.append(capital(said))
    elif lag >= _LATE:
        parts.append("Its alert came late.")
    parts.append(_TESTS if found.change is not None else "Whether a test covered it is not recorded.")
    return Claim(text=" ".join(parts), evidence=found.evidence)


def _alerted(incident: Incident) -> str | None:
    """The service that the first alert with a name named."""
    return next((alert.service for alert in incident.alerts if alert.service), None)


def _lag(incident: Incident, change: Change | None) -> float | None:
    """Minutes to the first alert from the onset, or from the change that is blamed where that is unknown."""
    found = incident.diagnosis
    first = min((alert.starts_at for alert in incident.alerts), default=None)
    began = found.onset if found is not None else None
    if began is None and change is not None:
        began = change.time
    if began is None or first is None:
        return None
    return (first - began).total_seconds() / 60


def lessons(context: RoleContext) -> Lessons:
    """What the incident shows that prevention can be built on."""
    incident = context.incident
    found = incident.diagnosis
    category = found.category if found is not None and found.known else Category.UNKNOWN
    catalogue = context.toolset.sources.world.catalogue
    service = catalogue.find(found.service) if found is not None else None
    fields = _fields(incident, category)
    if service is not None:
        callers = [one.name for one in catalogue.services if service.name in one.depends_on]
        fields |= {"callers": ", ".join(callers)} if callers else {}
    holds = {
        "late": (_lag(incident, None) or 0.0) >= _LATE,
        "elsewhere": "alerted" in fields and fields["alerted"] != fields.get("service"),
        "logged": any(r.channel is Channel.LOGS for s in [suspect_of(incident)] if s for r in s.reasons),
        "waited": _waited(incident) >= _SLOW,
        "retried": sum(p.state is not ActionState.PROPOSED for p in incident.proposals) > 1,
        "unaided": not any(p.state is ActionState.DONE for p in incident.proposals),
        "store": service is not None and service.kind in {ServiceKind.DATABASE, ServiceKind.QUEUE},
    }
    return Lessons(
        category=category,
        mechanism=found.mechanism if found is not None and found.known else None,
        fields=fields,
        holds=frozenset(name for name, true in holds.items() if true),
        owner=service.owner if service is not None else None,
    )


def _fields(incident: Incident, category: Category) -> dict[str, str]:
    """The facts by name; what is not known is not there."""
    found = incident.diagnosis
    own = [s for s in incident.signals if found is not None and s.service == found.service]
    used = [s.metric.replace("_", " ") for s in own if s.kind is SignalKind.SATURATION]
    lag = _lag(incident, None)
    known: dict[str, str | None] = {
        "service": found.service if found is not None and category is not Category.UNKNOWN else None,
        "change": found.change if found is not None else None,
        "metric": own[0].metric if own else None,
        "resource": next((one for one in used if found is not None and one in found.summary), "resources"),
        "alerted": _alerted(incident),
        "lag": f"{lag:.0f}" if lag is not None else None,
        "waited": f"{_waited(incident):.0f}",
        "lasted": length(max(incident.firing_periods).total_seconds() / 60)
        if incident.firing_periods
        else None,
    }
    return {name: value for name, value in known.items() if value}


def _waited(incident: Incident) -> float:
    """The longest time in minutes from a proposal to the last decision on it."""
    spans = (
        (max(a.at for a in p.approvals) - p.proposed_at).total_seconds() / 60
        for p in incident.proposals
        if p.approvals
    )
    return max(spans, default=0.0)


def _users(incident: Incident) -> str:
    """At its worst, in figures, and for how long; `not known` where nothing was measured."""
    peak, seconds = incident.peak, milestones(incident).impact_seconds
    lasted = f", for about {lasting(timedelta(seconds=seconds))}" if seconds else ""
    if incident.impact.customers_affected is False:
        return "none, as far as was measured"
    if peak is not None and not peak.down and (peak.error_ratio or 0.0) >= _FAILING:
        of = f" to {peak.felt[0]}" if peak.felt else ""
        return f"at its worst {percent(peak.error_ratio or 0.0)} of the requests{of} failed{lasted}"
    felt = past(sentence(peak))
    return f"{lowered(felt)}{lasted}" if felt else _known(said_users(incident))


def _known(said: str) -> str:
    return "not known" if said == "unknown" else said


def _data(incident: Incident) -> str:
    impact = incident.impact
    if impact.data_breach_suspected or impact.user_data_affected:
        return "a breach is suspected" if impact.data_breach_suspected else "personal data may be touched"
    return {True: "data was at risk", False: "none", None: "not known"}[impact.data_at_risk]
