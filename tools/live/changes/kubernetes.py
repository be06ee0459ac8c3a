"""The rollout history of deployments: each ReplicaSet that a deployment went through is a release."""

from collections.abc import Sequence
from datetime import datetime

from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from tools.live.cluster import Cluster, Workload
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesHistory
from tools.wording import plain

_LONGEST = 400


class KubernetesChanges:
    """The changes port over the deployments of a namespace."""

    def __init__(self, spec: KubernetesHistory, secrets: Secrets) -> None:
        self._cluster = Cluster(spec, spec.namespace, secrets)
        self._services = {deployment: service for service, deployment in spec.deployments.items()}

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The rollouts of a window that the cluster still remembers, oldest first.

        Raises:
            ToolFailed: the API server does not answer or declines.
        """
        sets = await self._cluster.sets()
        found = [
            change
            for deployment in await self._cluster.deployments()
            for change in self._history(deployment, [one for one in sets if one.owned_by(deployment)])
            if window.start <= change.time < window.end
        ]
        return tuple(sorted(found, key=lambda one: one.time))

    async def check(self) -> str:
        """How many deployments the namespace has; raises like `changes`."""
        found = await self._cluster.deployments()
        return f"Kubernetes: namespace {self._cluster.namespace} has {len(found)} deployments"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._cluster.aclose()

    def _history(self, deployment: Workload, sets: Sequence[Workload]) -> list[Change]:
        name = deployment.meta.name
        service = self._services.get(name, name)
        found: list[Change] = []
        old: Workload | None = None
        for new in sorted((one for one in sets if one.revision), key=lambda one: one.revision):
            at = _rolled_out(deployment, old, new)
            if at is not None:
                found.append(
                    Change(
                        time=at,
                        id=f"{name}-r{new.revision}",
                        service=service,
                        kind=ChangeKind.DEPLOY,
                        version_from=old.version if old else "",
                        version_to=new.version,
                        summary=plain(new.cause, _LONGEST),
                    )
                )
            old = new
        return found


def _rolled_out(deployment: Workload, old: Workload | None, new: Workload) -> datetime | None:
    """When a ReplicaSet became the current one.

    It keeps the time of its creation when a rollback makes it current again: then only the deployment's
    condition tells when, and only for the revision that is the current one.
    """
    created = new.meta.created
    if created and (old is None or (old.meta.created is not None and created >= old.meta.created)):
        return created
    progressing = deployment.condition("Progressing")
    current = new.revision == deployment.revision
    return progressing.updated if progressing is not None and current else None
