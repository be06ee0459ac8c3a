"""An incident as every door shows it; the keys are a promise (`docs/schemas/incident.json`)."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from agents.budget import DEFAULT_BUDGET, Budget
from incidents.action import ActionKind, ActionState, Approval, Outcome, Proposal
from incidents.alert import Alert
from incidents.changes import WhatPeopleDid
from incidents.communications import BacklogEntry, Brief, Escalation, StatusUpdate
from incidents.currency import Currency
from incidents.disposition import ToldOutcome
from incidents.findings import Category, Diagnosis, Reason
from incidents.incident import Incident
from incidents.milestones import Milestones, milestones
from incidents.notes import MachineNote, Note, OutsideChange
from incidents.past import PastIncident
from incidents.reports import Impact
from incidents.severity import HeldBy, Severity, Status, Step
from incidents.shadow import Shadow
from incidents.timeline import Entry, EntryKind
from incidents.usage import Failure, failures
from incidents.value import Moment, Value
from incidents.verification import Verification
from nexus.config.budgets import budget_of
from nexus.service.cost_trace import Share, Total, WholeUse, shares, totals, whole
from nexus.service.messages_view import MessageView, messages_view
from nexus.service.queries import IncidentQueries
from nexus.store.dead_letters import DeadLetter
from nexus.store.find import incident_now
from nexus.store.past import PastQueries

if TYPE_CHECKING:
    from nexus.reading import ReadableHome
    from nexus.store.relational.reads import IncidentReads


class ImpactView(Impact):
    """Who and what is hit, and what it costs: `revenue` is lost so far, in `currency`."""

    revenue: float | None
    currency: Currency | None


class SuspectView(Value):
    """A service that may be the cause; higher scores are more likely."""

    service: str
    score: float
    category: Category
    change: str | None
    why: tuple[str, ...]
    reasons: tuple[Reason, ...]


class ChangeView(Value):
    """A proposed change and what became of it: the plan that was shown, who decided, the outcome."""

    id: str
    kind: ActionKind
    target: str
    arguments: dict[str, str | int | bool]
    title: str
    observed: dict[str, str]
    effects: tuple[str, ...]
    undo: str | None
    digest: str
    reason: str
    proposed_by: str
    engine: str
    evidence: tuple[str, ...]
    proposed_at: Moment
    expires_at: Moment
    approvers_needed: int
    state: ActionState
    approvals: tuple[Approval, ...]
    outcome: Outcome | None
    settling: str = Field(description="how a person says what became of it, where nobody else can tell")
    undo_of: str | None
    people_did: WhatPeopleDid | None = Field(description="of one in shadow, once the incident is over")


class TimelineLine(Value):
    """An entry of the incident's timeline."""

    at: Moment
    step: str
    role: str
    engine: str
    kind: EntryKind
    text: str
    evidence: tuple[str, ...]
    severity: Severity | None


class UsageView(Value):
    """What the model calls cost; `tokens` is in and out together."""

    model_calls: int
    tokens: int
    tokens_in: int
    tokens_out: int
    cost: float
    seconds: float
    estimated: int = Field(description="of the tokens, those whose number nobody told")
    cached: int = Field(description="of the tokens in, those from the endpoint's cache")


class LedgerView(Value):
    """What was used by whom."""

    incident: WholeUse
    roles: tuple[Share, ...]
    totals: tuple[Total, ...]
    failures: tuple[Failure, ...] = Field(description="of models, each once, with how often it came")


class IncidentView(Value):
    """Everything that is known of an incident. Times are ISO 8601 in UTC; what is not known is null."""

    id: str
    title: str
    severity: Severity | None
    status: Status
    step: Step
    step_since: Moment
    engine: str
    opened_at: Moment
    ended_at: Moment | None
    end_reason: str
    held_by: HeldBy
    holder: str | None
    held_since: Moment | None
    shadow: Shadow
    rests_since: Moment | None = Field(description="in shadow: since when the agents have said all")
    follows: str | None
    summary: str
    services: tuple[str, ...]
    alerts: tuple[Alert, ...]
    dispositions: tuple[ToldOutcome, ...]
    dead_letters: tuple[DeadLetter, ...] = Field(description="events that were set aside")
    messages: tuple[MessageView, ...] = Field(description="what was told, and what became of it outside")
    impact: ImpactView
    times: Milestones
    diagnosis: Diagnosis | None
    past: tuple[PastIncident, ...] = Field(
        description="incidents of before that look alike, which is not to have the same cause"
    )
    suspects: tuple[SuspectView, ...]
    outside_changes: tuple[OutsideChange, ...]
    nearby: tuple[str, ...]
    merged_into: str | None
    split_from: str | None
    split_into: tuple[str, ...]
    actions: tuple[ChangeView, ...]
    verification: Verification | None
    status_updates: tuple[StatusUpdate, ...]
    briefs: tuple[Brief, ...]
    escalations: tuple[Escalation, ...]
    notes: tuple[Note, ...]
    machine_notes: tuple[MachineNote, ...]
    channel: str | None
    backlog: tuple[BacklogEntry, ...]
    post_mortem: str | None
    timeline: tuple[TimelineLine, ...]
    usage: UsageView
    ledger: LedgerView


async def view_incident(
    home: "ReadableHome[IncidentReads]", identity: str, unseen: frozenset[str] | None = None
) -> IncidentView:
    """One incident whole, as it stands.

    Args:
        home: where it is kept.
        identity: its id.
        unseen: ids of incidents that who asks does not see; None: somebody unknown asks.

    Raises:
        UnknownName: there is none of that id.
    """
    queries = IncidentQueries.of(home)
    incident, entries = await queries.with_timeline(identity)
    told, aside = await queries.dispositions(identity), await queries.dead_letters(identity)
    messages = messages_view(*await queries.messages(identity))
    store = home.store
    hidden = await store.restricted() if unseen is None else unseen
    past = await PastQueries(store).like(incident, hidden, await incident_now(store, identity, home.clock))
    return view_of(incident, entries, budget_of(home.settings), told, aside, messages, past)


def view_of(
    incident: Incident,
    entries: Sequence[Entry],
    budget: Budget = DEFAULT_BUDGET,
    dispositions: Sequence[ToldOutcome] = (),
    dead_letters: Sequence[DeadLetter] = (),
    messages: Sequence[MessageView] = (),
    past: Sequence[PastIncident] = (),
) -> IncidentView:
    """An incident with its timeline, its alerts' dispositions, what was set aside, told, and seen before."""
    # Its parts are valid already; what would say so once more takes as long to build as all else here.
    return IncidentView.model_construct(
        id=incident.id,
        title=incident.title,
        severity=incident.severity,
        status=incident.status,
        step=incident.step,
        step_since=incident.step_since,
        engine=incident.engine,
        opened_at=incident.opened_at,
        ended_at=incident.ended_at,
        end_reason=incident.end_reason,
        held_by=incident.held_by,
        holder=incident.holder, held_since=incident.held_since,
        shadow=incident.shadow, rests_since=incident.rests_since, follows=incident.follows,
        summary=incident.summary,
        services=incident.services, alerts=incident.alerts,
        dispositions=tuple(dispositions), dead_letters=tuple(dead_letters), messages=tuple(messages),
        impact=ImpactView.model_construct(
            **dict(incident.impact), revenue=incident.revenue_impact, currency=incident.currency
        ),
        times=milestones(incident),
        diagnosis=incident.diagnosis, past=tuple(past),
        suspects=tuple(
            SuspectView.model_construct(
                service=one.service, score=one.score, category=one.category, change=one.change,
                why=tuple(reason.text for reason in one.reasons), reasons=one.reasons,
            )
            for one in incident.suspects
        ),
        outside_changes=incident.outside_changes,
        nearby=incident.nearby,
        merged_into=incident.merged_into,
        split_from=incident.split_from,
        split_into=incident.split_into,
        actions=tuple(_change(proposal) for proposal in incident.proposals),
        verification=incident.verification,
        status_updates=incident.updates,
        briefs=incident.briefs,
        escalations=incident.escalations,
        notes=incident.notes, machine_notes=incident.machine_notes,
        channel=incident.channel,
        backlog=incident.backlog,
        post_mortem=incident.post_mortem,
        timeline=_timeline(incident, entries),
        usage=UsageView.model_construct(
            **dict(incident.usage), tokens=incident.usage.tokens_in + incident.usage.tokens_out
        ),
        ledger=_ledger(incident, budget),
    )  # fmt: skip


def _change(proposal: Proposal) -> ChangeView:
    plan, action = proposal.plan, proposal.action
    own = {name: kept for name, kept in proposal if name in ChangeView.model_fields}
    return ChangeView.model_construct(
        kind=action.kind,
        target=action.service,
        arguments=action.arguments.given(),
        title=action.title,
        observed={fact.name: fact.value for fact in plan.observed},
        effects=plan.effects,
        undo=plan.undo.title if plan.undo else None,
        settling=proposal.settling,
        **own,
    )


def _timeline(incident: Incident, entries: Sequence[Entry]) -> tuple[TimelineLine, ...]:
    """The entries; a failure of a model that came again is told once, with how often."""
    times = Counter(line.told for line in incident.usage_lines)
    return tuple(_line(entry, times[entry.id]) for entry in entries)


def _line(entry: Entry, times: int) -> TimelineLine:
    own = {name: kept for name, kept in entry if name in TimelineLine.model_fields}
    if times > 1:
        own["text"] = f"{entry.text} ({times} times)"
    return TimelineLine.model_construct(**own)


def _ledger(incident: Incident, budget: Budget) -> LedgerView:
    return LedgerView.model_construct(
        incident=whole(incident, budget),
        roles=shares(incident, budget),
        totals=totals(incident.usage_lines),
        failures=failures(incident.usage_lines),
    )
