"""From what a cluster holds to what is wrong in it: small rules, each of one kind of object. Pure."""

from collections.abc import Callable, Iterable, Sequence

from incidents.cluster import FaultKind, Finding, Standing
from tools.live.cluster.faults.admission import refused
from tools.live.cluster.faults.containers import containers
from tools.live.cluster.faults.ingresses import ingresses
from tools.live.cluster.faults.jobs import cron_jobs, jobs
from tools.live.cluster.faults.names import names
from tools.live.cluster.faults.nodes import nodes
from tools.live.cluster.faults.pods import pods
from tools.live.cluster.faults.policies import policies
from tools.live.cluster.faults.released import of_its_release
from tools.live.cluster.faults.scaling import autoscalers, budgets
from tools.live.cluster.faults.scheduling import unscheduled
from tools.live.cluster.faults.services import services
from tools.live.cluster.faults.storage import claims
from tools.live.cluster.snapshot import Snapshot

Rule = Callable[[Snapshot], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    containers, pods, unscheduled, claims, refused, services, ingresses, policies, names, nodes, autoscalers,
    budgets, jobs, cron_jobs,
)  # fmt: skip


def findings(seen: Snapshot) -> tuple[Finding, ...]:
    """What is wrong, causes before signs before what follows; alike ones of one workload are one.

    Nothing is told of a namespace in which all does as it should.
    """
    found = of_its_release(seen, [one for rule in RULES for one in rule(seen)])
    order = list(Standing)
    return tuple(sorted(_explained(_once(found)), key=lambda one: order.index(one.standing)))


def _once(found: Iterable[Finding]) -> list[Finding]:
    """Several pods of one workload that suffer alike are one finding, with how many they are."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for one in found:
        alike.setdefault((one.kind, one.concerns, one.sentence, one.object.partition("/")[0]), []).append(one)
    return [
        same[0].model_copy(update={"sentence": f"{same[0].sentence} ({len(same)} pods)"})
        if len({one.object for one in same}) > 1 and same[0].object.startswith("pod/")
        else same[0]
        for same in alike.values()
    ]


def _explained(found: Sequence[Finding]) -> list[Finding]:
    """A claim that is missing is told once, and what a sick node does to its pods follows from it."""
    ill = {one.object for one in found if one.kind in {FaultKind.NODE_DOWN, FaultKind.NODE_PRESSURE}}
    hurt = {name for one in found if one.object in ill for name in one.concerns}
    missing = {one.object for one in found if one.kind is FaultKind.CLAIM_MISSING and not _of_pod(one)}
    kept = [
        one for one in found
        if not (one.kind is FaultKind.CLAIM_MISSING and _of_pod(one) and missing)
    ]  # fmt: skip
    follows = {FaultKind.NOT_READY, FaultKind.STUCK_ENDING, FaultKind.EVICTED, FaultKind.TURNED_AWAY}
    return [
        one.model_copy(update={"standing": Standing.CONSEQUENCE})
        if one.kind in follows and set(one.concerns) & hurt
        else one
        for one in kept
    ]


def _of_pod(one: Finding) -> bool:
    return one.object.startswith("pod/")


__all__ = ["RULES", "findings"]
