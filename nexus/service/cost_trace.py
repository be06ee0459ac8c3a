"""Who did what in an incident: steps, the work in them, what each piece of work asked, reported and cost."""

from collections.abc import Sequence

from pydantic import Field

from agents.budget import Budget, Limits
from incidents.findings import Evidence, EvidenceStatus
from incidents.incident import Incident
from incidents.severity import Severity
from incidents.timeline import Entry
from incidents.usage import Usage, UsageLine
from incidents.value import Moment, Value
from nexus.sanitize import line


class Asked(Value):
    """One question to a tool and what came back, in a sentence."""

    evidence: str
    tool: str
    query: str
    status: EvidenceStatus
    answer: str


class Work(Value):
    """One role's piece of work."""

    at: Moment | None
    spent: UsageLine
    asked: tuple[Asked, ...]
    report: str
    removed: tuple[str, ...]


class StepTrace(Value):
    """A stretch of work in one step."""

    step: str
    work: tuple[Work, ...]


class Total(Value):
    """What one model, or the playbook, was used for."""

    by: str
    works: int
    usage: Usage
    failed: int = Field(default=0, description="how many of its pieces of work it did not do")


class Trace(Value):
    """The whole incident."""

    incident: str
    title: str
    steps: tuple[StepTrace, ...]
    totals: tuple[Total, ...]
    usage: Usage


def trace_of(incident: Incident, entries: Sequence[Entry], evidence: Sequence[Evidence]) -> Trace:
    """The trace from the ledger, the timeline and the evidence."""
    known = {item.id: item for item in evidence}
    steps: list[tuple[str, list[Work]]] = []
    for spent in incident.usage_lines:
        if not steps or steps[-1][0] != spent.step:
            steps.append((spent.step, []))
        steps[-1][1].append(_work(spent, entries, known))
    return Trace(
        incident=incident.id,
        title=incident.title,
        steps=tuple(StepTrace(step=step, work=tuple(work)) for step, work in steps),
        totals=totals(incident.usage_lines),
        usage=incident.usage,
    )


def totals(ledger: Sequence[UsageLine]) -> tuple[Total, ...]:
    """The ledger by who worked: each model with what it cost, done or failed, and the playbook."""
    found: dict[str, Total] = {}

    def add(by: str, *, works: int = 0, failed: int = 0, usage: Usage | None = None) -> None:
        kept = found.get(by) or Total(by=by, works=0, usage=Usage())
        found[by] = Total(
            by=by,
            works=kept.works + works,
            failed=kept.failed + failed,
            usage=kept.usage + (usage or Usage()),
        )

    for spent in ledger:
        if not spent.models:
            add(spent.model or spent.engine, works=1, usage=spent.usage)
            continue
        for use in spent.models:
            add(use.model, failed=int(use.fault is not None), usage=use.usage)
        add(spent.model or spent.engine, works=1)
    return tuple(found.values())


class WholeUse(Value):
    """What was used, against what may be."""

    works: int
    usage: Usage
    limits: Limits


class Share(WholeUse):
    """What one role used in an incident, against what it may use there."""

    role: str


def shares(incident: Incident, budget: Budget) -> tuple[Share, ...]:
    """The ledger by role, in the order of their first work, each with its limits at the present severity."""
    found: dict[str, list[UsageLine]] = {}
    for spent in incident.usage_lines:
        found.setdefault(spent.role, []).append(spent)
    limits = budget.role.get(incident.severity or Severity.P0, Limits())
    return tuple(
        Share(role=role, works=len(lines), usage=sum((one.usage for one in lines), Usage()), limits=limits)
        for role, lines in found.items()
    )


def whole(incident: Incident, budget: Budget) -> WholeUse:
    """What the incident used in all, against what it may use."""
    limits = budget.by_severity.get(incident.severity or Severity.P0, Limits())
    return WholeUse(works=len(incident.usage_lines), usage=incident.usage, limits=limits)


def _work(spent: UsageLine, entries: Sequence[Entry], known: dict[str, Evidence]) -> Work:
    mark = f":{spent.assignment}:"
    own = {key: entry for entry in entries for _, found, key in [entry.id.partition(mark)] if found}
    done, start = own.get("done"), own.get("start")
    told = done or start
    return Work(
        at=told.at if told is not None else None,
        spent=spent,
        asked=tuple(_asked(known[one]) for one in spent.asked if one in known),
        report=done.text if done is not None else "",
        removed=tuple(entry.text for key, entry in own.items() if key == "cut" or key.startswith("dropped:")),
    )


def _asked(item: Evidence) -> Asked:
    rows = [row.strip() for row in item.summary.splitlines() if row.strip()]
    # A heading alone tells nothing: the first line under it does.
    told = next((row.removeprefix("- ") for row in rows if not row.endswith(":")), "")
    return Asked(evidence=item.id, tool=item.tool, query=item.query, status=item.status, answer=line(told))
