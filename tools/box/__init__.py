"""The toolbox: everything a role can ask, by name. Each tool is a value of `tools.kit.Tool`."""

from collections.abc import Sequence
from typing import cast

from incidents.value import Value
from tools.box.changes import CHANGES, DEPLOYMENTS, PIPELINES
from tools.box.code import (
    BLAME_LINES,
    DIFF_RELEASES,
    LIST_FILES,
    READ_FILE,
    SEARCH_CODE,
    SHOW_COMMIT,
    TRY_PATCH,
)
from tools.box.dependencies import DATABASE, DEPENDENCIES
from tools.box.endpoints import ENDPOINTS
from tools.box.logs import LOGS
from tools.box.metrics import METRICS, OVERVIEW
from tools.box.plan import PLAN_ACTION
from tools.box.probes import PROBES
from tools.box.recovery import RECOVERY
from tools.box.screens import SCREENS
from tools.box.suspects import SUSPECTS
from tools.box.traces import TRACES
from tools.kit import Tool
from tools.ports import World

#: All tools by name; a role's kit takes those that the roster gives it.
BOX: dict[str, Tool[Value, Value]] = {
    tool.name: cast("Tool[Value, Value]", tool)
    for tool in (
        OVERVIEW, SUSPECTS, METRICS, LOGS, TRACES, CHANGES, DEPLOYMENTS, DEPENDENCIES, DATABASE, ENDPOINTS,
        PIPELINES, PLAN_ACTION, PROBES, RECOVERY, SCREENS, LIST_FILES, READ_FILE, SEARCH_CODE, BLAME_LINES,
        DIFF_RELEASES, SHOW_COMMIT, TRY_PATCH,
    )
}  # fmt: skip


_READS_CODE = (LIST_FILES, READ_FILE, SEARCH_CODE, BLAME_LINES, DIFF_RELEASES, SHOW_COMMIT)


def available(names: Sequence[str], world: World) -> tuple[Tool[Value, Value], ...]:
    """The tools of those names that this world can answer at all."""
    missing = {
        PROBES.name: world.health is None,
        SCREENS.name: world.screens is None,
        TRY_PATCH.name: world.patches is None,
    } | {tool.name: world.code is None for tool in _READS_CODE}
    return tuple(BOX[name] for name in names if not missing.get(name))


__all__ = [
    "BLAME_LINES",
    "BOX",
    "CHANGES",
    "DATABASE",
    "DEPENDENCIES",
    "DEPLOYMENTS",
    "DIFF_RELEASES",
    "ENDPOINTS",
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
    "TRACES",
    "TRY_PATCH",
    "available",
]
