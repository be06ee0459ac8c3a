"""Evidence as a sentence cites it: a link with words, the evidence itself one click away. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from incidents.findings import Evidence, EvidenceStatus
from incidents.value import Moment, Value, plain
from nexus.sanitize import role_name
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
_LONGEST = 200


class Cited(Value):
    """A link to an evidence: its id, how a sentence calls it, who asked when, what came back in a line."""

    id: str
    label: str
    tool: str
    role: str
    at: Moment | None = None
    status: EvidenceStatus = EvidenceStatus.OK
    answer: str = ""


def cited(ids: Iterable[str], known: Mapping[str, Evidence]) -> tuple[Cited, ...]:
    """The links of a sentence, each once; of an id that is not known only the id is told."""
    return tuple(
        link(known[one]) if one in known else Cited(id=one, label=one, tool="", role="")
        for one in dict.fromkeys(ids)
    )


def link(evidence: Evidence) -> Cited:
    """The link to one evidence."""
    return Cited(
        id=evidence.id,
        label=label(evidence),
        tool=evidence.tool,
        role=role_name(evidence.role),
        at=evidence.at,
        status=evidence.status,
        answer=first_line(evidence),
    )


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


def first_line(evidence: Evidence) -> str:
    """What came back in one line: the first that says something, not the heading."""
    rows = [row.strip() for row in evidence.summary.splitlines() if row.strip()]
    telling = [row.removeprefix("- ") for row in rows if row.startswith(("- ", "1. "))]
    told = plainly(next(iter(telling), rows[0] if rows else ""))
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"
