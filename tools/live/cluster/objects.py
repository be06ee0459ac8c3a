"""The objects of the API that are read, each no further than it is needed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, Field, field_validator

from incidents.value import Moment
from tools.live.http import Reply

REVISION = "deployment.kubernetes.io/revision"
FORMER = "deployment.kubernetes.io/revision-history"
CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
HASH = "pod-template-hash"

#: A pod template as the API gives it: it is compared and sent back whole.
Template = Mapping[str, Any]


class Kind(StrEnum):
    """What keeps pods of one template running."""

    DEPLOYMENT = "Deployment"
    STATEFULSET = "StatefulSet"
    DAEMONSET = "DaemonSet"

    @property
    def path(self) -> str:
        """Its collection: `statefulsets`."""
        return f"{self.lower()}s"


_KINDS = {
    **dict.fromkeys(("deployment", "deployments", "deploy"), Kind.DEPLOYMENT),
    **dict.fromkeys(("statefulset", "statefulsets", "sts"), Kind.STATEFULSET),
    **dict.fromkeys(("daemonset", "daemonsets", "ds"), Kind.DAEMONSET),
}


class Owner(Reply):
    """What an object belongs to."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Writer(Reply):
    """Who wrote fields of an object, and which: an entry of `managedFields`."""

    manager: str = ""
    subresource: str = ""
    fields: dict[str, Any] = Field(default={}, alias="fieldsV1")

    def wrote(self, *path: str) -> bool:
        """Whether the field of a path is theirs."""
        place: Any = self.fields
        for part in path:
            place = place.get(f"f:{part}") if isinstance(place, dict) else None
        return place is not None


class Meta(Reply):
    """What every object says of itself."""

    name: str
    uid: str = ""
    generation: int = 0
    resource_version: str = Field(default="", alias="resourceVersion")
    created: Moment | None = Field(default=None, alias="creationTimestamp")
    labels: dict[str, str] = Field(default={})
    annotations: dict[str, str] = Field(default={})
    owners: tuple[Owner, ...] = Field(default=(), alias="ownerReferences")
    writers: tuple[Writer, ...] = Field(default=(), alias="managedFields")


class Rolling(Reply):
    """How a rolling update goes; `partition`: pods of a StatefulSet with a lower number are left."""

    partition: int = 0


class Strategy(Reply):
    """How pods are replaced."""

    type: str = ""
    rolling: Rolling | None = Field(default=None, alias="rollingUpdate")

    @property
    def partition(self) -> int:
        """How many pods of a StatefulSet are left as they are."""
        return self.rolling.partition if self.rolling is not None else 0


class Spec(Reply):
    """What is wanted."""

    replicas: int = 1
    paused: bool = False
    template: dict[str, Any] = Field(default={})
    strategy: Strategy = Field(
        default=Strategy(), validation_alias=AliasChoices("strategy", "updateStrategy")
    )
    order: str = Field(default="", alias="podManagementPolicy")


class Condition(Reply):
    """One condition of an object."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    updated: Moment | None = Field(default=None, alias="lastUpdateTime")


class Status(Reply):
    """What the controller saw; a DaemonSet has other words for it."""

    observed: int = Field(default=0, alias="observedGeneration")
    replicas: int = Field(default=0, validation_alias=AliasChoices("replicas", "currentNumberScheduled"))
    updated: int = Field(
        default=0, validation_alias=AliasChoices("updatedReplicas", "updatedNumberScheduled")
    )
    available: int = Field(default=0, validation_alias=AliasChoices("availableReplicas", "numberAvailable"))
    ready: int = Field(default=0, validation_alias=AliasChoices("readyReplicas", "numberReady"))
    scheduled: int = Field(default=0, alias="desiredNumberScheduled")
    old: str = Field(default="", alias="currentRevision")
    new: str = Field(default="", alias="updateRevision")
    left: int = Field(default=0, alias="currentReplicas")
    conditions: tuple[Condition, ...] = ()


class Workload(Reply):
    """A Deployment, StatefulSet, DaemonSet or ReplicaSet."""

    kind: str = Kind.DEPLOYMENT
    meta: Meta = Field(alias="metadata")
    spec: Spec = Spec()
    status: Status = Status()

    @property
    def revision(self) -> int:
        """Its revision; 0 where it has none yet."""
        return _number(self.meta.annotations.get(REVISION, ""))

    @property
    def replicas(self) -> int:
        """How many pods it wants."""
        return self.status.scheduled if self.kind == Kind.DAEMONSET else self.spec.replicas

    @property
    def called(self) -> str:
        """As kubectl calls it: `statefulset/db`."""
        return f"{self.kind.lower()}/{self.meta.name}"

    @property
    def former(self) -> tuple[int, ...]:
        """The revisions that it had before: a release that uses it again gives it a new one."""
        told = self.meta.annotations.get(FORMER, "").split(",")
        return tuple(number for number in map(_number, told) if number)

    @property
    def cause(self) -> str:
        """What its change was said to be for."""
        return self.meta.annotations.get(CAUSE, "")

    @property
    def restarted(self) -> str:
        """When its pods were last told to restart, as written."""
        notes = (self.spec.template.get("metadata") or {}).get("annotations") or {}
        return str(notes.get(RESTARTED, ""))

    @property
    def seen(self) -> bool:
        """Whether the controller has seen what is wanted; before, its status tells of something else."""
        return self.status.observed >= self.meta.generation

    def condition(self, kind: str) -> Condition | None:
        """Its condition of a type."""
        return next((one for one in self.status.conditions if one.type == kind), None)


class History(Reply):
    """A ControllerRevision: a template that a StatefulSet or DaemonSet had."""

    meta: Meta = Field(alias="metadata")
    revision: int = 0
    data: dict[str, Any] = Field(default={})

    @property
    def template(self) -> Template:
        """The template, without the note to the server that it is meant whole."""
        found = (self.data.get("spec") or {}).get("template") or {}
        return {name: part for name, part in found.items() if name != "$patch"}


class Target(Reply):
    """What an autoscaler sizes."""

    kind: str = ""
    name: str = ""


class Rules(Reply):
    """How an autoscaler may go one way."""

    policy: str = Field(default="", alias="selectPolicy")


class Behavior(Reply):
    """How an autoscaler may move."""

    up: Rules = Field(default=Rules(), alias="scaleUp")
    down: Rules = Field(default=Rules(), alias="scaleDown")


class Bounds(Reply):
    """Between what an autoscaler keeps a workload; `least` is 1 where none is given."""

    target: Target = Field(default=Target(), alias="scaleTargetRef")
    least: int = Field(default=1, alias="minReplicas")
    most: int = Field(default=1, alias="maxReplicas")
    behavior: Behavior = Behavior()


class Conditions(Reply):
    """The conditions of an object whose status is not read otherwise."""

    conditions: tuple[Condition, ...] = ()


class Autoscaler(Reply):
    """A HorizontalPodAutoscaler."""

    meta: Meta = Field(alias="metadata")
    spec: Bounds = Bounds()
    status: Conditions = Conditions()


class Selector(Reply):
    """Which pods are meant."""

    labels: dict[str, str] = Field(default={}, alias="matchLabels")
    rules: tuple[dict[str, Any], ...] = Field(default=(), alias="matchExpressions")


class Protection(Reply):
    """What a disruption budget asks."""

    selector: Selector | None = None
    least: int | str | None = Field(default=None, alias="minAvailable")
    gone: int | str | None = Field(default=None, alias="maxUnavailable")


class Budget(Reply):
    """A PodDisruptionBudget."""

    meta: Meta = Field(alias="metadata")
    spec: Protection = Protection()


class Reason(Reply):
    """Why a container waits or ended."""

    reason: str = ""
    message: str = ""
    exit_code: int | None = Field(default=None, alias="exitCode")


class State(Reply):
    """How a container stands."""

    waiting: Reason | None = None
    terminated: Reason | None = None
    running: dict[str, Any] | None = None


class Container(Reply):
    """One container of a pod as it stands."""

    name: str
    ready: bool = False
    image: str = ""
    image_id: str = Field(default="", alias="imageID")
    restarts: int = Field(default=0, alias="restartCount")
    state: State = State()
    last: State = Field(default=State(), alias="lastState")


class PodStatus(Reply):
    """How a pod stands."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    containers: tuple[Container, ...] = Field(default=(), alias="containerStatuses")
    initial: tuple[Container, ...] = Field(default=(), alias="initContainerStatuses")

    @field_validator("containers", "initial", mode="before")
    @classmethod
    def _listed(cls, found: object) -> object:
        return found or ()


class Pod(Reply):
    """A pod."""

    meta: Meta = Field(alias="metadata")
    status: PodStatus = PodStatus()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def named(called: str) -> tuple[Kind, str]:
    """What a name of the configuration means: `db` a deployment, `statefulset/db` or `sts/db` that one."""
    kind, slash, name = called.rpartition("/")
    return (_KINDS[kind] if slash else Kind.DEPLOYMENT), name


def controls(workload: Workload, meta: Meta) -> bool:
    """Whether a workload controls an object."""
    return any(owner.uid == workload.meta.uid and owner.controller for owner in meta.owners)
