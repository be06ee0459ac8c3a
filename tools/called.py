"""What people call an evidence, and what it says in a line. Pure."""

from typing import Any

from incidents.findings import Evidence
from incidents.value import plain
from tools.plainly import plainly

#: What a tool's answer is called; others by the tool's own name.
_CALLED = {
    "overview": "all services",
    "suspects": "ranking of suspects",
    "metrics": "metrics",
    "logs": "logs",
    "traces": "traces",
    "changes": "changes",
    "deployments": "releases",
    "dependencies": "dependencies",
    "database": "databases",
    "endpoints": "endpoints",
    "pipelines": "pipelines",
    "plan_action": "dry run",
    "probes": "probes",
    "recovery": "recovery",
    "chart": "chart",
    "screenshot": "picture",
    "watched_series": "watched signals",
}


def label(evidence: Evidence) -> str:
    """How people call it: `logs of checkout`."""
    asked = arguments(evidence)
    called = _CALLED.get(evidence.tool, evidence.tool.replace("_", " "))
    about = str(asked.get("service") or "")
    return f"{called} of {about}" if about else called


def arguments(evidence: Evidence) -> dict[str, Any]:
    """What a tool was asked with."""
    found = plain(evidence.query)
    return found if isinstance(found, dict) else {}


def first_line(evidence: Evidence, longest: int = 200) -> str:
    """What came back in one line: the first that says something, not the heading."""
    rows = [row.strip() for row in evidence.summary.splitlines() if row.strip()]
    telling = [row.removeprefix("- ").removeprefix("1. ") for row in rows if row.startswith(("- ", "1. "))]
    told = plainly(next(iter(telling), rows[0] if rows else ""))
    return told if len(told) <= longest else f"{told[: longest - 1].rstrip()}…"
