"""What is seen of one part that a cause card may know: lines, series, alerts, what was changed."""

from agents.engine import RoleContext
from agents.playbook.checks.keywords import names
from agents.playbook.checks.runbook_checks import has_tool
from agents.playbook.checks.symptoms import has_grown
from incidents.alert import Alert
from incidents.catalogue import Catalogue, ServiceKind
from incidents.causes import Fact
from incidents.changes import Change
from incidents.value import Value
from incidents.verification import SignalKind
from tools.telemetry.levels import Level
from tools.telemetry.service_state import reports_down
from tools.telemetry.symptom import symptom_kind
from tools.toolbox import CHANGES, LOGS, METRICS, OVERVIEW
from tools.toolbox.arguments import ChangesArgs, LogsArgs, MetricsArgs, NoArgs
from tools.toolbox.views import LogTemplate

#: With a third more requests than usual it is load that exhausts a part.
_BUSIER = 1.3
#: So many callers of a store are read: a database's trouble often stands in their logs alone.
_CALLERS = 4
STORES = frozenset({ServiceKind.DATABASE, ServiceKind.QUEUE})


class SeenLine(Value):
    """A kind of log line that is new or grew, of the part itself or of who calls it and may name it."""

    template: str
    sample: str
    evidence: str
    own: bool = True
    names_it: bool = False


class Observed(Value):
    """One part as it is seen now.

    Attributes:
        kind: what it is; None where the catalogue does not know it.
        levels: its series that deviate, most deviating first, with the evidence of them.
        texts: title and labels of each alert about it.
        warned: an alert about its resources fires: its owners say that it is too much.
        change: what is blamed, with its evidence.
        growth: how many times its usual traffic it gets; 1 where that is not known.
        store: itself if it keeps data, else the one store that it calls; None of none or several.
    """

    service: str
    kind: ServiceKind | None = None
    lines: tuple[SeenLine, ...] = ()
    levels: tuple[tuple[Level, str], ...] = ()
    texts: tuple[str, ...] = ()
    warned: bool = False
    change: tuple[Change, str] | None = None
    growth: float = 1.0
    store: str | None = None
    facts: frozenset[Fact] = frozenset()


async def observe(context: RoleContext, service: str, change: str | None) -> Observed:
    """Ask what the role may ask; a question that was asked before is answered from the toolset's memory.

    Args:
        context: who looks.
        service: the part in question.
        change: the id of the change that is blamed, if one is.
    """
    catalogue = context.toolset.sources.world.catalogue
    found = catalogue.find(service)
    kind = found.kind if found is not None else None
    lines = await _lines(context, service)
    for caller in sorted(catalogue.callers.get(service, ()))[:_CALLERS]:
        its_store = kind in STORES and _only_store(catalogue, caller) == service
        heard = await _lines(context, caller, of=service)
        lines += [line for line in heard if its_store or line.names_it]
    levels = await _levels(context, service)
    growth = await _growth(context, service, levels)
    alerts = [alert for alert in context.incident.alerts if alert.service == service]
    blamed = await _change(context, change)
    facts = {
        Fact.STORE: kind in STORES,
        Fact.BUSIER: growth >= _BUSIER,
        Fact.GONE: any(reports_down(level) for level, _ in levels),
        Fact.CHANGED: blamed is not None,
        Fact.UNFELT: await _unfelt(context),
    }
    return Observed(
        service=service,
        kind=kind,
        lines=tuple(lines),
        levels=tuple(one for one in levels if one[0].deviates),
        texts=tuple(_text(alert) for alert in alerts),
        warned=any(one.firing and symptom_kind(one) is SignalKind.SATURATION for one in alerts),
        change=blamed,
        growth=growth,
        store=service if kind in STORES else _only_store(catalogue, service),
        facts=frozenset(fact for fact, holds in facts.items() if holds),
    )


def _only_store(catalogue: Catalogue, service: str) -> str | None:
    """The store that a service calls, if it calls one alone."""
    found = catalogue.find(service)
    called = [catalogue.find(name) for name in (found.depends_on if found is not None else ())]
    stores = [part.name for part in called if part is not None and part.kind in STORES]
    return stores[0] if len(stores) == 1 else None


async def _lines(context: RoleContext, service: str, of: str | None = None) -> list[SeenLine]:
    """What a service logs, of another part if one is given."""
    if not has_tool(context, LOGS.name):
        return []
    answer = await context.toolset.ask(LOGS, LogsArgs(service=service))
    return [
        SeenLine(
            template=one.template, sample=one.sample, evidence=answer.id,
            own=of is None, names_it=of is not None and names(one.template, of),
        )
        for one in (answer.data.templates if answer.data else ())
        if _counts(one)
    ]  # fmt: skip


def _counts(one: LogTemplate) -> bool:
    return one.novel or has_grown(one)


async def _levels(context: RoleContext, service: str) -> list[tuple[Level, str]]:
    if not has_tool(context, METRICS.name):
        return []
    answer = await context.toolset.ask(METRICS, MetricsArgs(service=service))
    levels = answer.data.levels if answer.data else ()
    return [(level, answer.id) for level in sorted(levels, key=lambda level: -level.sigmas)]


async def _growth(context: RoleContext, service: str, levels: list[tuple[Level, str]]) -> float:
    """How many times the usual is asked of a part; no more than comes in where the work for it begins.

    Rows that one statement reads, or calls that are tried again, grow while nobody asks for more.
    """
    own = _most(levels)
    if own is None or own < _BUSIER:
        return own or 1.0
    entries = _entries(context.toolset.sources.world.catalogue, service)[:_CALLERS]
    asked = [_most(await _levels(context, entry)) for entry in entries]
    known = [growth for growth in asked if growth is not None]
    return min(own, max(known)) if known else own


def _entries(catalogue: Catalogue, service: str) -> list[str]:
    """Where work for a part begins: what users touch or nobody calls, of all that calls it in some steps."""
    reached, ahead = {service}, [service]
    while ahead:
        fresh = catalogue.callers.get(ahead.pop(), frozenset()) - reached
        reached |= fresh
        ahead.extend(fresh)
    known = [one for one in catalogue.services if one.name in reached - {service}]
    return [one.name for one in known if one.user_facing or not catalogue.callers.get(one.name)]


def _most(levels: list[tuple[Level, str]]) -> float | None:
    """How far the traffic that deviates most has grown: 1 as usual, None where no traffic is measured."""
    traffic = [level for level, _ in levels if level.kind is SignalKind.TRAFFIC and level.now is not None]
    off = next((level for level in traffic if level.deviates), None)
    if off is not None and off.now and off.baseline:
        return off.now / off.baseline
    return 1.0 if traffic else None


def _text(alert: Alert) -> str:
    return " ".join([alert.title, alert.description, *(f"{one.name} {one.value}" for one in alert.labels)])


async def _change(context: RoleContext, blamed: str | None) -> tuple[Change, str] | None:
    if blamed is None or not has_tool(context, CHANGES.name):
        return None
    answer = await context.toolset.ask(CHANGES, ChangesArgs())
    ranked = answer.data.changes if answer.data is not None else ()
    return next(((one.change, answer.id) for one in ranked if one.change.id == blamed), None)


async def _unfelt(context: RoleContext) -> bool:
    """Whether what users touch is measured and does as usual."""
    if not has_tool(context, OVERVIEW.name):
        return False
    answer = await context.toolset.ask(OVERVIEW, NoArgs())
    touched = [state for state in (answer.data.services if answer.data else ()) if state.user_facing]
    felt = [level for state in touched for level in (state.errors, state.latency) if level is not None]
    known = any(level.now is not None for level in felt)
    return known and not any(state.down for state in touched) and not any(level.deviates for level in felt)
