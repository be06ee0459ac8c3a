"""The incident brief: facts by code with their evidence ids, most telling first, within a token budget."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from pydantic import Field

from incidents.alert import Alert, AlertStatus
from incidents.catalogue import Catalogue, Service
from incidents.findings import Evidence, EvidenceStatus
from incidents.incident import Incident
from incidents.milestones import over_at
from incidents.past import PastIncident
from incidents.reports import Task
from incidents.runbook import SeverityRow
from incidents.severity import Severity
from incidents.value import Value
from prompts import Library
from prompts.text import between_words, line, tokens, without_repeats


class Order(Value):
    """What is asked of whom."""

    name: str = Field(description="the role's name, as people say it")
    acting_as: str | None = None
    task: Task
    does: str = ""
    checks: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    question: str | None = None
    report: str = Field(description="the name of the report tool")
    tools: bool = Field(default=True, description="whether there are tools to ask")


#: Of a larger catalogue the services that nothing points at are not listed.
_LISTED = 50


class _Sizes(Value):
    """How much of each kind of fact is shown; the first that fits the budget is taken.

    `evidence` is how many answers are named, `summary` how much is shown of those that are shown whole.
    """

    evidence: int
    summary: int
    alerts: int
    suspects: int
    reasons: int
    services: int
    further: int = 100
    text: int = 300
    labels: int = 8
    readings: int = 12
    alternatives: int = 4
    notes: int = 8
    proposals: int = 6
    history: int = 2


_LADDER = (
    _Sizes(evidence=20, summary=2600, alerts=8, suspects=5, reasons=4, services=25),
    _Sizes(evidence=16, summary=1600, alerts=6, suspects=5, reasons=4, services=25),
    _Sizes(evidence=12, summary=1000, alerts=5, suspects=4, reasons=3, services=20),
    _Sizes(evidence=8, summary=500, alerts=4, suspects=3, reasons=2, services=15, further=60, text=200),
    _Sizes(
        evidence=4,
        summary=300,
        history=1,
        alerts=3,
        suspects=3,
        reasons=2,
        services=10,
        further=30,
        text=150,
        readings=6,
    ),
    _Sizes(
        evidence=2,
        summary=200,
        history=0,
        alerts=2,
        suspects=2,
        reasons=1,
        services=8,
        further=10,
        text=100,
        readings=4,
        notes=4,
    ),
    _Sizes(
        evidence=0,
        summary=100,
        history=0,
        alerts=1,
        suspects=1,
        reasons=1,
        services=4,
        further=0,
        text=80,
        labels=0,
        readings=2,
        notes=2,
    ),
)

#: The tool whose answer is the ranking of suspects: where it is shown, the incident's own is not repeated.
_RANKING = "suspects"
#: The tool whose answer is the judgement over the watched signals: where it is shown, readings are not.
_JUDGEMENT = "recovery"

#: Whose answers a task needs before anything else that was gathered; the newest of each is shown whole, of
#: all others what they are about.
_NEEDED = {
    Task.TRIAGE: ("overview",),
    Task.INVESTIGATE: (_RANKING, "changes"),
    Task.MITIGATE: ("deployments", "changes"),
    Task.VERIFY: (_JUDGEMENT, "overview", "endpoints"),
    Task.ASSESS: (_RANKING,),
    Task.POST_MORTEM: ("changes",),
}

#: What a task is told beside where the incident stands.
_TELLS = {
    Task.TRIAGE: {"alerts", "services"},
    Task.INVESTIGATE: {"alerts", "alternatives", "suspects", "reasons", "services", "before"},
    Task.MITIGATE: {"alerts", "alternatives", "reasons", "services", "watched"},
    Task.VERIFY: {"alerts", "readings", "watched"},
    Task.ASSESS: {"alerts", "suspects", "reasons", "services", "told", "before"},
    Task.STATUS_UPDATE: {"told", "before"},
    Task.BRIEF: {"alerts", "told", "before"},
    Task.POST_MORTEM: {"alerts", "alternatives", "readings", "reasons", "services", "before"},
    Task.BACKLOG: {"post_mortem", "owners"},
}

#: Whose answers stand in the brief of the step that they were gathered for.
_CODE = "nexus"
_EVIDENCE_AT_MOST = {Task.STATUS_UPDATE: 0, Task.BRIEF: 0, Task.ASSESS: 6, Task.BACKLOG: 0}
#: Arguments that say how much is shown, not what is asked.
_HOW_MUCH = {"limit", "offset", "settle_minutes"}
#: As much of an answer as says what it is about.
_ABOUT = 70
#: After a change the answers of before it say little: what they are is enough.
_IDS_ONLY = frozenset({Task.VERIFY})


def write_brief(
    library: Library,
    incident: Incident,
    order: Order,
    *,
    now: datetime,
    evidence: Sequence[Evidence] = (),
    catalogue: Catalogue | None = None,
    severities: Mapping[Severity, SeverityRow] | None = None,
    pages: str = "",
    history: Sequence[PastIncident] = (),
    budget: int = 6000,
    share: float = 1.0,
) -> str:
    """The brief of one assignment: what is known, the same for all roles with that task, then what is asked.

    Args:
        library: where the templates lie.
        incident: the incident as it stands.
        order: what is asked.
        now: the incident's time.
        evidence: what the team has gathered, in any order.
        catalogue: the services that exist.
        severities: the runbook's definitions; shown for triage only.
        pages: who the role is and how its task is done.
        history: incidents of before that look alike, the most alike first; of the first few a line each.
        budget: how many tokens it may cost, about.
        share: what the estimate of a text's tokens, times this, is for the model.
    """
    shown = severities if order.task is Task.TRIAGE else None
    ask = library.render("ask", order=order, severities=shown or {}, pages=pages)
    room = max(budget - tokens(ask) * share, 200)
    facts = ""
    for sizes in _LADDER:
        facts = _facts(library, incident, order.task, sizes, now, evidence, catalogue or Catalogue(), history)
        if tokens(facts) * share <= room:
            return f"{facts}\n\n{ask}"
    cut = _beginning(facts, room, share)
    # A cut inside a block of data must not leave the block open: what follows are our own words.
    closing = "\n</data>" if cut.count("<data ") > cut.count("</data>") else ""
    return f"{cut}{closing}\n(The rest of the brief is left out for length.)\n\n{ask}"


def _facts(
    library: Library,
    incident: Incident,
    task: Task,
    sizes: _Sizes,
    now: datetime,
    evidence: Sequence[Evidence],
    catalogue: Catalogue,
    history: Sequence[PastIncident],
) -> str:
    needed = _NEEDED.get(task, ())
    telling = tuple(_telling(incident, evidence, needed or (_RANKING,)))
    most = min(sizes.evidence, _EVIDENCE_AT_MOST.get(task, sizes.evidence))
    whole = _whole(telling[:most], needed)
    judged = any(item.tool == _JUDGEMENT for item in whole)
    last = incident.latest_alerts
    tells = _TELLS[task]
    services = _near(incident, catalogue) if "services" in tells else ()
    return library.render(
        "brief",
        incident=incident,
        now=now,
        sizes=sizes,
        tells=tells,
        measured=incident.facts is not None and ("before" in tells or not _outdated(incident)),
        watched=_watched(incident) if "watched" in tells and incident.verification is None else [],
        alerts=sorted(last.values(), key=_alert_order)[: sizes.alerts] if "alerts" in tells else (),
        notes=incident.notes[::-1][: sizes.notes],
        machine_notes=incident.machine_notes[::-1][: sizes.notes],
        proposals=incident.proposals[::-1][: sizes.proposals],
        updates=incident.updates[::-1][:2] if "told" in tells else (),
        whole=_once_said(whole),
        named=[(one, _asked(one), _about(one)) for one in telling[:most] if one not in whole],
        about=0 if task in _IDS_ONLY else _ABOUT,
        judged=judged,
        over=over_at(incident),
        readings="readings" in tells and not judged,
        evidence_left_out=len(telling[most:]),
        ranked="suspects" not in tells or any(item.tool == _RANKING for item in whole),
        history=history[: sizes.history],
        owners=catalogue.owners if "owners" in tells else (),
        services=services[: sizes.services],
        further=[service.name for service in services[sizes.services :][: sizes.further]],
        services_left_out=len(catalogue.services) - len(services[: sizes.services + sizes.further])
        if services
        else 0,
    )


def _outdated(incident: Incident) -> bool:
    """Whether what was measured is of before the change, and says nothing of now."""
    facts, watch = incident.facts, incident.watch
    return facts is not None and watch is not None and facts.at < watch.started_at


def _beginning(text: str, room: float, share: float) -> str:
    """The lines from the first one on that cost no more than so many tokens."""
    kept, used = [], 0.0
    for one in text.splitlines():
        used += tokens(one) * share + 1
        if used > room:
            break
        kept.append(one)
    return "\n".join(kept)


def _whole(telling: Sequence[Evidence], needed: tuple[str, ...]) -> list[Evidence]:
    """The newest answer of each tool that the task needs."""
    newest = {item.tool: item for item in reversed(telling)}
    return [newest[tool] for tool in needed if tool in newest]


def _once_said(whole: Sequence[Evidence]) -> list[tuple[Evidence, str, str]]:
    """Each with what was asked and its text; how was looked is said with the first that says the same."""
    said: set[str] = set()
    shown = []
    for one in whole:
        shown.append((one, _asked(one), without_repeats(one.summary, said)))
    return shown


def _asked(one: Evidence) -> str:
    """The arguments that say what was asked: `service=web level=error`."""
    try:
        given = json.loads(one.query)
    except ValueError:
        return one.query
    if not isinstance(given, dict):
        return one.query
    return " ".join(f"{name}={value}" for name, value in given.items() if name not in _HOW_MUCH)


def _about(one: Evidence) -> str:
    """The first thing that an answer says: its first row, else its first line."""
    lines = [text for text in one.summary.splitlines() if text.strip()]
    row = next((text for text in lines if text.lstrip().startswith(("- ", "1. "))), None)
    first = (row or next(iter(lines), "")).strip().removeprefix("- ")
    kept = between_words(first, _ABOUT).rstrip()
    return kept if kept == first else f"{kept} …"


def _alert_order(alert: Alert) -> tuple[bool, float]:
    return (alert.status is not AlertStatus.FIRING, -alert.starts_at.timestamp())


def _watched(incident: Incident) -> list[str]:
    return [
        f"{line(s.service, 80)} {line(s.metric, 80)} ({s.kind}{', opened the incident' if s.opened else ''})"
        for s in incident.signals[:10]
    ]


def _telling(incident: Incident, evidence: Sequence[Evidence], needed: tuple[str, ...]) -> Iterator[Evidence]:
    """The newest answer to each question: what the task needs, what is cited, gaps last, newest first.

    What roles ask side by side is not shown to each other, and stands in the order of its ids later: whoever
    is answered first, the brief is the same.
    """
    cited = set(incident.diagnosis.evidence) if incident.diagnosis else set()
    before = (item for item in evidence if item.role == _CODE or not item.turn or item.turn < incident.turn)
    by_age = sorted(before, key=lambda item: (item.at, item.id))
    latest = {(item.tool, item.query): item for item in by_age}
    newest = sorted(latest.values(), key=lambda item: (item.at, item.id), reverse=True)
    yield from sorted(
        newest,
        key=lambda item: (
            needed.index(item.tool) if item.tool in needed else len(needed),
            item.id not in cited,
            item.status is not EvidenceStatus.OK,
        ),
    )


def _near(incident: Incident, catalogue: Catalogue) -> tuple[Service, ...]:
    """All services, those that the incident touches and their neighbours first; of many only they."""
    suspected = (suspect.service for suspect in incident.suspects)
    measured = incident.facts.affected if incident.facts else ()
    touched = dict.fromkeys(chain(suspected, incident.services, measured))
    near = {name for service in catalogue.services if service.name in touched for name in service.depends_on}
    near |= {s.name for s in catalogue.services if touched.keys() & set(s.depends_on)}
    few = len(catalogue.services) <= _LISTED
    told = [service for service in catalogue.services if few or service.name in {*touched, *near}]
    return tuple(sorted(told, key=lambda s: (s.name not in touched, s.name not in near)))
