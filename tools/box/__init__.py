"""The toolbox: everything a role can ask, by name. Each tool is a value of `tools.kit.Tool`."""

from collections.abc import Sequence
from typing import cast

from incidents.value import Value
from tools.box.changes import CHANGES, DEPLOYMENTS, PIPELINES
from tools.box.dependencies import DATABASE, DEPENDENCIES
from tools.box.endpoints import ENDPOINTS
from tools.box.logs import LOGS
from tools.box.metrics import METRICS, OVERVIEW
from tools.box.plan import PLAN_ACTION
from tools.box.probes import PROBES
from tools.box.recovery import RECOVERY
from tools.box.suspects import SUSPECTS
from tools.box.traces import TRACES
from tools.kit import Tool
from tools.ports import World

#: All tools by name; a role's kit takes those that the roster gives it.
BOX: dict[str, Tool[Value, Value]] = {
    tool.name: cast("Tool[Value, Value]", tool)
    for tool in (
        OVERVIEW, SUSPECTS, METRICS, LOGS, TRACES, CHANGES, DEPLOYMENTS, DEPENDENCIES, DATABASE, ENDPOINTS,
        PIPELINES, PLAN_ACTION, PROBES, RECOVERY,
    )
}  # fmt: skip


def available(names: Sequence[str], world: World) -> tuple[Tool[Value, Value], ...]:
    """The tools of those names that this world can answer at all."""
    return tuple(BOX[name] for name in names if name != PROBES.name or world.health is not None)


__all__ = [
    "BOX",
    "CHANGES",
    "DATABASE",
    "DEPENDENCIES",
    "DEPLOYMENTS",
    "ENDPOINTS",
    "LOGS",
    "METRICS",
    "OVERVIEW",
    "PIPELINES",
    "PLAN_ACTION",
    "PROBES",
    "RECOVERY",
    "SUSPECTS",
    "TRACES",
    "available",
]
