"""How each kind of change is drafted from the diagnosis and what is recorded. A draft changes nothing.

Versions, commits and flags come from the record of deployments and changes, never from log or alert text.
"""

import math
from collections.abc import Sequence

from pydantic import Field

from agents.engine import Desk
from agents.playbook.cues import remedies
from agents.playbook.look import has_tool
from agents.playbook.look_cause import say_level
from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import ServiceKind
from incidents.changes import Change, ChangeKind
from incidents.findings import Diagnosis
from incidents.value import Value
from incidents.verification import SignalKind
from tools.box import CHANGES, DEPLOYMENTS, METRICS, PLAN_ACTION
from tools.box.arguments import ChangesArgs, DeploymentsArgs, MetricsArgs, PlanArgs
from tools.box.views import DeploymentsView
from tools.levels import Level
from tools.words import clock_time

#: Half as many instances again: enough to feel, not enough to starve the neighbours.
_MORE = 1.5
#: What a dry run may call the number of running instances.
_INSTANCES = ("replicas", "instances")


class Draft(Value):
    """A change that may be proposed; without an action it only says why there is none."""

    action: Action | None
    reason: str
    effect: str = ""
    evidence: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    rank: int = Field(default=0, description="place among the kinds that help the same resource")


def _none(reason: str) -> list[Draft]:
    return [Draft(action=None, reason=reason)]


def _effect(diagnosis: Diagnosis) -> str:
    return f"errors and latency of {diagnosis.service} and of what calls it return to usual within minutes"


async def roll_back(desk: Desk, diagnosis: Diagnosis) -> list[Draft]:
    """Back to the version that ran before the one that is blamed."""
    service = diagnosis.service or ""
    if not has_tool(desk, DEPLOYMENTS.name):
        return _none("this role cannot read what was deployed")
    answer = await desk.kit.ask(DEPLOYMENTS, DeploymentsArgs(service=service))
    view = answer.data
    if view is None or not view.deployments:
        return _none(f"no deployment of {service} is recorded to go back from")
    blamed = next((d for d in view.deployments if d.change == diagnosis.change), None)
    if blamed is None and diagnosis.change is not None:
        return _none(f"the blamed change {diagnosis.change} is no release of {service}")
    if blamed is not None and not blamed.running:
        return _none(f"the blamed version {blamed.version} of {service} no longer runs")
    targets = _targets(desk, view)
    if not targets:
        return _none(f"no version of {service} from before is recorded")
    return [
        Draft(
            action=Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=target)),
            reason=(
                f"{service} runs {view.running} since {clock_time(view.running_since)}"
                f"{', and the trouble began with it' if blamed is not None else ''}; "
                f"{target} ran before{_was_healthy(view, target)}."
            ),
            effect=_effect(diagnosis),
            evidence=(answer.id, *diagnosis.evidence),
            concerns=_unproven(view, target),
        )
        for target in targets
    ]


def _targets(desk: Desk, view: DeploymentsView) -> list[str]:
    """Versions to go back to, best first: one that people named, then the previous one.

    Older ones are offered only where the previous one is not recorded or was bad itself.
    """
    versions = [d.version for d in view.deployments if d.version] + [
        d.version_from for d in view.deployments if d.version_from
    ]
    older = [version for version in dict.fromkeys(versions) if version != view.running]
    named = [version for version in older if version in _words(desk)]
    previous = [view.previous] if view.previous and view.previous_healthy is not False else []
    return list(dict.fromkeys([*named, *(previous or older[:1])]))[:2]


def _words(desk: Desk) -> frozenset[str]:
    """What people wrote, as words without punctuation around them."""
    notes = [note.text for note in desk.incident.notes]
    notes += [a.note for p in desk.incident.proposals for a in p.approvals]
    return frozenset(word.strip(".,;:!?()'\"") for text in notes for word in text.split())


def _was_healthy(view: DeploymentsView, target: str) -> str:
    return " and did so through a quiet time" if target == view.previous and view.previous_healthy else ""


def _unproven(view: DeploymentsView, target: str) -> tuple[str, ...]:
    if target == view.previous and view.previous_healthy:
        return ()
    return (f"Whether {target} of {view.service} ran well is not recorded.",)


async def flag_off(desk: Desk, diagnosis: Diagnosis) -> list[Draft]:
    """Take back the flag that is blamed, if a flag is."""
    change, evidence = await _blamed(desk, diagnosis)
    if change is None or change.kind is not ChangeKind.FLAG:
        return _none(f"no flag of {diagnosis.service} is recorded that could be taken back")
    was_on = change.version_to.lower() not in {"off", "false", "0", "disabled"}
    return [
        Draft(
            action=Action(
                kind=ActionKind.FEATURE_FLAG,
                service=change.service,
                arguments=Arguments(flag=change.id, enabled=not was_on),
            ),
            reason=f"the trouble began when a flag of {change.service} was set ({change.id}).",
            effect=_effect(diagnosis),
            evidence=(evidence, *diagnosis.evidence),
        )
    ]


async def revert_commit(desk: Desk, diagnosis: Diagnosis) -> list[Draft]:
    """A hotfix that reverts the commit of the blamed change, or of what was deployed last."""
    change, evidence = await _blamed(desk, diagnosis)
    if change is None or not change.commit:
        return _none(f"no commit of {diagnosis.service} is recorded that could be reverted")
    return [
        Draft(
            action=Action(
                kind=ActionKind.HOTFIX, service=change.service, arguments=Arguments(commit=change.commit)
            ),
            reason=f"commit {change.commit} is the recorded change of {change.service} closest to the onset.",
            effect=_effect(diagnosis),
            evidence=(evidence, *diagnosis.evidence),
            concerns=("A revert is new code: it needs its own review and test before it is deployed.",),
        )
    ]


async def _blamed(desk: Desk, diagnosis: Diagnosis) -> tuple[Change | None, str]:
    """The change that the diagnosis names, else the best fitting one of the service; and its evidence id."""
    if not has_tool(desk, CHANGES.name):
        return None, ""
    answer = await desk.kit.ask(CHANGES, ChangesArgs())
    ranked = answer.data.changes if answer.data is not None else ()
    changes = [one.change for one in ranked if one.change.service == diagnosis.service]
    named = [change for change in changes if change.id == diagnosis.change]
    return next(iter([*named, *changes]), None), answer.id


async def restart(desk: Desk, diagnosis: Diagnosis) -> list[Draft]:
    """A restart, where the exhausted resource comes back with it."""
    return await _by_resource(desk, diagnosis, ActionKind.RESTART)


async def fail_over(desk: Desk, diagnosis: Diagnosis) -> list[Draft]:
    """A failover; of a database, or where the machine or its disk is what fails."""
    return await _by_resource(desk, diagnosis, ActionKind.FAILOVER)


async def _by_resource(desk: Desk, diagnosis: Diagnosis, kind: ActionKind) -> list[Draft]:
    worst, evidence = await _exhausted(desk, diagnosis)
    order = helping(worst, is_store(desk, diagnosis))
    if kind not in order:
        return _none(f"a {kind} does not bring back {worst.metric if worst else 'what is exhausted'}")
    saturated = f"{say_level(worst)} is exhausted" if worst else "its resources fail"
    return [
        Draft(
            action=Action(kind=kind, service=diagnosis.service or ""),
            reason=f"{diagnosis.service}: {saturated}, and a {kind} is what brings it back.",
            effect=_effect(diagnosis),
            evidence=(*evidence, *diagnosis.evidence),
            concerns=_interrupting(kind, diagnosis),
            rank=order.index(kind),
        )
    ]


def helping(worst: Level | None, store: bool) -> tuple[ActionKind, ...]:
    """Which changes help, most promising first: a store is failed over before it is restarted."""
    order = remedies(worst.metric.lower() if worst else "")
    if store and ActionKind.FAILOVER in order:
        return (ActionKind.FAILOVER, *(kind for kind in order if kind is not ActionKind.FAILOVER))
    return order


def is_store(desk: Desk, diagnosis: Diagnosis) -> bool:
    """Whether the failing part keeps data."""
    found = desk.kit.sources.world.catalogue.find(diagnosis.service)
    return found is not None and found.kind in {ServiceKind.DATABASE, ServiceKind.QUEUE}


def _interrupting(kind: ActionKind, diagnosis: Diagnosis) -> tuple[str, ...]:
    if kind is ActionKind.FAILOVER:
        return (f"Writes to {diagnosis.service} that have not reached the replica may be lost.",)
    return (f"Requests that {diagnosis.service} is working on are cut off, and its caches start cold.",)


async def scale_out(desk: Desk, diagnosis: Diagnosis) -> list[Draft]:
    """Half as many instances again, if the dry run says how many there are."""
    worst, evidence = await _exhausted(desk, diagnosis)
    order = helping(worst, is_store(desk, diagnosis))
    if ActionKind.SCALE not in order:
        return _none(f"more instances do not bring back {worst.metric if worst else 'what is exhausted'}")
    service = diagnosis.service or ""
    answer = await desk.kit.ask(PLAN_ACTION, PlanArgs(kind=ActionKind.SCALE, service=service, replicas=2))
    running = _instances(answer.data.observed if answer.data is not None else ())
    if running is None:
        return _none(f"how many instances of {service} run is not known, so it cannot be scaled")
    more = max(running + 1, math.ceil(running * _MORE))
    return [
        Draft(
            action=Action(kind=ActionKind.SCALE, service=service, arguments=Arguments(replicas=more)),
            reason=f"{service}: {say_level(worst) if worst else 'it'} is exhausted on {running} instances.",
            effect=_effect(diagnosis),
            evidence=(*evidence, answer.id, *diagnosis.evidence),
            concerns=(f"What {service} calls gets more load too.",),
            rank=order.index(ActionKind.SCALE),
        )
    ]


def _instances(observed: Sequence[Value]) -> int | None:
    facts = {str(getattr(fact, "name", "")): str(getattr(fact, "value", "")) for fact in observed}
    text = next((facts[name] for name in _INSTANCES if name in facts), "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


async def _exhausted(desk: Desk, diagnosis: Diagnosis) -> tuple[Level | None, tuple[str, ...]]:
    """The resource of the failing part that deviates most, and the evidence of it."""
    if not has_tool(desk, METRICS.name):
        return None, ()
    args = MetricsArgs(service=diagnosis.service or "", kind=SignalKind.SATURATION)
    answer = await desk.kit.ask(METRICS, args)
    off = [level for level in (answer.data.levels if answer.data else ()) if level.deviates]
    return max(off, key=lambda level: level.sigmas, default=None), (answer.id,) if answer.data else ()


async def fall_back(desk: Desk, diagnosis: Diagnosis) -> list[Draft]:
    """The fallback for the part that fails outside, or of the services that call it."""
    catalogue = desk.kit.sources.world.catalogue
    callers = [service.name for service in catalogue.services if diagnosis.service in service.depends_on]
    return [
        Draft(
            action=Action(kind=ActionKind.FALLBACK, service=service),
            reason=f"{diagnosis.service} fails outside our reach; a fallback keeps its callers working.",
            effect=f"errors of what calls {diagnosis.service} return to usual while it is still down",
            evidence=diagnosis.evidence,
            concerns=("Users get older or simpler answers while the fallback is active.",),
        )
        for service in [diagnosis.service or "", *callers]
    ]
