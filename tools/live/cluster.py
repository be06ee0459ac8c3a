"""Asking a Kubernetes API about deployments and the ReplicaSets that they went through."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from incidents.value import Moment
from tools.live.http import Backend, Query, Reply
from tools.live.secrets import Secrets
from tools.live.settings import Http

REVISION = "deployment.kubernetes.io/revision"
CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
HASH = "pod-template-hash"
#: As many objects are asked for at once.
_LIMIT = 500

#: One operation of an RFC 6902 patch.
Operation = dict[str, Any]


class _Owner(Reply):
    uid: str
    controller: bool = False


class _Meta(Reply):
    name: str
    uid: str = ""
    generation: int = 0
    resource_version: str = Field(default="", alias="resourceVersion")
    created: Moment | None = Field(default=None, alias="creationTimestamp")
    annotations: dict[str, str] = Field(default={})
    owners: tuple[_Owner, ...] = Field(default=(), alias="ownerReferences")


class _Spec(Reply):
    replicas: int = 1
    template: dict[str, Any] = Field(default={})


class _Condition(Reply):
    type: str
    status: str = ""
    reason: str = ""
    updated: Moment | None = Field(default=None, alias="lastUpdateTime")


class _Status(Reply):
    observed: int = Field(default=0, alias="observedGeneration")
    replicas: int = 0
    updated: int = Field(default=0, alias="updatedReplicas")
    available: int = Field(default=0, alias="availableReplicas")
    conditions: tuple[_Condition, ...] = ()


class Workload(Reply):
    """A Deployment or a ReplicaSet."""

    meta: _Meta = Field(alias="metadata")
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def revision(self) -> int:
        """Its revision; 0 where it has none yet."""
        text = self.meta.annotations.get(REVISION, "")
        return int(text) if text.isdecimal() and len(text) < 10 else 0

    @property
    def cause(self) -> str:
        """What its change was said to be for."""
        return self.meta.annotations.get(CAUSE, "")

    @property
    def image(self) -> str:
        """The image of its first container."""
        containers = self.spec.template.get("spec", {}).get("containers") or [{}]
        return str(containers[0].get("image", ""))

    @property
    def version(self) -> str:
        """The image's tag, else its digest's beginning."""
        name, _, digest = self.image.partition("@")
        _, _, tag = name.rpartition("/")[2].partition(":")
        return tag or digest.removeprefix("sha256:")[:12] or "latest"

    @property
    def restarted(self) -> str:
        """When its pods were last told to restart, as written."""
        notes = self.spec.template.get("metadata", {}).get("annotations") or {}
        return str(notes.get(RESTARTED, ""))

    def owned_by(self, deployment: "Workload") -> bool:
        """Whether a deployment controls it."""
        return any(owner.uid == deployment.meta.uid and owner.controller for owner in self.meta.owners)

    def condition(self, kind: str) -> _Condition | None:
        """Its condition of a type."""
        return next((one for one in self.status.conditions if one.type == kind), None)


class _Continued(Reply):
    more: str = Field(default="", alias="continue")


class _List(Reply):
    meta: _Continued = Field(default=_Continued(), alias="metadata")
    items: tuple[Workload, ...] = ()


class Cluster:
    """The deployments of one namespace.

    Args:
        spec: the API server's address and credentials.
        namespace: the one that is meant.
        secrets: resolves the token.
    """

    def __init__(self, spec: Http, namespace: str, secrets: Secrets) -> None:
        self.backend = Backend("Kubernetes", spec, secrets)
        self.namespace = namespace
        self._root = f"/apis/apps/v1/namespaces/{namespace}"

    async def deployments(self) -> Sequence[Workload]:
        """Every deployment.

        Raises:
            ToolFailed: the API server does not answer or declines.
        """
        return await self._all("deployments")

    async def deployment(self, name: str) -> Workload:
        """The deployment of a name; raises like `deployments`, also where there is none."""
        text = await self.backend.ask("GET", f"{self._root}/deployments/{name}")
        return self.backend.read(Workload, text)

    async def sets(self) -> Sequence[Workload]:
        """Every ReplicaSet; raises like `deployments`."""
        return await self._all("replicasets")

    async def patch(self, name: str, operations: Sequence[Operation], *, dry: bool) -> Workload:
        """Patch a deployment, all or nothing, sent once; `dry` lets the server only check it.

        Raises:
            Declined: a `test` in it failed, or an admission rule refused it.
            ToolFailed: the API server does not answer.
        """
        query: Query | None = {"dryRun": "All"} if dry else None
        text = await self.backend.ask(
            "PATCH",
            f"{self._root}/deployments/{name}",
            query=query,
            body=list(operations),
            headers={"Content-Type": "application/json-patch+json"},
            tries=1,
        )
        return self.backend.read(Workload, text)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.backend.aclose()

    async def _all(self, what: str) -> Sequence[Workload]:
        found: list[Workload] = []
        query: dict[str, str | int] = {"limit": _LIMIT}
        while True:
            text = await self.backend.ask("GET", f"{self._root}/{what}", query=query)
            page = self.backend.read(_List, text)
            found += page.items
            if not page.meta.more or not page.items:
                return found
            query["continue"] = page.meta.more
