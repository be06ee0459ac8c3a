"""What runs of a deployment, and how far its rollout is. Pure."""

from collections.abc import Iterable, Sequence

from tools.live.cluster.objects import CAUSE, History, Kind, Workload, controls
from tools.live.cluster.versions import Revision, Versions

DEADLINE = "ProgressDeadlineExceeded"


def revisions(workload: Workload, sets: Iterable[Workload], history: Iterable[History]) -> list[Revision]:
    """The templates of a workload that are kept: by ReplicaSets, or by ControllerRevisions."""
    if Kind(workload.kind).by_sets:
        return [
            Revision(
                kept_by=f"ReplicaSet {one.meta.name}", name=one.meta.name, number=one.revision,
                former=one.former, template=one.spec.template, created=one.meta.created,
                cause=one.cause, pods=one.status.replicas, available=one.status.available,
            )
            for one in sets
            if one.revision and controls(workload, one.meta)
        ]  # fmt: skip
    own = sorted((one for one in history if controls(workload, one.meta)), key=lambda one: one.revision)
    pods = _pods(workload, [one.meta.name for one in own])
    return [
        Revision(
            kept_by=f"ControllerRevision {one.meta.name}", name=one.meta.name, number=one.revision, former=(),
            template=one.template, created=one.meta.created,
            cause=one.meta.annotations.get(CAUSE, ""), pods=pods.get(one.meta.name, 0),
        )
        for one in own
        if one.revision
    ]  # fmt: skip


def _pods(workload: Workload, names: Sequence[str]) -> dict[str, int]:
    """How many pods each revision of a StatefulSet or DaemonSet has, as far as its status tells.

    A DaemonSet says only how many have the newest: the others are taken to have the one before.
    """
    status = workload.status
    if not names or not workload.seen:
        return {}
    if workload.kind == Kind.STATEFULSET and status.new:
        done = status.new == status.old
        return (
            {status.new: status.replicas} if done else {status.new: status.updated, status.old: status.left}
        )
    before = {names[-2]: status.replicas - status.updated} if len(names) > 1 else {}
    return before | {names[-1]: status.updated}


def newest(workload: Workload, versions: Versions) -> int:
    """The revision of the template that is wanted; 0 where the controller has not numbered it yet."""
    if Kind(workload.kind).by_sets:
        return workload.revision
    wanted = versions.of(workload.spec.template)
    return wanted.number if wanted is not None else 0


def running(deployment: Workload, versions: Versions) -> Sequence[Revision]:
    """The revisions that have pods, the newest first; without any, that of the template that is wanted."""
    live = [one for one in reversed(versions.kept) if one.pods]
    wanted = versions.of(deployment.spec.template)
    return live or ([wanted] if wanted is not None else [])


def say_running(deployment: Workload, versions: Versions) -> str:
    """The version that runs, or those that do while one takes the place of the other."""
    found = running(deployment, versions)
    names = dict.fromkeys(versions.name(one.template, one.number) for one in found)
    return " and ".join(names) or versions.name(deployment.spec.template)


def say_replicas(deployment: Workload, versions: Versions) -> str:
    """How many replicas of what can be used."""
    found, status = running(deployment, versions), deployment.status
    counted = sum(one.available for one in found) == status.available and len(found) > 1
    if _is_complete(deployment) or not counted:
        name = say_running(deployment, versions)
        return f"{status.available} of {deployment.replicas} replicas of {name} are available"
    parts = [f"{one.available} of {versions.name(one.template, one.number)}" for one in found]
    return f"of {deployment.replicas} replicas {' and '.join(parts)} are available"


def waiting(deployment: Workload, versions: Versions) -> str:
    """What a pause holds back: the version that is wanted and of which no pod runs; empty: nothing."""
    wanted = versions.of(deployment.spec.template)
    held = wanted is None or not wanted.pods
    if not deployment.spec.paused or not held or not any(one.pods for one in versions.kept):
        return ""
    return versions.name(deployment.spec.template)


def is_complete(deployment: Workload) -> bool:
    """As `kubectl rollout status` judges; before the controller saw the change, nothing counts."""
    status, at = deployment.status, deployment.spec.restart_at
    restarts = deployment.kind == Kind.ROLLOUT and at not in {"", status.restarted_at}
    return deployment.seen and _is_complete(deployment) and not restarts


def is_sized(deployment: Workload) -> bool:
    """Whether it has the pods that it wants, of whichever template: a paused one is sized, too."""
    status, wanted = deployment.status, deployment.replicas
    return deployment.seen and status.replicas == status.available == wanted


def is_stuck(deployment: Workload) -> bool:
    """An old `Progressing=False` is still there until the controller has seen the change."""
    if deployment.kind == Kind.ROLLOUT and deployment.seen and deployment.status.phase == "Degraded":
        return True
    progressing = deployment.condition("Progressing")
    return deployment.seen and progressing is not None and progressing.reason == DEADLINE


def obstacles(deployment: Workload) -> list[str]:
    """What the controller says holds a rollout up."""
    found = []
    if not deployment.seen:
        found.append("its controller has not yet observed the change")
    if deployment.spec.paused:
        found.append("it was paused")
    if deployment.seen and deployment.status.phase in {"Degraded", "Paused"}:
        found.append(f"it is {deployment.status.phase}: {deployment.status.message}")
    failure = deployment.condition("ReplicaFailure")
    if deployment.seen and failure is not None and failure.status == "True":
        found.append(f"pods cannot be made ({failure.reason}: {failure.message})")
    if deployment.seen and in_order(deployment) and deployment.status.ready < deployment.replicas:
        found.append("its pods go one after the other: one that never gets ready has to be deleted by hand")
    return found


def in_order(workload: Workload) -> bool:
    """Whether a pod that is not ready holds up all that come after it, also on the way back."""
    return workload.kind == Kind.STATEFULSET and workload.spec.order != "Parallel"


def _is_complete(deployment: Workload) -> bool:
    status, wanted = deployment.status, deployment.replicas
    if deployment.kind == Kind.STATEFULSET and (left := min(deployment.spec.strategy.partition, wanted)):
        return status.updated >= wanted - left and status.replicas == status.available == wanted
    if deployment.kind == Kind.ROLLOUT:
        return status.phase == "Healthy"
    moved = deployment.kind != Kind.STATEFULSET or status.new == status.old
    return moved and status.updated == status.replicas == status.available == wanted
