"""Asking a Kubernetes API; what it declines is told with the reason that it gives."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from pydantic import Field

from incidents.errors import ToolFailed
from tools.clock import WallClock
from tools.live.cluster.exec_plugin import ExecCredential
from tools.live.cluster.neighbours import Autoscaler, Budget, Event, Pod
from tools.live.cluster.objects import History, Kind, Part, Workload
from tools.live.cluster.refusals import Busy, refusal, seconds_to_wait
from tools.live.cluster.rights import KubernetesSpec, Right
from tools.live.http import Answer, Backend, Query, Rejected, Reply, Transient
from tools.live.secrets import Secrets
from tools.telemetry.data_gaps import note_gap

#: As many objects are asked for at once.
_LIMIT = 500
#: A list has as many pages at most; what is left out is told.
_PAGES = 20
#: A list whose rest is gone is asked for afresh as often.
_AFRESH = 2
#: As much of the server's reason is told, in characters: a missing right names account, verb and object.
_QUOTED = 400
#: Where an account asks for its own rights; `system:basic-user` lets everybody who is logged in.
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#: Whose name the fields that we write stand under.
_MANAGER = "nexus"

#: One operation of an RFC 6902 patch.
Operation = dict[str, Any]

R = TypeVar("R", bound=Reply)


class _Continued(Part):
    more: str = Field(default="", alias="continue")


class _Decision(Part):
    allowed: bool = False
    error: str = Field(default="", alias="evaluationError")


class _Review(Part):
    status: _Decision = _Decision()


class Listing(Part, Generic[R]):
    """A page of a list."""

    meta: _Continued = Field(default=_Continued(), alias="metadata")
    items: tuple[R, ...] = ()


def _shaped(kind: Kind, workload: Workload) -> Workload:
    """With its kind, which lists leave out; a StatefulSet's pods count as its own tool counts them."""
    status = workload.status
    if kind is Kind.STATEFULSET:
        status = status.model_copy(update={"available": status.ready})
    return workload.model_copy(update={"kind": kind, "status": status})


class KubernetesApi(Backend):
    """The API server; each way to decline has its own sentence.

    Args:
        spec: its address, and how to log in.
        secrets: resolves the token, or what a program gets that prints one.
    """

    def __init__(self, spec: KubernetesSpec, secrets: Secrets) -> None:
        super().__init__("Kubernetes", spec, secrets)
        plugin = spec.auth.exec
        self._plugin = ExecCredential(plugin, secrets, WallClock()) if plugin is not None else None

    async def credentials(self) -> Mapping[str, str]:
        """Of the program that gives tokens, if there is one; raises like `Backend.credentials`."""
        if self._plugin is None:
            return await super().credentials()
        return self.bearing(await self._plugin.token(), self._plugin.source)

    async def _once(
        self,
        method: str,
        path: str,
        query: Query | None,
        sent: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> Answer:
        """As of any backend; a token that is refused is asked for anew, once: nothing was done with it."""
        try:
            return await super()._once(method, path, query, sent, headers)
        except Rejected as declined:
            if declined.status != 401 or self._plugin is None:
                raise
        self._plugin.forget(headers["Authorization"].removeprefix("Bearer "))
        return await super()._once(method, path, query, sent, {**headers, **await self.credentials()})

    def complaint(self, status: int, text: str, headers: Mapping[str, str]) -> ToolFailed:
        """The error of an answer that is no success."""
        sentence = refusal(status, text, headers, lambda said: self.quoted(said, _QUOTED))
        if sentence is None:
            return super().complaint(status, text, headers)
        told = f"{self.name} at {self.where} {sentence}"
        if status == 429:
            soon = seconds_to_wait(text, headers) <= 1
            return Busy(told) if soon else Rejected(told, status, text)
        return Transient(told) if status >= 500 else Rejected(told, status, text)


class Cluster:
    """What runs in one namespace.

    Args:
        spec: the API server's address and credentials.
        namespace: the one that is meant.
        secrets: resolves the token.
    """

    def __init__(self, spec: KubernetesSpec, namespace: str, secrets: Secrets) -> None:
        self.backend = KubernetesApi(spec, secrets)
        self.namespace = namespace
        self._root = f"/apis/apps/v1/namespaces/{namespace}"

    async def workloads(self, kind: Kind = Kind.DEPLOYMENT) -> Sequence[Workload]:
        """Every workload of a kind.

        Raises:
            ToolFailed: the API server does not answer or declines.
        """
        found = await self.listed(self._path(kind), Listing[Workload])
        return [_shaped(kind, one) for one in found]

    async def workload(self, kind: Kind, name: str) -> Workload:
        """The workload of a name; raises like `workloads`, also where there is none."""
        text = await self.backend.ask("GET", f"{self._path(kind)}/{name}")
        return _shaped(kind, self.backend.read(Workload, text))

    async def history(self) -> Sequence[History]:
        """Every ControllerRevision; raises like `workloads`."""
        return await self.listed(f"{self._root}/controllerrevisions", Listing[History])

    async def sets(self) -> Sequence[Workload]:
        """Every ReplicaSet; raises like `workloads`."""
        return await self.listed(f"{self._root}/replicasets", Listing[Workload])

    async def autoscalers(self) -> Sequence[Autoscaler]:
        """Every HorizontalPodAutoscaler; raises like `workloads`."""
        for version in ("v2", "v1"):
            path = f"/apis/autoscaling/{version}/namespaces/{self.namespace}/horizontalpodautoscalers"
            try:
                return await self.listed(path, Listing[Autoscaler])
            except Rejected as declined:
                if declined.status != 404:
                    raise
        return ()

    async def budgets(self) -> Sequence[Budget]:
        """Every PodDisruptionBudget that may be read."""
        path = f"/apis/policy/v1/namespaces/{self.namespace}/poddisruptionbudgets"
        try:
            return await self.listed(path, Listing[Budget])
        except Rejected:
            return ()

    async def pods(self, labels: Mapping[str, str]) -> Sequence[Pod]:
        """The pods with these labels that may be read; raises like `workloads` where nothing answers."""
        query = {"labelSelector": ",".join(f"{name}={value}" for name, value in sorted(labels.items()))}
        try:
            return await self.listed(f"/api/v1/namespaces/{self.namespace}/pods", Listing[Pod], query)
        except Rejected:
            return ()

    async def warnings(self) -> Sequence[Event]:
        """The events of the namespace that warn, as far as they may be read."""
        query = {"fieldSelector": "type=Warning"}
        try:
            return await self.listed(f"/api/v1/namespaces/{self.namespace}/events", Listing[Event], query)
        except Rejected:
            return ()

    async def patch(self, workload: Workload, operations: Sequence[Operation], *, dry: bool) -> None:
        """Patch a workload, all or nothing, sent once; `dry` lets the server only check it.

        Raises:
            Busy: the server took nothing of it, now.
            Rejected: a `test` in it failed, a right is missing, or an admission rule refused it.
            ToolFailed: the API server does not answer.
        """
        query: Query = {"fieldManager": _MANAGER} | ({"dryRun": "All"} if dry else {})
        await self.backend.ask(
            "PATCH",
            f"{self._path(Kind(workload.kind))}/{workload.meta.name}",
            query=query,
            body=list(operations),
            headers={"Content-Type": "application/json-patch+json"},
            tries=1,
        )

    async def may(self, right: Right) -> bool:
        """Whether the account has a right in the namespace, asked by a SelfSubjectAccessReview.

        Raises:
            ToolFailed: the API server does not answer, or cannot tell.
        """
        resource, _, part = right.resource.partition("/")
        asked = {
            "namespace": self.namespace if right.place is None else right.place, "verb": right.verb,
            "group": right.group, "resource": resource,
            **({"subresource": part} if part else {}), **({"name": right.name} if right.name else {}),
        }  # fmt: skip
        body = {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }  # fmt: skip
        text = await self.backend.ask("POST", _REVIEWS, body=body)
        told = self.backend.read(_Review, text).status
        if told.error and not told.allowed:
            raise ToolFailed(f"{self.backend.name} cannot tell whether it may {right.called}: {told.error}")
        return told.allowed

    async def aclose(self) -> None:
        """Close the connections."""
        await self.backend.aclose()

    def _path(self, kind: Kind) -> str:
        return f"/apis/{kind.api}/namespaces/{self.namespace}/{kind.path}"

    async def listed(
        self,
        path: str,
        pages: type[Listing[R]],
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Sequence[R]:
        """Every object of a list; one whose rest has expired meanwhile (410) is asked for afresh.

        Args:
            path: the collection's.
            pages: the type of a page of it.
            query: selectors.
            headers: such as an `Accept` for metadata alone.
        """
        for fresh in range(_AFRESH + 1):
            try:
                return await self._pages(path, pages, dict(query or {}), headers)
            except Rejected as declined:
                if declined.status != 410 or fresh == _AFRESH:
                    raise
        return ()

    async def _pages(
        self,
        path: str,
        pages: type[Listing[R]],
        said: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> Sequence[R]:
        found: list[R] = []
        query: dict[str, str | int] = {"limit": _LIMIT, **said}
        for _ in range(_PAGES):
            page = self.backend.read(pages, await self.backend.ask("GET", path, query=query, headers=headers))
            found += page.items
            if not page.meta.more:
                return found
            query["continue"] = page.meta.more
        note_gap(f"of {path.rpartition('/')[2]} only the first {len(found)} were read; there are more")
        return found
