"""A whole incident as it would stand in the store, for the store's and the views' tests."""

from datetime import UTC, datetime, timedelta

from incidents.action import (
    Action,
    ActionKind,
    ActionState,
    Approval,
    Arguments,
    Observed,
    Outcome,
    Plan,
    Proposal,
    Verdict,
    digest_of,
)
from incidents.alert import Alert, AlertStatus, Label
from incidents.communications import BacklogEntry, Brief, Escalation, StatusUpdate
from incidents.events import DecisionMade
from incidents.findings import (
    Category,
    Channel,
    Claim,
    Confidence,
    Diagnosis,
    Evidence,
    EvidenceStatus,
    Hypothesis,
    Reason,
    Suspect,
    Window,
)
from incidents.incident import Incident, Watch
from incidents.notes import Note
from incidents.reports import ActionItem, Impact, PostMortemReport, Why
from incidents.severity import PublicStatus, Severity, Status, Step
from incidents.timeline import Entry, EntryKind
from incidents.usage import Usage
from incidents.verification import Reading, Recovery, Signal, SignalKind, Verification

ID = "INC-2026-11-23-001"
START = datetime(2026, 11, 23, 2, 58, 10, tzinfo=UTC)
EVIDENCE = ("E-3fa81c02", "E-77b0d9e1", "E-c41f5a66", "E-09ee12ab")


def at(minutes: float) -> datetime:
    """So many minutes after the alert."""
    return START + timedelta(minutes=minutes)


def alert(status: AlertStatus = AlertStatus.FIRING) -> Alert:
    return Alert(
        source="alertmanager",
        title="CheckoutErrorRatioHigh",
        service="checkout",
        status=status,
        starts_at=at(-2),
        received_at=at(0),
        fingerprint="a1b2c3d4",
        severity="critical",
        description="38% of requests to checkout fail [bold]since 02:56[/bold]",
        labels=(Label(name="team", value="backend"),),
    )


def opened(identity: str = ID, minutes: float = 0) -> Incident:
    """Just opened, nothing known."""
    return Incident(
        id=identity,
        title="CheckoutErrorRatioHigh: 38% of requests to checkout fail",
        engine="playbook",
        opened_at=at(minutes),
        step_since=at(minutes),
        alerts=(alert(),),
    )


ROLLBACK = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="2026.11.1"))
REDEPLOY = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="2026.11.2"))
PLAN = Plan(
    action=ROLLBACK,
    observed=(
        Observed(name="version", value="2026.11.2"),
        Observed(name="instances", value="2"),
        Observed(name="deployed", value="2026-11-23T02:55:41Z"),
    ),
    effects=(
        "checkout runs 2026.11.1 instead of 2026.11.2 on both instances",
        "both instances restart one after the other, about 20 s each",
    ),
    undo=REDEPLOY,
)
DIGEST = digest_of(ID, "A1", PLAN)


def approval(by: str = "Dana Lee", verdict: Verdict = Verdict.APPROVE, digest: str = DIGEST) -> Approval:
    return Approval(action="A1", digest=digest, verdict=verdict, by=by, at=at(13), note="go, I am watching")


def decision(identity: str, by: str = "Dana Lee", incident: str = ID) -> DecisionMade:
    return DecisionMade(id=identity, incident=incident, at=at(13), approval=approval(by))


def proposal(**changes: object) -> Proposal:
    return Proposal(
        id="A1",
        incident=ID,
        plan=PLAN,
        digest=DIGEST,
        reason="The errors begin 34 s after 2026.11.2 went live and only on the instances that run it; "
        "2026.11.1 ran for six days below 0.3% errors.",
        proposed_by="devops_automator",
        engine="playbook",
        evidence=EVIDENCE[:3],
        proposed_at=at(11),
        expires_at=at(41),
    ).model_copy(update=changes)


def reading(service: str, metric: str, kind: SignalKind, unit: str, *levels: float | None) -> Reading:
    baseline, before, after = levels
    verdict = Recovery.UNKNOWN if after is None else Recovery.RECOVERED
    signal = Signal(service=service, metric=metric, kind=kind, unit=unit, opened=service == "checkout")
    return Reading(signal=signal, baseline=baseline, before=before, after=after, samples=24, verdict=verdict)


VERIFICATION = Verification(
    at=at(47),
    verdict=Recovery.RECOVERED,
    readings=(
        reading("checkout", "error_ratio", SignalKind.ERRORS, "ratio", 0.0021, 0.3794, 0.0019),
        reading("checkout", "latency_p95", SignalKind.LATENCY, "seconds", 0.112, 1.842, 0.118),
        reading("web", "latency_p95", SignalKind.LATENCY, "seconds", 0.204, 1.97, 0.211),
        reading("web", "requests", SignalKind.TRAFFIC, "per_second", 41.7, 26.02, 40.9),
        reading("payment", "cpu", SignalKind.SATURATION, "percent", 21.5, 22.25, None),
    ),
    window=Window(start=at(17), end=at(47)),
    action="A1",
    evidence=(EVIDENCE[3],),
    summary="The signals that opened the incident are back at their quiet level for 30 minutes.",
)

DIAGNOSIS = Diagnosis(
    service="checkout",
    category=Category.DEPLOYMENT,
    confidence=Confidence.HIGH,
    summary="Release 2026.11.2 of checkout fails every third request with KeyError: 'currency'.",
    change="deploy-4711",
    onset=at(-1.9),
    evidence=EVIDENCE[:3],
    alternatives=(
        Hypothesis(
            service="payment",
            category=Category.INFRASTRUCTURE,
            confidence=Confidence.LOW,
            summary="payment answers slowly and checkout times out",
            ruled_out_by="payment's latency stays at its quiet level in the traces",
        ),
    ),
)


def update(minutes: float, status: PublicStatus, action: str) -> StatusUpdate:
    impact = "About a third of purchases fail; browsing works."
    following = None if status is PublicStatus.RESOLVED else at(minutes + 15)
    text = (
        f"{at(minutes):%Y-%m-%d %H:%M} UTC — checkout Incident\nStatus: {status}\nImpact: {impact}\n"
        f"Current action: {action}\nNext update: {f'{following:%H:%M} UTC' if following else 'none planned'}"
    )
    return StatusUpdate(
        at=at(minutes),
        service="checkout",
        status=status,
        impact=impact,
        current_action=action,
        next_update=following,
        text=text,
        engine="playbook",
    )


def resolved(post_mortem: str | None = f"/srv/nexus/incidents/{ID}/post-mortem.md") -> Incident:
    """Resolved after a rollback, post-mortem written."""
    return opened().evolve(
        status=Status.RESOLVED,
        step=Step.POST_MORTEM,
        step_since=at(47),
        alerts=(alert(), alert(AlertStatus.RESOLVED)),
        severity=Severity.P0,
        severity_at=at(1),
        acknowledged_at=at(1.2),
        triaged_at=at(1.2),
        impact=Impact(
            users_affected="about 38% of buyers",
            customers_affected=True,
            services=("checkout", "web"),
            api_affected=True,
            data_at_risk=False,
        ),
        summary="About a third of purchases have failed since 02:56 UTC; browsing works.",
        diagnosis=DIAGNOSIS,
        suspects=(
            Suspect(
                service="checkout",
                score=9.4,
                category=Category.DEPLOYMENT,
                onset=at(-1.9),
                change="deploy-4711",
                reasons=(
                    Reason(channel=Channel.METRICS, text="error ratio 0.2% → 37.9%", score=4.2),
                    Reason(
                        channel=Channel.CHANGES,
                        text="2026.11.2 was deployed 34 s before the onset",
                        score=3.7,
                    ),
                    Reason(
                        channel=Channel.LOGS,
                        text="new template: KeyError: 'currency' (1204 lines)",
                        score=1.5,
                    ),
                ),
            ),
            Suspect(
                service="web",
                score=2.1,
                reasons=(
                    Reason(channel=Channel.METRICS, text="p95 204 ms → 1.97 s, after checkout", score=2.1),
                ),
            ),
        ),
        investigations=1,
        proposals=(
            proposal(
                state=ActionState.DONE,
                approvals=(approval(),),
                outcome=Outcome(done=True, detail="checkout runs 2026.11.1 on 2 of 2 instances", at=at(16)),
            ),
        ),
        mitigations=1,
        watch=Watch(action="A1", started_at=at(17), until=at(47), checks=(VERIFICATION,)),
        verification=VERIFICATION,
        mitigated_at=at(16),
        verified=True,
        ended_at=at(47),
        end_reason="the signals stayed at their quiet level for 30 minutes",
        updates=(
            update(1.5, PublicStatus.INVESTIGATING, "We are looking for the cause."),
            update(16.5, PublicStatus.MONITORING, "A change was taken back; we are watching."),
            update(47, PublicStatus.RESOLVED, "None; purchases work again."),
        ),
        briefs=(
            Brief(
                at=at(2),
                text="INCIDENT BRIEF — 2026-11-23 03:00 UTC\n"
                "SITUATION: checkout is degraded affecting 38% of buyers\n"
                "CAUSE: Under investigation\nACTION: investigating — ETA unknown\nIMPACT: revenue at risk",
                next_update=at(17),
                engine="playbook",
            ),
        ),
        escalations=(
            Escalation(
                row="p0_unresolved",
                at=at(30),
                roles=("studio_producer",),
                condition="P0 not resolved in 30 min",
                action="Additional resources, vendor escalation",
                text="The fix is in and holds so far. No further resources are needed.",
                engine="playbook",
            ),
        ),
        notes=(Note(at=at(6), by="Dana Lee", text="payment had maintenance yesterday, not tonight"),),
        revenue_impact=1840.0,
        post_mortem=post_mortem,
        backlog=TASKS,
        turn=9,
        usage=Usage(model_calls=0, tokens_in=0, tokens_out=0, cost=0.0, seconds=1.9),
    )


def waiting() -> Incident:
    """Diagnosed, a rollback proposed, nobody has decided."""
    return resolved(None).evolve(
        status=Status.OPEN,
        step=Step.MITIGATION,
        step_since=at(10),
        alerts=(alert(),),
        proposals=(proposal(),),
        watch=None,
        verification=None,
        mitigated_at=None,
        verified=False,
        ended_at=None,
        end_reason="",
        updates=(update(1.5, PublicStatus.INVESTIGATING, "We are looking for the cause."),),
        escalations=(),
        backlog=(),
    )


TASKS = (
    BacklogEntry(
        id=f"{ID}-T1",
        title="Alert on a 1% error ratio per release, five minutes after a deploy",
        owner="infrastructure_maintainer",
        due=at(60 * 24 * 7),
        priority="high",
        reason="The alert came two minutes after the first failed purchase",
    ),
    BacklogEntry(
        id=f"{ID}-T2",
        title="Contract test of the price service's answer without a currency",
        owner="backend",
        due=at(60 * 24 * 14),
        priority="medium",
        reason="The missing field was not tested",
    ),
)


def entry(identity: str, minutes: float, kind: EntryKind, role: str, text: str, **changes: object) -> Entry:
    return Entry(
        id=identity,
        incident=ID,
        at=at(minutes),
        step=str(changes.pop("step", "triage")),
        role=role,
        engine=str(changes.pop("engine", "playbook")),
        kind=kind,
        text=text,
    ).model_copy(update=changes)


ENTRIES = (
    entry("1", 0, EntryKind.ALERT, "supervisor", "CheckoutErrorRatioHigh fires on checkout", engine="code"),
    entry(
        "2",
        1,
        EntryKind.WORK,
        "infrastructure_maintainer",
        "38% of requests to checkout fail, users cannot buy",
        evidence=EVIDENCE[:1],
    ),
    entry(
        "3",
        1.2,
        EntryKind.ROUTING,
        "supervisor",
        "P0: the critical response team is activated, six roles",
        engine="code",
    ),
    entry("4", 1.5, EntryKind.UPDATE, "support_responder", "Investigating: about a third of purchases fail"),
    entry(
        "5",
        4,
        EntryKind.FINDING,
        "backend_architect",
        "KeyError: 'currency' in 1204 lines of checkout, none before 02:56:15",
        step="investigation",
        evidence=EVIDENCE[1:3],
        engine="llm",
    ),
    entry(
        "6",
        5,
        EntryKind.GAP,
        "frontend_developer",
        "no browser telemetry is recorded",
        step="investigation",
    ),
    entry(
        "7",
        9,
        EntryKind.DIAGNOSIS,
        "supervisor",
        DIAGNOSIS.summary,
        step="investigation",
        engine="code",
        evidence=EVIDENCE[:3],
    ),
    entry(
        "8",
        11,
        EntryKind.PROPOSAL,
        "devops_automator",
        "A1: roll back checkout to 2026.11.1",
        step="mitigation",
    ),
    entry(
        "9",
        13,
        EntryKind.DECISION,
        "supervisor",
        "Dana Lee approves A1: go, I am watching",
        step="mitigation",
        engine="code",
    ),
    entry(
        "10",
        16,
        EntryKind.EXECUTION,
        "supervisor",
        "A1 done: checkout runs 2026.11.1",
        step="mitigation",
        engine="code",
    ),
    entry(
        "11", 30, EntryKind.ESCALATION, "studio_producer", "P0 not resolved in 30 min", step="verification"
    ),
    entry(
        "12",
        47,
        EntryKind.VERIFICATION,
        "supervisor",
        "recovered: error ratio 37.9% → 0.2%, p95 1.84 s → 118 ms",
        step="verification",
        engine="code",
        evidence=EVIDENCE[3:],
    ),
    entry("13", 47, EntryKind.END, "supervisor", "resolved after 47 min", step="post_mortem", engine="code"),
)


def evidence(number: int = 0, incident: str = ID) -> Evidence:
    tools = ("error_rates", "log_templates", "recent_changes", "compare")
    texts = (
        "checkout fails 37.9% of requests (quiet: 0.2%)",
        "new since 02:56:15: KeyError: <*> in checkout, 1204 lines",
        "deploy-4711 | checkout 2026.11.1 -> 2026.11.2 at 02:55:41Z",
        "all five signals at their quiet level",
    )
    return Evidence(
        id=EVIDENCE[number],
        incident=incident,
        tool=tools[number],
        query='{"service": "checkout"}',
        role="backend_architect",
        at=at(number + 1),
        status=EvidenceStatus.OK,
        summary=texts[number],
        size=2048,
        digest="0" * 64,
    )


REPORT = PostMortemReport(
    summary="A release of checkout read a field that old carts lack; a third of purchases failed for 18 min.",
    what_failed=Claim(text="checkout answered every third purchase with a 500", evidence=EVIDENCE[:1]),
    why_it_failed=Claim(text="2026.11.2 reads cart['currency'] without a default", evidence=EVIDENCE[1:3]),
    why_not_caught=Claim(text="No test has a cart from before the currency field"),
    whys=(
        Why(question="Why did purchases fail?", answer="checkout raised KeyError", evidence=EVIDENCE[1:2]),
        Why(question="Why did it raise?", answer="the field is missing in old carts"),
        Why(question="Why was that not seen?", answer="unknown: the test data is not recorded"),
    ),
    users_affected="about 38% of buyers",
    revenue_impact="about 1,840 lost",
    monitoring=("An error-ratio alert per release",),
    testing=("A contract test with carts of the last 90 days",),
    process=("Canary of one instance for ten minutes",),
    infrastructure=(),
    action_items=(
        ActionItem(action="Default the currency of old carts | reject none", owner="backend", days=3),
        ActionItem(action="Alert on the error ratio per release", owner="infrastructure_maintainer", days=7),
        ActionItem(action="Keep carts of 90 days as test data", owner="backend", days=14),
    ),
)
