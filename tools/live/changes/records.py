"""Reads what tells of changes beside rollouts: who wrote configuration, what was delivered here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from incidents.changes import Change
from incidents.errors import ToolFailed
from tools.live.changes.configured import helm_releases, users, written
from tools.live.changes.deliveries import argo_changes, helm_changes, kustomize_changes
from tools.live.cluster.api import Cluster, Listing
from tools.live.cluster.objects import Workload, named
from tools.live.cluster.records import METADATA, Application, Bare, HelmRelease, Kustomization
from tools.live.http import Rejected, Reply
from tools.live.settings import KubernetesHistory
from tools.telemetry.data_gaps import note_gap

_NOT_FOUND = 404
#: Flux's kinds with the versions that servers have, the newest first.
_HELM = ("helm.toolkit.fluxcd.io/v2", "helm.toolkit.fluxcd.io/v2beta2")
_KUSTOMIZE = ("kustomize.toolkit.fluxcd.io/v1",)
_ARGO = ("argoproj.io/v1alpha1",)

R = TypeVar("R", bound=Reply)


class ClusterRecords:
    """What was changed in a namespace beside the templates of its workloads.

    Args:
        cluster: the namespace's.
        spec: whether Secrets' metadata may be asked for, and where deliveries are kept.
    """

    def __init__(self, cluster: Cluster, spec: KubernetesHistory) -> None:
        self._cluster = cluster
        self._secrets = spec.secrets
        self._deliveries = spec.deliveries
        self._services = {
            f"{kind.lower()}/{name}": service
            for service, called in spec.deployments.items()
            for kind, name in [named(called)]
        }

    async def changes(self, workloads: Sequence[Workload]) -> list[Change]:
        """All that is kept, in no order; a kind that may not be read is a gap."""
        found = [*await self._written("configmaps", "ConfigMap", workloads)]
        if self._secrets:
            found += await self._written("secrets", "Secret", workloads)
        for namespace in self._deliveries:
            found += await self._delivered(namespace)
        return found

    async def _written(self, plural: str, kind: str, workloads: Sequence[Workload]) -> Iterable[Change]:
        path = f"/api/v1/namespaces/{self._cluster.namespace}/{plural}"
        objects = await self._listed(path, Listing[Bare], METADATA)
        own = written(objects, users(workloads, kind.lower()), kind, self._services)
        return [*own, *helm_releases(objects, workloads, self._services)]

    async def _delivered(self, namespace: str) -> list[Change]:
        to = self._cluster.namespace
        return [
            *argo_changes(await self._newest(_ARGO, namespace, "applications", Listing[Application]), to),
            *helm_changes(await self._newest(_HELM, namespace, "helmreleases", Listing[HelmRelease]), to),
            *kustomize_changes(
                await self._newest(_KUSTOMIZE, namespace, "kustomizations", Listing[Kustomization]), to
            ),
        ]

    async def _newest(
        self, versions: Sequence[str], namespace: str, plural: str, pages: type[Listing[R]]
    ) -> Sequence[R]:
        for version in versions:
            found = await self._listed(f"/apis/{version}/namespaces/{namespace}/{plural}", pages)
            if found:
                return found
        return ()

    async def _listed(
        self, path: str, pages: type[Listing[R]], headers: Mapping[str, str] | None = None
    ) -> Sequence[R]:
        """What there is of a kind; nothing where the server does not have it."""
        try:
            return await self._cluster.listed(path, pages, headers=headers)
        except Rejected as declined:
            if declined.status != _NOT_FOUND:
                note_gap(f"changes of {path.rpartition('/')[2]} are not known: {declined}")
        except ToolFailed as failed:
            note_gap(f"changes of {path.rpartition('/')[2]} are not known: {failed}")
        return ()
