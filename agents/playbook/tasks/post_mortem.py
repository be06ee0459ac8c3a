"""The post-mortem: a chain of whys that stops where evidence ends, and prevention from what happened."""

from agents.engine import Assignment, RoleContext
from agents.playbook.tasks.prevention import Lessons, prevention
from agents.playbook.tasks.situation import said_revenue, said_users
from incidents.action import ActionState
from incidents.catalogue import ServiceKind
from incidents.findings import Category, Channel, Claim, Diagnosis, Evidence, Reason, Suspect
from incidents.incident import Incident
from incidents.reports import PostMortemReport, Why
from incidents.severity import Status
from incidents.verification import SignalKind
from tools.felt import without_rule
from tools.plainly import plainly
from tools.wording import length

#: Minutes after which an alert counts as late and a decision as slow.
_LATE, _SLOW = 5.0, 10.0


async def post_mortem(assignment: Assignment, context: RoleContext) -> PostMortemReport:
    """Step 5, the Workflow Optimizer's report; times and figures are added by code elsewhere."""
    incident = context.incident
    stored = {item.id: item for item in await context.toolset.store.evidence(incident.id)}
    learned = prevention(lessons(context), context.causes)
    return PostMortemReport(
        summary=_summary(incident),
        what_failed=_what_failed(incident),
        why_it_failed=_why_it_failed(incident),
        why_not_caught=_why_not_caught(incident),
        whys=whys(incident, stored),
        users_affected=said_users(incident),
        revenue_impact=said_revenue(incident),
        reputation_impact="not known",
        data_impact=_data(incident),
        monitoring=learned.measures["monitoring"],
        testing=learned.measures["testing"],
        process=learned.measures["process"],
        infrastructure=learned.measures["infrastructure"],
        action_items=learned.items,
    )


def whys(incident: Incident, stored: dict[str, Evidence]) -> tuple[Why, ...]:
    """From the symptom to the change, each answer with its evidence; the first one without ends the chain.

    Args:
        incident: as it stands at its end.
        stored: the incident's evidence by id.
    """
    chain = [_symptom(incident, stored), *_chain(incident, stored)]
    kept: list[Why] = []
    for why in chain:
        if kept and not why.evidence:
            break
        kept.append(why)
    return tuple(kept[:5])


def _symptom(incident: Incident, stored: dict[str, Evidence]) -> Why:
    first = tuple(identity for identity, item in stored.items() if item.tool == "overview")[:1]
    return Why(
        question=f"Why was there an incident ({without_rule(incident.title)})?",
        answer=incident.summary or "The alert fired; nothing was measured.",
        evidence=incident.summary_evidence or first,
    )


def _chain(incident: Incident, stored: dict[str, Evidence]) -> list[Why]:
    found = incident.diagnosis
    if found is None or not found.known:
        return []
    suspect = _suspect(incident)
    made = [
        Why(
            question="Why did these signals deviate?",
            answer=f"{found.service} failed first{_since(found)}{_reasons(suspect, _PLACE)}.",
            evidence=_of(
                found, stored, {"suspects", "metrics", "traces", "overview", "database", "dependencies"}
            ),
        ),
        Why(
            question=f"Why did {found.service} fail?",
            answer=_mechanism(found, suspect),
            evidence=_of(found, stored, {"suspects", "logs", "metrics", "traces", "database"}),
        ),
    ]
    if found.change is not None:
        made.append(
            Why(
                question="Why did it fail at that moment?",
                answer=f"{_change(found, suspect)}.",
                evidence=_of(found, stored, {"changes", "deployments"}),
            )
        )
    caught = _why_not_caught(incident)
    made.append(Why(question="Why was it not caught earlier?", answer=caught.text, evidence=caught.evidence))
    return made


def _mechanism(found: Diagnosis, suspect: Suspect | None) -> str:
    """How it failed: what it logged, where it logged anything telling, else what the diagnosis says."""
    logged = [
        reason.text for reason in (suspect.reasons if suspect else ()) if reason.channel is Channel.LOGS
    ]
    return f"{plainly(logged[0] if logged else found.summary).rstrip('.')}."


def _change(found: Diagnosis, suspect: Suspect | None) -> str:
    """The change that came right before, as the ranking or the diagnosis tells it."""
    told = [r.text for r in (suspect.reasons if suspect else ()) if r.channel is Channel.CHANGES]
    said = plainly(told[0] if told else found.summary.split("; since then ")[0]).rstrip(".")
    return said[:1].upper() + said[1:]


_PLACE = {Channel.METRICS, Channel.TRACES, Channel.TOPOLOGY}


def _since(found: Diagnosis) -> str:
    return f", at {found.onset:%H:%M:%S} UTC" if found.onset is not None else ""


def _suspect(incident: Incident) -> Suspect | None:
    blamed = incident.diagnosis.service if incident.diagnosis else None
    return next((suspect for suspect in incident.suspects if suspect.service == blamed), None)


def _reasons(suspect: Suspect | None, channels: set[Channel]) -> str:
    reasons: list[Reason] = [r for r in (suspect.reasons if suspect else ()) if r.channel in channels]
    return f": {'; '.join(plainly(reason.text) for reason in reasons[:2])}" if reasons else ""


def _of(found: Diagnosis, stored: dict[str, Evidence], tools: set[str]) -> tuple[str, ...]:
    return tuple(
        identity for identity in found.evidence if identity in stored and stored[identity].tool in tools
    )


def _what_failed(incident: Incident) -> Claim:
    found = incident.diagnosis
    if found is None or not found.known:
        return Claim(
            text=f"Which part failed stayed unknown. Seen was: {incident.summary or incident.title}",
            evidence=incident.summary_evidence,
        )
    return Claim(text=f"{found.service} failed{_since(found)}.", evidence=found.evidence)


def _why_it_failed(incident: Incident) -> Claim:
    found = incident.diagnosis
    if found is None or not found.known:
        why = found.summary if found is not None else "It was not investigated."
        return Claim(text=f"The cause stayed unknown. {why}", evidence=found.evidence if found else ())
    sure = f" ({found.confidence} confidence)"
    return Claim(text=f"{plainly(found.summary).rstrip('.')}{sure}.", evidence=found.evidence)


def _why_not_caught(incident: Incident) -> Claim:
    found, lag = incident.diagnosis, _lag(incident)
    if found is None or lag is None:
        return Claim(text="Not known: without an onset nobody can say whether it could be seen earlier.")
    alerted = _alerted(incident)
    when = f"{lag:.0f} min after it began" if lag >= 1 else "within a minute of its beginning"
    parts = [f"The first alert came {when}."]
    if alerted is not None and alerted != found.service:
        parts.append(
            f"It was about {alerted}, where the damage showed; {found.service} had no alert of its own."
        )
    parts.append("Whether tests covered it is not recorded.")
    return Claim(text=" ".join(parts), evidence=found.evidence)


def _alerted(incident: Incident) -> str | None:
    """The service that the first alert with a name named."""
    return next((alert.service for alert in incident.alerts if alert.service), None)


def _lag(incident: Incident) -> float | None:
    """Minutes from the onset to the first alert."""
    found = incident.diagnosis
    first = min((alert.starts_at for alert in incident.alerts), default=None)
    if found is None or found.onset is None or first is None:
        return None
    return (first - found.onset).total_seconds() / 60


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
        "late": (_lag(incident) or 0.0) >= _LATE,
        "elsewhere": "alerted" in fields and fields["alerted"] != fields.get("service"),
        "logged": any(r.channel is Channel.LOGS for s in [_suspect(incident)] if s for r in s.reasons),
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
    lag = _lag(incident)
    known: dict[str, str | None] = {
        "service": found.service if found is not None and category is not Category.UNKNOWN else None,
        "change": found.change if found is not None else None,
        "metric": own[0].metric if own else None,
        "resource": next((s.metric for s in own if s.kind is SignalKind.SATURATION), "its resources"),
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


def _data(incident: Incident) -> str:
    impact = incident.impact
    if impact.data_breach_suspected or impact.user_data_affected:
        return "a breach is suspected" if impact.data_breach_suspected else "personal data may be touched"
    return {True: "data was at risk", False: "none", None: "not known"}[impact.data_at_risk]


def _summary(incident: Incident) -> str:
    """What broke for whom, why, what was done, how it ended: for whoever does not know Nexus."""
    found = incident.diagnosis
    known = found is not None and found.known
    cause = f"{plainly(found.summary).rstrip('.')}." if found is not None and known else _NO_CAUSE
    done = [p.action.title for p in incident.proposals if p.state is ActionState.DONE]
    done += [change.title for change in incident.outside_changes]
    mended = f"Done: {'; '.join(done)}." if done else "No change was made."
    ended = {
        Status.RESOLVED: "It is resolved",
        Status.HANDED_OVER: "It was handed over to people",
        Status.FALSE_ALARM: "It was a false alarm",
    }.get(incident.status, "It is not over")
    reason = f": {incident.end_reason}" if incident.end_reason else ""
    felt = plainly(without_rule(incident.title)).rstrip(".")
    return f"{felt}. {cause} {mended} {ended}{reason}."


_NO_CAUSE = "The cause stayed unknown."
