"""A whole graph on twins: made world, scripted engine, store in memory, people who speak at given moments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.runtime import RunControl

from agents.engine import Assignment, EngineResult, RoleContext
from agents.roster import load_roster
from graph.build import Graph, build
from graph.state import Deps
from graph.supervisor import CHECK_BOX, Move
from incidents.action import Action, ActionKind, Arguments
from incidents.alert import Alert
from incidents.communications import Brief, Escalation, StatusUpdate
from incidents.errors import EngineFailed
from incidents.events import Event, TimerFired
from incidents.findings import Category, Claim, Confidence, Hypothesis
from incidents.incident import Incident
from incidents.past import PastIncident
from incidents.policy import ApprovalPolicy
from incidents.reports import (
    ActionItem,
    AssessmentReport,
    BacklogItem,
    BacklogReport,
    BriefReport,
    Impact,
    InvestigationReport,
    MitigationReport,
    PostMortemReport,
    ProposedAction,
    Report,
    StatusReport,
    Task,
    TriageReport,
    VerificationReport,
    Why,
)
from incidents.runbook import Runbook
from incidents.severity import PublicStatus, Severity, Step
from incidents.value import iso
from nexus.config.causes import shipped_causes
from nexus.config.runbook import load_runbook
from nexus.runtime.driver import Driver, Waiter
from nexus.runtime.inbox import InboxWatch
from nexus.runtime.lease_keeper import HeldLease, LeaseKeeper
from nexus.store.earned import EarnedPermissions
from nexus.store.fence import FencedIntents
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.graph.worlds import ALERT, MadeWorld
from tools.clock import VirtualClock
from tools.fence import UNFENCED
from tools.toolbox import TOOLS
from tools.toolset import Sources, Toolset

ROSTER = load_roster()
RUNBOOK: Runbook = load_runbook(None, {role.slug for role in ROSTER.roles})

#: The number that no lease ever has: who does not drive begins nothing.
NOT_LEASED = 0


@dataclass
class ScriptedEngine:
    """Answers every task as told. What it was asked is kept in `asked`."""

    severity: Severity = Severity.P1
    knows: bool = True
    proposes: bool = True
    breach: bool = False
    customers: bool | None = True
    false_alarm: bool = False
    failing: frozenset[Task] = frozenset()
    version: str = "1.0"
    contrary: str | None = None
    asked: list[Assignment] = field(default_factory=list)
    before: Callable[[Assignment], None] = lambda _: None

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """The scripted report."""
        self.asked.append(assignment)
        self.before(assignment)
        if assignment.task in self.failing:
            raise EngineFailed("told to fail")
        kept = await context.toolset.store.evidence(context.incident.id)
        ids = tuple(item.id for item in kept)[-2:]
        return EngineResult(report=self._report(assignment, context.incident, ids), engine="scripted")

    def _report(self, assignment: Assignment, incident: Incident, ids: tuple[str, ...]) -> Report:
        claim = Claim(text="checkout fails", evidence=ids)
        match assignment.task:
            case Task.TRIAGE:
                impact = Impact(customers_affected=self.customers, data_breach_suspected=self.breach)
                return TriageReport(
                    summary="checkout fails",
                    severity=self.severity,
                    severity_reason="told so",
                    impact=impact,
                    false_alarm=self.false_alarm,
                )
            case Task.INVESTIGATE:
                return InvestigationReport(
                    summary="looked", checks=(), hypotheses=self._hypotheses(assignment, ids)
                )
            case Task.MITIGATE:
                return MitigationReport(summary="ready", proposals=self._proposals(assignment))
            case Task.VERIFY:
                return VerificationReport(summary="fine", checks=())
            case Task.STATUS_UPDATE:
                return StatusReport(
                    status=PublicStatus.INVESTIGATING, impact="orders fail", current_action="looking"
                )
            case Task.BRIEF:
                return BriefReport(
                    situation="down", cause="unknown", action="a", eta="unknown", impact="unknown"
                )
            case Task.ASSESS:
                return AssessmentReport(assessment="assessed", recommendations=("call the vendor",))
            case Task.POST_MORTEM:
                why = Why(question="why?", answer="a release", evidence=ids)
                return PostMortemReport(
                    summary="it broke",
                    what_failed=claim,
                    why_it_failed=claim,
                    why_not_caught=claim,
                    whys=(why,),
                    monitoring=(),
                    testing=(),
                    process=(),
                    infrastructure=(),
                    action_items=(ActionItem(action="test it", owner="backend", days=7),),
                )
            case Task.BACKLOG:
                item = BacklogItem(
                    title="test it", owner="backend", days=7, priority=Confidence.HIGH, reason="it broke"
                )
                return BacklogReport(summary="one task", items=(item,))

    def _hypotheses(self, assignment: Assignment, ids: tuple[str, ...]) -> tuple[Hypothesis, ...]:
        """The release; a `contrary` role blames the entry until it is asked about it."""
        if not self.knows:
            return ()
        release = Hypothesis(
            service="checkout",
            category=Category.DEPLOYMENT,
            confidence=Confidence.HIGH,
            summary="release 2.0 of checkout",
            change="c1",
            evidence=ids,
        )
        if assignment.role != self.contrary:
            return (release,)
        entry = Hypothesis(
            service="web", category=Category.CODE, confidence=Confidence.MEDIUM, summary="web", evidence=ids
        )
        if assignment.question is None:
            return (entry,)
        return (release, entry.model_copy(update={"ruled_out_by": "its own spans are as usual"}))

    def _proposals(self, assignment: Assignment) -> tuple[ProposedAction, ...]:
        if not self.proposes or ActionKind.ROLLBACK not in assignment.actions:
            return ()
        action = Action(
            kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version=self.version)
        )
        return (ProposedAction(action=action, reason="it broke then", expected_effect="errors fall"),)


@dataclass
class Heard:
    """The twin of the communications, the files and the post-mortem writer: it remembers."""

    updates: list[StatusUpdate] = field(default_factory=list)
    briefs: list[Brief] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)

    async def publish(self, update: StatusUpdate, incident: Incident) -> None:
        """Remember an update."""
        self.updates.append(update)

    async def brief(self, brief: Brief, incident: Incident) -> None:
        """Remember a brief."""
        self.briefs.append(brief)

    async def escalate(self, escalation: Escalation, incident: Incident) -> None:
        """Remember an escalation."""
        self.escalations.append(escalation)

    async def open_channel(self, incident: Incident) -> str:
        """A channel."""
        return "channel"

    async def say(self, incident: Incident, text: str, key: str | None = None) -> None:
        """Said into the channel."""

    async def page(self, incident: Incident, text: str, key: str | None = None) -> None:
        """Remember a page."""
        self.pages.setdefault(key or text, text)

    async def write(self, incident: str, name: str, data: bytes) -> str:
        """A file."""
        return name


@dataclass(frozen=True)
class Remembered:
    """The twin of the history: what it is given."""

    before: tuple[PastIncident, ...] = ()

    async def history(self, incident: Incident, now: datetime) -> tuple[PastIncident, ...]:
        """The same for every incident."""
        return self.before


Speaks = Callable[[Incident, datetime], Event | None]


@dataclass
class People:
    """The waiter of the tests: events at given moments, else decisions, else the timer.

    What people hold is left to them after the last event, or at `until`, if that is later.
    """

    clock: VirtualClock
    events: list[tuple[datetime, Speaks]] = field(default_factory=list)
    decides: Speaks = lambda _incident, _now: None
    until: datetime = ALERT

    async def wait(self, incident: Incident, move: Move) -> tuple[Event, ...]:
        """What happens next."""
        now = self.clock.now()
        if incident.in_peoples_hands and not self.events and now >= self.until:
            return ()
        answer = self.decides(incident, now)
        if answer is not None and answer.id not in incident.handled_events:
            return (answer,)
        assert move.until is not None, "a wait without an end"
        if self.events and self.events[0][0] <= move.until:
            at, speaks = self.events.pop(0)
            self.clock.advance_to(at)
            event = speaks(incident, self.clock.now())
            if event is not None:
                return (event,)
        self.clock.advance_to(move.until)
        return (TimerFired(id=f"t{incident.turn}", incident=incident.id, at=move.until),)


@dataclass
class Bench:
    """Everything that one run needs; `run()` drives the incident to its end."""

    world: MadeWorld
    engine: ScriptedEngine
    people: People
    heard: Heard
    store: MemoryStore
    deps: Deps
    saver: InMemorySaver = field(default_factory=InMemorySaver)

    async def run(self, incident: Incident) -> Incident:
        """Register and drive."""
        await self.store.register(incident, WorldRef(kind=WorldKind.CASE, path="made"), ALERT)
        return await self.go_on(incident.id)

    async def go_on(self, incident: str = "INC-1") -> Incident:
        """Drive it from where it was left."""
        return await self.drive(build(self.deps.runbook, self.saver), incident=incident)

    async def drive(
        self,
        graph: Graph,
        waiter: Waiter | None = None,
        incident: str = "INC-1",
        control: RunControl | None = None,
    ) -> Incident:
        """Drive it as far as it goes, under a lease of its own."""
        async with LeaseKeeper(self.store).hold(incident) as lease:
            rest = await self.driver(graph, lease, waiter, control).go_on(lease)
            await self.store.give_back(incident, lease.number, rest.until)
            return rest.incident

    def driver(
        self, graph: Graph, lease: HeldLease, waiter: Waiter | None = None, control: RunControl | None = None
    ) -> Driver:
        """What drives an incident of this bench under a lease."""
        deps = replace(self.deps, intents=FencedIntents(self.store, lease.number), fence=lease.fence)
        inbox = InboxWatch(self.store)
        return Driver(self.store, graph, deps, waiter or self.people, inbox, control=control or RunControl())

    async def told(self) -> tuple[str, ...]:
        """The timeline's texts."""
        return tuple(entry.text for entry in await self.store.entries("INC-1"))


def bench(
    engine: ScriptedEngine | None = None,
    *,
    minutes: float = 0,
    policy: ApprovalPolicy | None = None,
    revenue_threshold: float | None = None,
    runbook: Runbook = RUNBOOK,
    before: tuple[PastIncident, ...] = (),
    **world: object,
) -> Bench:
    """A bench whose steps take some virtual minutes each."""
    clock = VirtualClock(ALERT)
    made = MadeWorld(clock, **world)  # type: ignore[arg-type]
    mind, heard, store, people = engine or ScriptedEngine(), Heard(), MemoryStore(), People(clock)

    def make_toolset(sources: Sources, role: str, tools: Sequence[str]) -> Toolset:
        return Toolset(sources, store, role, [TOOLS[name] for name in tools])

    async def write_post_mortem(_i: Incident, _r: PostMortemReport, _who: str, _engine: str) -> str:
        return "post-mortem.md"

    def pace(step: Step) -> None:
        takes = timedelta(minutes=minutes)
        clock.advance(min(takes, CHECK_BOX) if step is Step.VERIFICATION else takes)

    deps = Deps(
        clock=clock,
        runbook=runbook,
        causes=shipped_causes(),
        roster=ROSTER,
        policy=policy or ApprovalPolicy(),
        revenue_threshold=revenue_threshold,
        world=made.world(),
        engine=mind,
        evidence=store,
        journal=store,
        intents=FencedIntents(store, NOT_LEASED),
        fence=UNFENCED,
        comms=heard,
        backlog=store,
        history=Remembered(before),
        files=heard,
        permissions=EarnedPermissions(store, "shop"),
        make_toolset=make_toolset,
        write_post_mortem=write_post_mortem,
        pace=pace,
        catch_up=lambda _incident: None,
    )
    return Bench(made, mind, people, heard, store, deps)


def alert(status: str = "firing", at: datetime = ALERT) -> Alert:
    """The alert about web."""
    return Alert.model_validate(
        {
            "source": "alertmanager",
            "title": "HighErrorRate: web",
            "service": "web",
            "status": status,
            "starts_at": iso(ALERT),
            "received_at": iso(at),
            "fingerprint": "f1",
            "severity": "critical",
        }
    )


def incident() -> Incident:
    """A fresh incident."""
    return Incident(
        id="INC-1",
        title="HighErrorRate: web",
        engine="scripted",
        opened_at=ALERT,
        step_since=ALERT,
        alerts=(alert(),),
    )
