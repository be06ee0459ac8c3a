"""A stage for the playbook: small worlds in memory, incidents, and a way to let a role do its task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from agents.engine import Assignment, RoleContext
from agents.playbook import Playbook
from agents.roster import load_roster
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
from incidents.alert import Alert, AlertStatus
from incidents.catalogue import Catalogue
from incidents.causes import Causes
from incidents.changes import Change
from incidents.errors import ActionRefused
from incidents.findings import Evidence, Window
from incidents.incident import Incident
from incidents.inventory import FlagState, Inventory
from incidents.reports import Report, Task
from incidents.runbook import Runbook
from incidents.severity import Step
from nexus.config.causes import shipped_causes
from nexus.config.runbook import load_runbook
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA
from tools.clock import VirtualClock
from tools.fence import Fence
from tools.memory import MemoryEvidence
from tools.ports import World
from tools.toolbox import TOOLS, available
from tools.toolset import Sources, Toolset

ROSTER = load_roster(has_prompt=lambda _: True, tools=TOOLS)
RUNBOOK: Runbook = load_runbook(None, [role.slug for role in ROSTER.roles])
CAUSES = shipped_causes()

START = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
ONSET = START + timedelta(minutes=15)
ALERT = START + timedelta(minutes=18)
NOW = START + timedelta(minutes=21)

#: (service, metric, unit, peer) → the usual level and the level since the onset.
Levels = Mapping[tuple[str, str, str, str], tuple[float, float]]


@dataclass
class Told:
    """The telemetry ports over frames in memory."""

    frames: dict[str, pl.DataFrame]
    recorded: tuple[Change, ...] = ()

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return self._rows("metrics", window, services)

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return self._rows("logs", window, services)

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return self._rows("traces", window, services)

    async def changes(self, window: Window) -> tuple[Change, ...]:
        return tuple(change for change in self.recorded if window.start <= change.time < window.end)

    def _rows(self, name: str, window: Window, services: Sequence[str]) -> pl.DataFrame:
        rows = self.frames[name].filter((pl.col("time") >= window.start) & (pl.col("time") < window.end))
        return rows.filter(pl.col("service").is_in(list(services))) if services else rows


@dataclass
class Planned:
    """The actions port: it knows how many instances run and which services can do what."""

    replicas: dict[str, int] = field(default_factory=dict)
    flags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refuses: frozenset[tuple[ActionKind, str]] = frozenset()

    async def plan(self, action: Action) -> Plan:
        if (action.kind, action.service) in self.refuses:
            raise ActionRefused(f"{action.service} cannot {action.kind}")
        seen = (
            [Observed(name="replicas", value=str(self.replicas[action.service]))]
            if action.service in self.replicas
            else []
        )
        return Plan(action=action, observed=tuple(seen), effects=("it changes",))

    async def inventory(self, service: str) -> Inventory:
        flags = self.flags.get(service)
        return Inventory(
            service=service,
            instances=self.replicas.get(service),
            flags=tuple(FlagState(name=name) for name in flags) if flags is not None else None,
        )

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        raise AssertionError(f"a role must never execute {action.key} ({key})")

    async def status(self, key: str) -> Outcome | None:
        return None


def world(
    catalogue: Catalogue,
    levels: Levels | None = None,
    logs: Sequence[tuple[datetime, str, str, str]] = (),
    changes: tuple[Change, ...] = (),
    actions: Planned | None = None,
    traces: pl.DataFrame | None = None,
) -> World:
    """A world of half an hour; `logs` are (time, service, level, message)."""
    told = Told(
        {
            "metrics": _metrics(levels or {}),
            "logs": pl.DataFrame(
                [(at, service, f"{service}-1", level, text, "", "") for at, service, level, text in logs],
                schema=LOGS_SCHEMA,
                orient="row",
            ),
            "traces": pl.DataFrame(schema=TRACES_SCHEMA) if traces is None else traces,
        },
        changes,
    )
    hands = actions or Planned()
    return World(
        catalogue=catalogue, metrics=told, logs=told, traces=told, changes=told, actions=hands,
        inventory=hands,
    )  # fmt: skip


def _metrics(levels: Levels) -> pl.DataFrame:
    rows = []
    for index in range(120):
        at = START + index * timedelta(seconds=15)
        ripple = 1 + 0.02 * ((index * 7) % 5 - 2)
        for (service, metric, unit, peer), (usual, since) in levels.items():
            level = since if at >= ONSET else usual
            said = level if unit == "count" else level * ripple
            rows.append((at, service, f"{service}-1", metric, peer, said, unit))
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def incident(
    service: str | None = "web", *, over: bool = False, severity: str | None = "warning"
) -> Incident:
    """An incident that one alert opened, or that an alert opened and closed."""
    alert = Alert(
        source="test", title="error ratio of web is high", service=service, starts_at=ALERT,
        received_at=ALERT, fingerprint="f1", severity=severity,
    )  # fmt: skip
    ended = alert.model_copy(update={"status": AlertStatus.RESOLVED})
    return Incident(
        id="INC-1", title=alert.title, engine="playbook", opened_at=ALERT, step_since=ALERT,
        alerts=(alert, ended) if over else (alert,),
    )  # fmt: skip


def proposal(
    action: Action, state: ActionState, *, identity: str = "A1", note: str = "", at: datetime = NOW
) -> Proposal:
    """A proposal that people or the world have answered."""
    plan = Plan(action=action, observed=(), effects=())
    digest = digest_of("INC-1", identity, plan)
    verdict = Verdict.REJECT if state is ActionState.REJECTED else Verdict.APPROVE
    answered = Approval(action=identity, digest=digest, verdict=verdict, by="dana", at=at, note=note)
    done = Outcome(done=state is ActionState.DONE, detail="", at=at)
    return Proposal(
        id=identity, incident="INC-1", plan=plan, digest=digest, reason="", proposed_by="devops_automator",
        engine="playbook", state=state,
        proposed_at=at - timedelta(minutes=1), expires_at=at + timedelta(minutes=30),
        approvals=(answered,), outcome=done if state in {ActionState.DONE, ActionState.FAILED} else None,
    )  # fmt: skip


def rollback(service: str, version: str) -> Action:
    return Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=version))


@dataclass
class Stage:
    """One world with its clock and evidence; lets roles work in it."""

    world: World
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    store: MemoryEvidence = field(default_factory=MemoryEvidence)
    causes: Causes = CAUSES

    def context(self, case: Incident, slug: str) -> RoleContext:
        role = ROSTER.get(slug)
        sources = Sources(world=self.world, clock=self.clock, incident=case)
        toolset = Toolset(sources, self.store, slug, available(role.tools, self.world))
        return RoleContext(
            role=role,
            incident=case,
            runbook=RUNBOOK,
            causes=self.causes,
            toolset=toolset,
            now=self.clock.now(),
        )

    async def do(
        self,
        case: Incident,
        slug: str,
        task: Task,
        *,
        step: Step = Step.INVESTIGATION,
        checks: tuple[str, ...] | None = None,
        actions: tuple[ActionKind, ...] = (),
    ) -> Report:
        """Let a role do a task with the runbook's checks, or with those given."""
        own = next((row.checks for row in RUNBOOK.steps[step].roles if row.role == slug), ())
        assignment = Assignment(
            id="1", incident=case.id, role=slug, task=task, step=step, severity=case.severity,
            checks=own if checks is None else checks, actions=actions,
            deadline=self.clock.now() + timedelta(minutes=5),
        )  # fmt: skip
        performed = await Playbook().perform(assignment, self.context(case, slug))
        assert performed.engine == "playbook"
        return performed.report

    async def kept(self, case: Incident) -> dict[str, Evidence]:
        return {item.id: item for item in await self.store.evidence(case.id)}
