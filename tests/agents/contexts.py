"""The context of one role: a small catalogue, two fake tools, evidence in memory, the shipped runbook."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from pydantic import Field

from agents.engine import Assignment, RoleContext
from agents.role import Role, Tier
from agents.roster import load_roster
from incidents.action import ActionKind
from incidents.alert import Alert
from incidents.catalogue import Catalogue, Service, ServiceKind
from incidents.errors import ToolFailed
from incidents.incident import Incident
from incidents.reports import Task
from incidents.severity import Severity, Step
from incidents.value import Value
from nexus.config.causes import shipped_causes
from nexus.config.runbook import load_runbook
from tools.clock import VirtualClock
from tools.memory import MemoryEvidence
from tools.ports import World
from tools.toolset import Sources, Tool, Toolset

RUNBOOK = load_runbook(None, {role.slug for role in load_roster().roles})
CAUSES = shipped_causes()
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

CATALOGUE = Catalogue(
    services=(
        Service(name="checkout", user_facing=True, owner="backend", depends_on=("payment", "orders-db")),
        Service(name="payment", owner="payments"),
        Service(name="orders-db", kind=ServiceKind.DATABASE),
    )
)


class MetricsArgs(Value):
    """The series of one service."""

    service: str = Field(description="the service's name")
    limit: int = Field(default=5, ge=1, le=50)


class Nothing(Value):
    """No arguments."""


class Words(Value):
    """An answer in words."""

    text: str


async def _metrics(_: Sources, args: Value) -> Value:
    service = cast("MetricsArgs", args).service
    if service == "orders-db":
        raise ToolFailed("the metrics backend does not answer; look at it")
    return Words(text=f"{service}: error ratio 43 %, baseline 0.2 %, since 2026-01-01T11:50:00Z")


async def _changes(_: Sources, __: Value) -> Value:
    return Words(text="checkout deploy, change chg-42, 2026.10.4 to 2026.11.1 at 2026-01-01T11:48:00Z")


def _say(result: Value) -> str:
    return cast("Words", result).text


METRICS: Tool[Any, Any] = Tool("metrics", "The series of one service.", MetricsArgs, _metrics, _say)
CHANGES: Tool[Any, Any] = Tool("changes", "What was changed near the onset.", Nothing, _changes, _say)


def incident(**changes: object) -> Incident:
    """An open incident with one alert."""
    alert = Alert(
        source="alertmanager",
        title="CheckoutErrors",
        service="checkout",
        starts_at=NOW - timedelta(minutes=8),
        received_at=NOW - timedelta(minutes=7),
        fingerprint="f1",
        description="Too many errors in checkout",
    )
    whole = Incident(
        id="inc-1",
        title="CheckoutErrors on checkout",
        engine="llm",
        opened_at=NOW - timedelta(minutes=7),
        step_since=NOW,
        alerts=(alert,),
    )
    return whole.evolve(**changes) if changes else whole


def role(**changes: object) -> Role:
    """The backend architect, unless changed."""
    fields: dict[str, object] = {
        "slug": "backend_architect",
        "name": "Backend Architect",
        "mission": "Finds the root cause.",
        "tier": Tier.DEEP,
        "tasks": (Task.INVESTIGATE,),
    }
    return Role.model_validate({**fields, **changes})


def assignment(task: Task = Task.INVESTIGATE, **changes: object) -> Assignment:
    """One assignment with ten minutes on the incident's clock."""
    fields: dict[str, object] = {
        "id": f"1:backend_architect:{task}",
        "incident": "inc-1",
        "role": "backend_architect",
        "task": task,
        "step": Step.INVESTIGATION,
        "severity": Severity.P1,
        "checks": ("Check database health", "Review API error rates"),
        "actions": (ActionKind.ROLLBACK,) if task is Task.MITIGATE else (),
        "deadline": NOW + timedelta(minutes=10),
    }
    return Assignment.model_validate({**fields, **changes})


def role_context(
    *tools: Tool[Any, Any],
    who: Role | None = None,
    about: Incident | None = None,
    store: MemoryEvidence | None = None,
) -> RoleContext:
    """A context with the given tools, or with both fake ones."""
    world = World(CATALOGUE, *(cast("Any", None) for _ in range(5)))
    about = about or incident()
    sources = Sources(world, VirtualClock(NOW), about)
    who = who or role()
    toolset = Toolset(sources, store or MemoryEvidence(), who.slug, tools or (METRICS, CHANGES))
    return RoleContext(role=who, incident=about, runbook=RUNBOOK, causes=CAUSES, toolset=toolset, now=NOW)
