"""The objects of the API that are read, each no further than it is needed."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from incidents.value import Moment
from tools.live.http import Reply

REVISION = "deployment.kubernetes.io/revision"
FORMER = "deployment.kubernetes.io/revision-history"
CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
HASH = "pod-template-hash"

#: A pod template as the API gives it: it is compared and sent back whole.
Template = Mapping[str, Any]


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


class Strategy(Reply):
    """How pods are replaced."""

    type: str = ""


class Spec(Reply):
    """What is wanted."""

    replicas: int = 1
    paused: bool = False
    template: dict[str, Any] = Field(default={})
    strategy: Strategy = Strategy()


class Condition(Reply):
    """One condition of an object."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    updated: Moment | None = Field(default=None, alias="lastUpdateTime")


class Status(Reply):
    """What the controller saw."""

    observed: int = Field(default=0, alias="observedGeneration")
    replicas: int = 0
    updated: int = Field(default=0, alias="updatedReplicas")
    available: int = Field(default=0, alias="availableReplicas")
    conditions: tuple[Condition, ...] = ()


class Workload(Reply):
    """A Deployment or a ReplicaSet."""

    meta: Meta = Field(alias="metadata")
    spec: Spec = Spec()
    status: Status = Status()

    @property
    def revision(self) -> int:
        """Its revision; 0 where it has none yet."""
        return _number(self.meta.annotations.get(REVISION, ""))

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

    def owned_by(self, deployment: "Workload") -> bool:
        """Whether a deployment controls it."""
        return any(owner.uid == deployment.meta.uid and owner.controller for owner in self.meta.owners)

    def condition(self, kind: str) -> Condition | None:
        """Its condition of a type."""
        return next((one for one in self.status.conditions if one.type == kind), None)


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
