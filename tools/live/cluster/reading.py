"""One look at a namespace: each kind of object listed once, and told where it may not be read."""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from pydantic import Field

from incidents.errors import ToolFailed
from tools.clock import Clock
from tools.live.cluster.api import Cluster, Listing
from tools.live.cluster.neighbours import Container, Event
from tools.live.cluster.objects import Kind, Part, Workload
from tools.live.cluster.resources.infrastructure import (
    Claim,
    CronJob,
    DisruptionBudget,
    HorizontalAutoscaler,
    Job,
    Node,
    StorageClass,
)
from tools.live.cluster.resources.networking import (
    EndpointSlice,
    Ingress,
    IngressClass,
    NetworkPolicy,
    Service,
)
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import Snapshot, is_ready
from tools.live.http import Rejected
from tools.telemetry.data_gaps import note_gap

#: Several services of a namespace that are asked about in a row share one look.
_FRESH = timedelta(seconds=5)
#: As many questions are on their way at once.
_AT_ONCE = 6
#: As many logs are read of one look, of so many lines and bytes each.
_LOGS, _LINES, _BYTES = 8, 40, 16_384
_NOT_FOUND = 404
_SYSTEM = "kube-system"

T = TypeVar("T")


class _Wanted(NamedTuple):
    """A list that is read: its place in a snapshot, where it is, the type of its pages, its selector."""

    place: str
    path: str
    pages: type[Listing[Any]]
    selector: str = ""

    @property
    def kind(self) -> str:
        return self.path.rpartition("/")[2]


class _Config(Part):
    data: dict[str, str] = Field(default={})


def _wanted(namespace: str) -> Iterator[_Wanted]:
    """What is always read."""
    own = f"/namespaces/{namespace}"
    network, batch = f"/apis/networking.k8s.io/v1{own}", f"/apis/batch/v1{own}"
    scaling = f"/apis/autoscaling/v2{own}/horizontalpodautoscalers"
    yield _Wanted("pods", f"/api/v1{own}/pods", Listing[Pod])
    yield _Wanted("sets", f"/apis/apps/v1{own}/replicasets", Listing[Workload])
    yield _Wanted("services", f"/api/v1{own}/services", Listing[Service])
    yield _Wanted("slices", f"/apis/discovery.k8s.io/v1{own}/endpointslices", Listing[EndpointSlice])
    yield _Wanted("ingresses", f"{network}/ingresses", Listing[Ingress])
    yield _Wanted("policies", f"{network}/networkpolicies", Listing[NetworkPolicy])
    yield _Wanted("autoscalers", scaling, Listing[HorizontalAutoscaler])
    yield _Wanted("budgets", f"/apis/policy/v1{own}/poddisruptionbudgets", Listing[DisruptionBudget])
    yield _Wanted("claims", f"/api/v1{own}/persistentvolumeclaims", Listing[Claim])
    yield _Wanted("jobs", f"{batch}/jobs", Listing[Job])
    yield _Wanted("crons", f"{batch}/cronjobs", Listing[CronJob])
    yield _Wanted("nodes", "/api/v1/nodes", Listing[Node])
    resolvers = f"/api/v1/namespaces/{_SYSTEM}/pods"
    yield _Wanted("resolvers", resolvers, Listing[Pod], "k8s-app=kube-dns")


_CLASSES = _Wanted("classes", "/apis/networking.k8s.io/v1/ingressclasses", Listing[IngressClass])
_STORAGE = _Wanted("storage", "/apis/storage.k8s.io/v1/storageclasses", Listing[StorageClass])


class NamespaceReader:
    """Looks at one namespace; who asks again at once gets the same look.

    Args:
        cluster: the namespace's.
        clock: when it was looked at.
    """

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        self.cluster = cluster
        self.watched: set[str] = set()
        self._clock = clock
        self._lock = asyncio.Lock()
        self._last: Snapshot | None = None

    async def snapshot(self) -> Snapshot:
        """All that may be read now; what may not be is in `unread` and noted as a gap."""
        async with self._lock:
            now = self._clock.now()
            if self._last is None or not timedelta(0) <= now - self._last.at < _FRESH:
                self._last = await self._look()
            _tell(self._last)
            return self._last

    async def _look(self) -> Snapshot:
        seen = _Look(self.cluster)
        await asyncio.gather(
            *(seen.read(one) for one in _wanted(self.cluster.namespace)),
            *(seen.workloads(kind) for kind in Kind),
            seen.events(),
            seen.resolving(),
        )
        if seen.found.get("ingresses"):
            await seen.read(_CLASSES)
        if any(claim.status.phase == "Pending" for claim in seen.found.get("claims", ())):
            await seen.read(_STORAGE)
        await asyncio.gather(*(seen.log(*one) for one in _silenced(seen.found.get("pods", ()))))
        return seen.snapshot(self._clock)


class _Look:
    """What one look has found so far."""

    def __init__(self, cluster: Cluster) -> None:
        self.found: dict[str, Any] = {}
        self.unread: dict[str, str] = {}
        self.logs: dict[tuple[str, str], str] = {}
        self.running: list[Workload] = []
        self._cluster = cluster
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    def snapshot(self, clock: Clock) -> Snapshot:
        return Snapshot(
            namespace=self._cluster.namespace, at=clock.now(), workloads=tuple(self.running), logs=self.logs,
            unread=self.unread, **self.found,
        )  # fmt: skip

    async def read(self, wanted: _Wanted) -> None:
        query = {"labelSelector": wanted.selector} if wanted.selector else {}
        kind = f"pods of {_SYSTEM}" if wanted.selector else wanted.kind
        listed = await self._tried(kind, self._cluster.listed(wanted.path, wanted.pages, query))
        if listed is not None:
            self.found[wanted.place] = tuple(listed)
        if listed is not None and wanted.selector:
            label, _, value = wanted.selector.partition("=")
            self.found[wanted.place] = tuple(one for one in listed if one.meta.labels.get(label) == value)

    async def workloads(self, kind: Kind) -> None:
        self.running += await self._tried(kind.path, self._cluster.workloads(kind)) or ()

    async def events(self) -> None:
        """The events that warn; where the old form may not be read, the new one, which has the same."""
        warn = {"fieldSelector": "type=Warning"}
        for api in ("/api/v1", "/apis/events.k8s.io/v1"):
            path = f"{api}/namespaces/{self._cluster.namespace}/events"
            listed = await self._tried("events", self._cluster.listed(path, Listing[Event], warn))
            if listed is not None:
                self.unread.pop("events", None)
                self.found["events"] = tuple(one for one in listed if one.type == "Warning")
                return

    async def resolving(self) -> None:
        path = f"/api/v1/namespaces/{_SYSTEM}/configmaps/coredns"
        text = await self._tried(f"configmaps of {_SYSTEM}", self._cluster.backend.ask("GET", path))
        if text is not None:
            self.found["resolving"] = self._cluster.backend.read(_Config, text).data.get("Corefile", "")

    async def log(self, pod: str, container: str, previous: bool) -> None:
        """The last lines; of a container that began anew, those of the one before."""
        path = f"/api/v1/namespaces/{self._cluster.namespace}/pods/{pod}/log"
        query: dict[str, str | int] = {"container": container, "tailLines": _LINES, "limitBytes": _BYTES}
        for before in (True, False) if previous else (False,):
            asked = query | ({"previous": "true"} if before else {})
            text = await self._tried("pods/log", self._cluster.backend.ask("GET", path, query=asked), (400,))
            if text:
                self.logs[pod, container] = text
                return

    async def _tried(self, kind: str, asking: Awaitable[T], passed: Sequence[int] = ()) -> T | None:
        """What is answered; None where it may not be read, which is kept with the server's reason."""
        async with self._at_once:
            try:
                return await asking
            except Rejected as declined:
                if declined.status not in passed:
                    self.unread.setdefault(kind, "" if declined.status == _NOT_FOUND else str(declined))
            except ToolFailed as failed:
                self.unread.setdefault(kind, str(failed))
            return None


def _silenced(pods: Sequence[Pod]) -> list[tuple[str, str, bool]]:
    """Whose last words are wanted: of each workload one of each container that ended or is not ready."""
    wanted: dict[tuple[str, str], tuple[str, str, bool]] = {}
    for pod in pods:
        if pod.meta.deleted is not None or pod.status.phase == "Succeeded":
            continue
        owner = next((one.name for one in pod.meta.owners if one.controller), pod.meta.name)
        for one in (*pod.status.initial, *pod.status.containers):
            if _speaks(pod, one):
                wanted.setdefault(
                    (owner, one.name), (pod.meta.name, one.name, one.last.terminated is not None)
                )
    return list(wanted.values())[:_LOGS]


def _speaks(pod: Pod, one: Container) -> bool:
    """Whether a container has run, and something is amiss with it."""
    ended = one.last.terminated or one.state.terminated
    failed = ended is not None and bool(ended.exit_code)
    return failed or (one.state.running is not None and not (one.ready and is_ready(pod)))


def _tell(seen: Snapshot) -> None:
    """What may not be read, in one gap, by name: answers arrive in another order each time."""
    refused = sorted((kind, reason) for kind, reason in seen.unread.items() if reason)
    if refused:
        kinds = ", ".join(kind for kind, _ in refused)
        note_gap(f"of namespace {seen.namespace} {kinds} cannot be read: {refused[0][1]}")
