"""What runs of a deployment, and how far its rollout is. Pure."""

from collections.abc import Iterable, Sequence

from tools.live.cluster.objects import CAUSE, Workload
from tools.live.cluster.versions import Revision, Versions

DEADLINE = "ProgressDeadlineExceeded"


def revisions(deployment: Workload, sets: Iterable[Workload]) -> list[Revision]:
    """The templates that a deployment's ReplicaSets keep."""
    return [
        Revision(
            kept_by=f"ReplicaSet {one.meta.name}", name=one.meta.name, number=one.revision, former=one.former,
            template=one.spec.template, created=one.meta.created, cause=one.meta.annotations.get(CAUSE, ""),
            pods=one.status.replicas, available=one.status.available,
        )
        for one in sets
        if one.revision and one.owned_by(deployment)
    ]  # fmt: skip


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
    wanted, found = deployment.spec.replicas, running(deployment, versions)
    counted = any(one.pods for one in found)
    if _is_complete(deployment) or not counted:
        name = say_running(deployment, versions)
        return f"{deployment.status.available} of {wanted} replicas of {name} are available"
    parts = [f"{one.available} of {versions.name(one.template, one.number)}" for one in found]
    return f"of {wanted} replicas {' and '.join(parts)} are available"


def waiting(deployment: Workload, versions: Versions) -> str:
    """What a pause holds back: the version that is wanted and of which no pod runs; empty: nothing."""
    wanted = versions.of(deployment.spec.template)
    held = wanted is None or not wanted.pods
    if not deployment.spec.paused or not held or not any(one.pods for one in versions.kept):
        return ""
    return versions.name(deployment.spec.template)


def is_complete(deployment: Workload) -> bool:
    """As `kubectl rollout status` judges; before the controller saw the change, nothing counts."""
    return deployment.seen and _is_complete(deployment)


def is_sized(deployment: Workload) -> bool:
    """Whether it has the pods that it wants, of whichever template: a paused one is sized, too."""
    status, wanted = deployment.status, deployment.spec.replicas
    return deployment.seen and status.replicas == status.available == wanted


def is_stuck(deployment: Workload) -> bool:
    """An old `Progressing=False` is still there until the controller has seen the change."""
    progressing = deployment.condition("Progressing")
    return deployment.seen and progressing is not None and progressing.reason == DEADLINE


def obstacles(deployment: Workload) -> list[str]:
    """What the controller says holds a rollout up."""
    found = []
    if not deployment.seen:
        found.append("its controller has not yet observed the change")
    if deployment.spec.paused:
        found.append("it was paused")
    failure = deployment.condition("ReplicaFailure")
    if deployment.seen and failure is not None and failure.status == "True":
        found.append(f"pods cannot be made ({failure.reason}: {failure.message})")
    return found


def _is_complete(deployment: Workload) -> bool:
    status, wanted = deployment.status, deployment.spec.replicas
    return status.updated == status.replicas == status.available == wanted
