"""The toolbox: everything a role can ask, by name. Each tool is a value of `tools.toolset.Tool`."""

from collections.abc import Sequence
from typing import cast

from incidents.catalogue import ServiceKind
from incidents.value import Value
from tools.ports import World
from tools.toolbox.changes import CHANGES, DEPLOYMENTS, PIPELINES
from tools.toolbox.dependencies import DATABASE, DEPENDENCIES
from tools.toolbox.endpoints import ENDPOINTS
from tools.toolbox.inventory import INVENTORY
from tools.toolbox.logs import LOGS
from tools.toolbox.metrics import METRICS, OVERVIEW
from tools.toolbox.plan_action import PLAN_ACTION
from tools.toolbox.probes import PROBES
from tools.toolbox.recovery import RECOVERY
from tools.toolbox.screens import SCREENS
from tools.toolbox.source_code import (
    BLAME_LINES,
    DIFF_RELEASES,
    LIST_FILES,
    READ_FILE,
    SEARCH_CODE,
    SHOW_COMMIT,
    TRY_PATCH,
)
from tools.toolbox.suspects import SUSPECTS
from tools.toolbox.traces import TRACES
from tools.toolset import Tool

#: All tools by name; a role's toolset takes those that the roster gives it.
TOOLS: dict[str, Tool[Value, Value]] = {
    tool.name: cast("Tool[Value, Value]", tool)
    for tool in (
        OVERVIEW, SUSPECTS, METRICS, LOGS, TRACES, CHANGES, DEPLOYMENTS, DEPENDENCIES, DATABASE, ENDPOINTS,
        INVENTORY, PIPELINES, PLAN_ACTION, PROBES, RECOVERY, SCREENS, LIST_FILES, READ_FILE, SEARCH_CODE,
        BLAME_LINES, DIFF_RELEASES, SHOW_COMMIT, TRY_PATCH,
    )
}  # fmt: skip


#: Where a tool gets all of its answers from; it says nothing where that part is not there.
_FROM = {
    "metrics": (METRICS.name, RECOVERY.name), "logs": (LOGS.name,), "traces": (TRACES.name, ENDPOINTS.name),
    "changes": (CHANGES.name, DEPLOYMENTS.name, PIPELINES.name), "actions": (PLAN_ACTION.name,),
}  # fmt: skip
_READS_CODE = (LIST_FILES, READ_FILE, SEARCH_CODE, BLAME_LINES, DIFF_RELEASES, SHOW_COMMIT)


def available(names: Sequence[str], world: World) -> tuple[Tool[Value, Value], ...]:
    """The tools of those names that this world can answer at all."""
    missing = (
        {name: part in world.lacks for part, those in _FROM.items() for name in those}
        | {
            PROBES.name: world.health is None,
            SCREENS.name: world.screens is None,
            TRY_PATCH.name: world.patches is None,
            INVENTORY.name: world.inventory is None,
            DATABASE.name: not world.catalogue.of_kind(ServiceKind.DATABASE),
        }
        | {tool.name: world.code is None for tool in _READS_CODE}
    )
    return tuple(TOOLS[name] for name in names if not missing.get(name))


__all__ = [
    "BLAME_LINES",
    "CHANGES",
    "DATABASE",
    "DEPENDENCIES",
    "DEPLOYMENTS",
    "DIFF_RELEASES",
    "ENDPOINTS",
    "INVENTORY",
    "LIST_FILES",
    "LOGS",
    "METRICS",
    "OVERVIEW",
    "PIPELINES",
    "PLAN_ACTION",
    "PROBES",
    "READ_FILE",
    "RECOVERY",
    "SCREENS",
    "SEARCH_CODE",
    "SHOW_COMMIT",
    "SUSPECTS",
    "TOOLS",
    "TRACES",
    "TRY_PATCH",
    "available",
]
