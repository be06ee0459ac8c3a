"""A fault that only the pods of a new release have came with that release, whatever it is of. Pure."""

from collections.abc import Sequence

from incidents.cluster import FaultKind, Finding
from incidents.findings import Category
from tools.live.cluster.objects import Workload
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import RECENT, Snapshot, is_ready
from tools.live.cluster.templates import differences, listed, same

#: What a pod template decides: what it runs, with how much, from which configuration, where.
_OF_TEMPLATE = frozenset({
    FaultKind.IMAGE, FaultKind.CONFIG_MISSING, FaultKind.SECRET_MISSING, FaultKind.NOT_STARTED,
    FaultKind.CRASH, FaultKind.INIT_CRASH, FaultKind.ENDS, FaultKind.OUT_OF_MEMORY, FaultKind.ARCHITECTURE,
    FaultKind.PORT_TAKEN, FaultKind.PROBE_WRONG, FaultKind.PROBE_FAILS, FaultKind.NODE_SELECTOR,
    FaultKind.TAINT, FaultKind.AFFINITY, FaultKind.RESOURCES, FaultKind.CLAIM_MISSING,
    FaultKind.SERVICE_ACCOUNT,
})  # fmt: skip


def of_its_release(seen: Snapshot, found: Sequence[Finding]) -> list[Finding]:
    """The findings, those that came with a release as faults of a deployment, with what it changed."""
    pods = {f"pod/{pod.meta.name}": pod for pod in seen.pods}
    return [
        _brought(one, brought)
        if one.kind in _OF_TEMPLATE and (brought := _release(seen, one, found, pods))
        else one
        for one in found
    ]


def _brought(one: Finding, brought: tuple[str, ...]) -> Finding:
    return one.model_copy(
        update={"category": Category.DEPLOYMENT, "evidence": (*one.evidence, *brought)}
    )  # fmt: skip


def _release(seen: Snapshot, one: Finding, found: Sequence[Finding], pods: dict[str, Pod]) -> tuple[str, ...]:
    """What the release changed that a fault came with; nothing: none, or older pods have it too.

    It came with a release of just now, or with any whose pod is not ready where one of before is.
    """
    pod = pods.get(one.object)
    own = _set_of(seen, pod) if pod is not None else None
    if pod is None or own is None or own.meta.created is None:
        return ()
    workload = seen.maker(own.meta)
    before = [it for it in seen.sets if it is not own and seen.maker(it.meta) == workload]
    earlier = [it for it in before if it.revision < own.revision]
    older = max(earlier, key=lambda it: it.revision, default=None)
    if older is None or same(older.spec.template, own.spec.template):
        return ()
    alike = [pods[it.object] for it in found if it.kind is one.kind and it.object in pods]
    if any(_set_of(seen, it) in before for it in alike):
        return ()
    theirs = seen.owned.get(workload, ())
    well = next((it for it in theirs if is_ready(it) and _set_of(seen, it) in earlier), None)
    recent = seen.at - own.meta.created <= RECENT
    if not recent and (well is None or is_ready(pod)):
        return ()
    parts = listed(differences(older.spec.template, own.spec.template))
    when = f"{own.meta.created:%H:%M:%S}" if recent else f"{own.meta.created:%Y-%m-%d %H:%M:%S}"
    changed = f"revision {own.revision} of {when} UTC changed {parts}"
    return (changed,) if well is None else (changed, f"pod/{well.meta.name}, of a template before, is ready")


def _set_of(seen: Snapshot, pod: Pod) -> Workload | None:
    names = {owner.name for owner in pod.meta.owners if owner.kind == "ReplicaSet"}
    return next((one for one in seen.sets if one.meta.name in names), None)
