"""How changes to a part that is short of something are drafted: restart, failover, more instances."""

import math

from agents.engine import RoleContext
from agents.playbook.checks.keywords import is_held, is_kept, log_cue, quoted, remedies
from agents.playbook.checks.runbook_checks import has_tool
from agents.playbook.checks.symptoms import say_level
from agents.playbook.fixes.draft import Draft, expected_effect, no_draft
from agents.playbook.tasks.triage import measured
from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import ServiceKind
from incidents.findings import Diagnosis
from incidents.value import Value
from incidents.verification import SignalKind
from tools.telemetry.levels import Level
from tools.telemetry.symptom import symptom_kind
from tools.toolbox import LOGS, METRICS, OVERVIEW, PLAN_ACTION
from tools.toolbox.arguments import LogsArgs, MetricsArgs, NoArgs, PlanArgs

#: Half as many instances again: enough to feel, not enough to starve the neighbours.
_MORE = 1.5
#: With a third more requests than usual it is load that exhausts a service.
_BUSIER = 1.3


class Shortage(Value):
    """What a part has too little of: its name in a metric or a log line, and how much more is asked of it."""

    name: str = ""
    said: str = ""
    growth: float = 1.0
    logged: bool = False
    evidence: tuple[str, ...] = ()


async def restart(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """A restart, where the exhausted resource comes back with it."""
    return await _by_resource(context, diagnosis, ActionKind.RESTART)


async def fail_over(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """A failover; of a database, or where the machine or its disk is what fails."""
    return await _by_resource(context, diagnosis, ActionKind.FAILOVER)


async def _by_resource(context: RoleContext, diagnosis: Diagnosis, kind: ActionKind) -> list[Draft]:
    short = await _short_of(context, diagnosis)
    order = helping(short, is_store(context, diagnosis))
    if not short.name:
        return no_draft(f"nothing is known that {diagnosis.service} is short of and a {kind} brings back")
    warned = is_kept(short.name.lower()) and _warned(context, diagnosis)
    if not short.logged and not warned and await _unfelt(context):
        return no_draft(f"nothing that users touch is hit, and a {kind} interrupts what works")
    if kind not in order:
        return no_draft(f"a {kind} does not bring back {short.name or 'what is exhausted'}")
    return [
        Draft(
            action=Action(kind=kind, service=diagnosis.service or ""),
            reason=f"{diagnosis.service}: {short.said or 'its resources fail'}, and a {kind} brings it back.",
            effect=expected_effect(diagnosis),
            evidence=(*short.evidence, *diagnosis.evidence),
            concerns=_interrupting(kind, diagnosis),
            rank=order.index(kind),
        )
    ]


def _warned(context: RoleContext, diagnosis: Diagnosis) -> bool:
    """Whether an alert about the resources of that very part fires: its owners say that it is too much."""
    return any(
        alert.firing and alert.service == diagnosis.service and symptom_kind(alert) is SignalKind.SATURATION
        for alert in context.incident.alerts
    )


async def _unfelt(context: RoleContext) -> bool:
    """Whether what users touch is measured and does as usual."""
    if not has_tool(context, OVERVIEW.name):
        return False
    answer = await context.toolset.ask(OVERVIEW, NoArgs())
    touched = [state for state in measured(answer.data).users if state.user_facing]
    felt = [level for state in touched for level in (state.errors, state.latency) if level is not None]
    known = any(level.now is not None for level in felt)
    return known and not any(state.down for state in touched) and not any(level.deviates for level in felt)


def helping(short: Shortage, store: bool) -> tuple[ActionKind, ...]:
    """Which changes help, most promising first.

    More load needs more instances, and a restart would only lose those that work, unless what they took stays
    taken when the load is gone. A store is failed over before it is restarted, unless somebody holds what is
    short: he holds it on the replica's new primary too.
    """
    order = remedies(short.name.lower())
    loaded = short.growth >= _BUSIER and not is_kept(short.name.lower())
    if loaded and ActionKind.SCALE in order and not store:
        return (ActionKind.SCALE,)
    if store and ActionKind.FAILOVER in order and not is_held(short.name.lower()):
        return (ActionKind.FAILOVER, *(kind for kind in order if kind is not ActionKind.FAILOVER))
    return order


def is_store(context: RoleContext, diagnosis: Diagnosis) -> bool:
    """Whether the failing part keeps data."""
    found = context.toolset.sources.world.catalogue.find(diagnosis.service)
    return found is not None and found.kind in {ServiceKind.DATABASE, ServiceKind.QUEUE}


def _interrupting(kind: ActionKind, diagnosis: Diagnosis) -> tuple[str, ...]:
    if kind is ActionKind.FAILOVER:
        return (f"Writes to {diagnosis.service} that have not reached the replica may be lost.",)
    return (f"Requests that {diagnosis.service} is working on are cut off, and its caches start cold.",)


async def scale_out(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """As many more instances as there is more traffic, at least half as many, if it is known how many run."""
    short = await _short_of(context, diagnosis)
    order = helping(short, is_store(context, diagnosis))
    if ActionKind.SCALE not in order:
        return no_draft(f"more instances do not bring back {short.name or 'what is exhausted'}")
    service = diagnosis.service or ""
    running, planned = await _running(context, service)
    if running is None:
        return no_draft(f"how many instances of {service} run is not known, so it cannot be scaled")
    more = max(running + 1, math.ceil(running * max(short.growth, _MORE)))
    load = f", with {short.growth:.1f} times the usual traffic" if short.growth >= _BUSIER else ""
    return [
        Draft(
            action=Action(kind=ActionKind.SCALE, service=service, arguments=Arguments(replicas=count)),
            reason=f"{service}: {short.said or 'it is exhausted'} on {running} instances{load}.",
            effect=expected_effect(diagnosis),
            evidence=(*short.evidence, *planned, *diagnosis.evidence),
            concerns=(f"What {service} calls gets more load too.",),
            rank=order.index(ActionKind.SCALE),
        )
        # A world that cannot run so many may run one more.
        for count in dict.fromkeys((more, running + 1))
    ]


async def _running(context: RoleContext, service: str) -> tuple[int | None, tuple[str, ...]]:
    """How many instances run, by a dry run. One that asks for as many as run is refused: then try another."""
    for asked in (2, 3):
        wanted = PlanArgs(kind=ActionKind.SCALE, service=service, replicas=asked)
        answer = await context.toolset.ask(PLAN_ACTION, wanted)
        if answer.data is not None and answer.data.running is not None:
            return answer.data.running, (answer.id,)
    return None, ()


async def _short_of(context: RoleContext, diagnosis: Diagnosis) -> Shortage:
    """What the failing part has too little of: what its log names outright, else what is used far more."""
    service = diagnosis.service or ""
    growth = await _growth(context, service)
    if has_tool(context, LOGS.name):
        answer = await context.toolset.ask(LOGS, LogsArgs(service=service))
        for one in answer.data.templates if answer.data else ():
            cue = log_cue(one.template, one.sample)
            if cue is not None and cue.outright:
                said = f"it logs {quoted(one.template, 80)}"
                return Shortage(
                    name=one.template, said=said, growth=growth, logged=True, evidence=(answer.id,)
                )
    level, evidence = await _worst(context, service, SignalKind.SATURATION)
    if level is None:
        return Shortage(growth=growth, evidence=evidence)
    said = f"{say_level(level)} is exhausted"
    return Shortage(name=level.metric, said=said, growth=growth, evidence=evidence)


async def _growth(context: RoleContext, service: str) -> float:
    """How many times the usual traffic the part gets; 1 where that is not known."""
    level, _ = await _worst(context, service, SignalKind.TRAFFIC)
    return level.now / level.baseline if level and level.now and level.baseline else 1.0


async def _worst(
    context: RoleContext, service: str, kind: SignalKind
) -> tuple[Level | None, tuple[str, ...]]:
    """The series of that kind that deviates most, and the evidence of it."""
    if not has_tool(context, METRICS.name):
        return None, ()
    answer = await context.toolset.ask(METRICS, MetricsArgs(service=service, kind=kind))
    off = [level for level in (answer.data.levels if answer.data else ()) if level.deviates]
    return max(off, key=lambda level: level.sigmas, default=None), (answer.id,) if answer.data else ()
