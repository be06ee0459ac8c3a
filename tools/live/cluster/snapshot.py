"""What a namespace holds at one moment, and who belongs to whom in it. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field

from tools.live.cluster.neighbours import Event, Selector
from tools.live.cluster.objects import Meta, Workload
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
from tools.live.cluster.resources.pods import Pod, PodTemplate, pod_template

#: Older events tell of something else.
RECENT = timedelta(minutes=30)
#: What is younger may still be under way.
SETTLES = timedelta(minutes=1)


class Snapshot(BaseModel):
    """One namespace with what its pods need of the cluster.

    Attributes:
        namespace: whose objects these are.
        at: when they were read.
        workloads: what keeps pods running, of every kind.
        sets: ReplicaSets.
        resolvers: the pods that resolve names for the cluster.
        resolving: the configuration of these (their Corefile); empty where it was not read.
        logs: the last lines of containers that crashed or are not ready, by pod and container.
        unread: what may not be read: the kind (`nodes`), with the server's own reason.
    """

    model_config = ConfigDict(frozen=True)

    namespace: str
    at: datetime
    workloads: tuple[Workload, ...] = ()
    sets: tuple[Workload, ...] = ()
    pods: tuple[Pod, ...] = ()
    events: tuple[Event, ...] = ()
    nodes: tuple[Node, ...] = ()
    services: tuple[Service, ...] = ()
    slices: tuple[EndpointSlice, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    classes: tuple[IngressClass, ...] = ()
    policies: tuple[NetworkPolicy, ...] = ()
    autoscalers: tuple[HorizontalAutoscaler, ...] = ()
    budgets: tuple[DisruptionBudget, ...] = ()
    claims: tuple[Claim, ...] = ()
    storage: tuple[StorageClass, ...] = ()
    jobs: tuple[Job, ...] = ()
    crons: tuple[CronJob, ...] = ()
    resolvers: tuple[Pod, ...] = ()
    resolving: str = ""
    logs: dict[tuple[str, str], str] = Field(default={})
    unread: dict[str, str] = Field(default={})

    @cached_property
    def templates(self) -> Mapping[str, PodTemplate]:
        """What each workload makes its pods of, by its name as kubectl calls it."""
        return {one.called: pod_template(one.spec.template) for one in self.workloads}

    @cached_property
    def _makers(self) -> Mapping[str, str]:
        """The workload of each ReplicaSet, by the set's name."""
        return {one.meta.name: made for one in self.sets if (made := _controller(one.meta))}

    @cached_property
    def owned(self) -> Mapping[str, tuple[Pod, ...]]:
        """The pods of each workload."""
        found: dict[str, tuple[Pod, ...]] = {}
        for pod in self.pods:
            maker = self.maker(pod.meta)
            found[maker] = (*found.get(maker, ()), pod)
        return found

    def maker(self, meta: Meta) -> str:
        """Which workload keeps an object: `deployment/till`; empty where none does."""
        made = _controller(meta)
        kind, _, name = made.partition("/")
        return self._makers.get(name, made) if kind == "replicaset" else made

    def concerned(self, *pods: Pod) -> tuple[str, ...]:
        """The workloads of pods, each once."""
        return tuple(dict.fromkeys(maker for pod in pods if (maker := self.maker(pod.meta))))

    def told(self, kind: str, name: str) -> Iterator[Event]:
        """The recent events of an object, newest first."""
        own = (one for one in self.events if one.about.kind == kind and one.about.name == name)
        recent = (one for one in own if one.at is not None and self.at - one.at <= RECENT)
        yield from sorted(recent, key=lambda one: one.at or self.at, reverse=True)

    def last_log(self, pod: Pod, container: str) -> str:
        """The last lines of a container, or of the same one in another pod of its workload."""
        maker = self.maker(pod.meta)
        names = [pod.meta.name, *(one.meta.name for one in self.owned.get(maker, ()) if maker)]
        return next((text for name in names if (text := self.logs.get((name, container)))), "")

    def young(self, since: datetime | None) -> bool:
        """Whether something began so short a time ago that it may still be under way."""
        return since is not None and self.at - since < SETTLES

    def read(self, kind: str) -> bool:
        """Whether a kind could be read, so that what is not there is known not to be there."""
        return kind not in self.unread


def _controller(meta: Meta) -> str:
    return next((f"{one.kind.lower()}/{one.name}" for one in meta.owners if one.controller), "")


def has_labels(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether labels hold all that is wanted."""
    return all(labels.get(name) == value for name, value in wanted.items())


def selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether a selector is of something with these labels; an empty one is of everything."""
    return has_labels(selector.labels, labels) and all(_fits(rule, labels) for rule in selector.rules)


def _fits(rule: Mapping[str, object], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(str(rule.get("key", ""))), rule.get("values") or ()
    listed = value in values if isinstance(values, list | tuple) else False
    return {
        "In": listed, "NotIn": not listed, "Exists": value is not None, "DoesNotExist": value is None,
    }.get(str(rule.get("operator")), False)  # fmt: skip


def is_ready(pod: Pod) -> bool:
    """Whether a pod can be used: by its condition, or where it has none by its containers."""
    told = next((one.status for one in pod.status.conditions if one.type == "Ready"), None)
    return told == "True" if told is not None else all(one.ready for one in pod.status.containers)


def is_over(pod: Pod) -> bool:
    """Whether a pod has ended for good."""
    return pod.status.phase in {"Succeeded", "Failed"}
