"""An incident as its page shows it: everything that a person needs to act, from one query."""

from collections.abc import Sequence

from incidents.actor import Actor
from incidents.catalogue import Catalogue
from incidents.changes import Change
from incidents.currency import money
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.notes import Note
from incidents.severity import HeldBy, Severity, Status, Step
from incidents.usage import Failure, failures
from incidents.value import Moment, Value
from incidents.verification import Recovery, Verification
from nexus.home import Home
from nexus.service.cost_trace import Share, Total, WholeUse, shares, totals, whole
from nexus.service.holding import who_has_it
from nexus.service.pages.alerts import AlertView, alerts
from nexus.service.pages.at_work import WorkView, at_work
from nexus.service.pages.causes import CauseView, cause_sentence, causes
from nexus.service.pages.charts import ChartView, chart
from nexus.service.pages.cited import Cited, cited
from nexus.service.pages.deadlines import Deadline, MustAct, deadlines, must_act
from nexus.service.pages.seen import Seen, seen_of
from nexus.service.pages.service_map import MapNode, service_map
from nexus.service.pages.steps import StepProgress, progress
from nexus.service.pages.timeline import PAGE, TimelineView, lines
from nexus.service.pages.told import ToldView, told
from nexus.store.records import BrokenOff
from tools.felt import NONE, FeltFigure, figures, in_full, title
from tools.plainly import plainly


class CostView(Value):
    """What the work cost so far: in all, by role, by who spoke; money in the currency of the prices."""

    whole: WholeUse
    roles: tuple[Share, ...]
    totals: tuple[Total, ...]
    failures: tuple[Failure, ...] = ()


class VerdictView(Value):
    """Whether it got better, as code judged it last."""

    verdict: Recovery
    at: Moment
    summary: str
    evidence: tuple[Cited, ...]


class IncidentBoard(Value):
    """One incident as its page shows it. Moments are of its clock; what is not known is null or said so.

    Attributes:
        title: what users feel.
        holds: who has it, in a sentence.
        shadow: what of it is in shadow, in words; empty: nothing.
        alert: what the monitoring called it.
        summary: two sentences: what is felt, and why with what happens next.
        now: the moment of its clock; of a live incident the wall's.
        live: whether it is of a live world and runs: what is counted up or down goes on.
        place: the number of the newest entry that the page holds, to follow from.
        stand: how it stands in the store; another one means that something was written.
        undiagnosed: why the investigation names no cause, once it has ended without one.
    """

    id: str
    title: str
    alert: str
    severity: Severity | None
    status: Status
    step: Step
    held_by: HeldBy
    holder: str | None
    holds: str
    shadow: str
    engine: str
    opened_at: Moment
    ended_at: Moment | None
    end_reason: str
    now: Moment
    live: bool
    summary: tuple[str, ...]
    steps: tuple[StepProgress, ...]
    must_act: MustAct
    deadlines: tuple[Deadline, ...]
    figures: tuple[FeltFigure, ...]
    chart: ChartView | None
    causes: tuple[CauseView, ...]
    disagreement: str | None
    undiagnosed: str | None
    verdict: VerdictView | None
    work: tuple[WorkView, ...]
    services: tuple[MapNode, ...]
    told: tuple[ToldView, ...]
    cost: CostView
    alerts: tuple[AlertView, ...]
    nearby: tuple[str, ...]
    notes: tuple[Note, ...]
    merged_into: str | None
    split_from: str | None
    split_into: tuple[str, ...]
    follows: str | None
    post_mortem: bool
    broken_off: BrokenOff | None
    timeline: TimelineView
    place: int
    stand: str


async def incident_board(home: Home, identity: str, viewer: Actor | None = None) -> IncidentBoard:
    """One incident as it stands.

    Args:
        home: where it is kept.
        identity: its id.
        viewer: who looks; None: nobody in particular.

    Raises:
        UnknownName: there is none of that id.
    """
    return board_of(await seen_of(home, identity), viewer)


def board_of(seen: Seen, viewer: Actor | None) -> IncidentBoard:
    """The page of what was read. Pure."""
    incident, now = seen.incident, seen.now
    known = {one.id: one for one in seen.evidence}
    lost = incident.revenue_impact
    ahead = deadlines(incident, seen.runbook, seen.threshold, now)
    act = must_act(incident, viewer)
    entries = [one.entry for one in seen.entries]
    return IncidentBoard.model_construct(  # its parts are valid already
        id=incident.id,
        title=title(incident, seen.catalogue),
        alert=incident.title,
        severity=incident.severity,
        status=incident.status,
        step=incident.step,
        held_by=incident.held_by,
        holder=incident.holder,
        holds=who_has_it(incident),
        shadow=incident.shadow.told,
        engine=incident.engine,
        opened_at=incident.opened_at,
        ended_at=incident.ended_at, end_reason=incident.end_reason,
        now=now,
        live=seen.live and not incident.closed,
        summary=summary(incident, seen.changes, act, seen.catalogue),
        steps=progress(incident, seen.telling, now),
        must_act=act,
        deadlines=ahead,
        figures=figures(incident, None if lost is None else money(lost, incident.currency)),
        chart=chart(incident, seen.series),
        causes=causes(incident, seen.changes, known),
        disagreement=incident.diagnosis.disagreement if incident.diagnosis is not None else None,
        undiagnosed=_undiagnosed(incident, seen.changes),
        verdict=_verdict(incident, known),
        work=at_work(incident, entries, seen.evidence, seen.changes, now),
        services=service_map(incident, seen.catalogue, seen.overview),
        told=told(incident, seen.messages, seen.deliveries),
        cost=CostView(
            whole=whole(incident, seen.budget),
            roles=shares(incident, seen.budget),
            totals=totals(incident.usage_lines),
            failures=failures(incident.usage_lines),
        ),
        alerts=alerts(incident, seen.outcomes),
        nearby=incident.nearby,
        notes=incident.notes,
        merged_into=incident.merged_into,
        split_from=incident.split_from,
        split_into=incident.split_into,
        follows=incident.follows,
        post_mortem=incident.post_mortem is not None,
        broken_off=seen.broken_off,
        timeline=TimelineView(
            incident=incident.id,
            items=lines(seen.entries, known, seen.changes),
            next=seen.entries[-1].sequence if len(seen.entries) == PAGE else None,
        ),
        place=seen.entries[0].sequence if seen.entries else 0,
        stand=seen.stand,
    )  # fmt: skip


def summary(
    incident: Incident, changes: Sequence[Change], act: MustAct, catalogue: Catalogue = NONE
) -> tuple[str, ...]:
    """Two lines: what users feel since when; why, and what happens next."""
    return in_full(incident, catalogue), f"{cause_sentence(incident, changes)} {_next(incident, act)}".strip()


def _next(incident: Incident, act: MustAct) -> str:
    if incident.merged_into is not None:
        return f"It was merged into {incident.merged_into}, which goes on."
    if not incident.open:
        return _ended(incident)
    if incident.unsettled:
        return f"Whether {incident.unsettled[0].action.title} was done is not known: people have to look."
    if incident.pending:
        first = incident.pending[0]
        whose = "your signature" if act.who == "you" else "a signature"
        told = first.action.title
        return f"{told[0].upper()}{told[1:]}: this waits for {whose}."
    if incident.rests:
        return _stood(incident)
    if incident.in_peoples_hands:
        whose = incident.holder or "people, and nobody has taken it yet"
        return f"It is in the hands of {whose}."
    if incident.watch is not None:
        done = incident.change_title(incident.watch.action)
        until = incident.watch.until
        return f"Done: {done}. It is watched until {until:%H:%M} UTC."
    return {
        Step.TRIAGE: "Agents measure who and what is hit.",
        Step.INVESTIGATION: "Agents look for it.",
        Step.MITIGATION: "Agents prepare a change for people to sign.",
        Step.VERIFICATION: "Its signals are watched.",
        Step.POST_MORTEM: "",
    }[incident.step]


def _stood(incident: Incident) -> str:
    """What in shadow came of it."""
    if not incident.shadowed:
        return "In shadow all is said, and no change stands: people would have been called."
    stood = incident.shadowed[0]
    done = stood.action.title
    return f"{done[0].upper()}{done[1:]}: this would wait for a signature, and in shadow nobody is asked."


def _ended(incident: Incident) -> str:
    at = f" at {incident.ended_at:%H:%M} UTC" if incident.ended_at is not None else ""
    return {
        Status.RESOLVED: f"Resolved{at}.",
        Status.FALSE_ALARM: f"Called a false alarm{at}.",
        Status.BACKLOG: f"Left to the backlog{at}.",
    }.get(incident.status, f"Ended{at}.")


def _undiagnosed(incident: Incident, changes: Sequence[Change]) -> str | None:
    """Why the investigation names no cause; None while it runs, or where it names one."""
    found = incident.diagnosis
    return plainly(found.summary, changes) if found is not None and not found.known else None


def _verdict(incident: Incident, known: dict[str, Evidence]) -> VerdictView | None:
    found = incident.verification
    if found is None:
        return None
    return VerdictView(
        verdict=found.verdict,
        at=found.at,
        summary=verdict_sentence(found),
        evidence=cited(found.evidence, known),
    )


def verdict_sentence(found: Verification) -> str:
    """How the watched signals are, since when: silent telemetry is not recovery."""
    must = [one for one in found.readings if one.signal.must_recover]
    back = sum(one.verdict is Recovery.RECOVERED for one in must)
    if found.verdict is Recovery.WORSE:
        worse = [one.signal.service for one in found.readings if one.verdict is Recovery.WORSE]
        return f"Worse than before the change: {', '.join(dict.fromkeys(worse)) or 'a signal'}."
    if not must or found.verdict is Recovery.UNKNOWN:
        return "There is too little data to tell, and silence is not recovery."
    since = f"from {found.window.start:%H:%M} to {found.window.end:%H:%M} UTC"
    return f"{back} of {len(must)} signals are back at their usual level, {since}."
