"""The objects of the API that are read, each no further than it is needed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, Field, field_validator, model_validator

from incidents.value import Moment
from tools.live.http import Reply

REVISION = "deployment.kubernetes.io/revision"
#: The same of a Rollout; what it had before stands under the same name with `-history`.
ROLLOUT_REVISION = "rollout.argoproj.io/revision"
CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
#: Labels that controllers set on the template of each revision.
HASHES = ("pod-template-hash", "rollouts-pod-template-hash")

#: A pod template as the API gives it: it is compared and sent back whole.
Template = Mapping[str, Any]


class Part(Reply):
    """A part of an object; null means the same as a part that is left out, as Go writes an empty list."""

    @model_validator(mode="before")
    @classmethod
    def _given(cls, found: Any) -> Any:
        if not isinstance(found, dict):
            return found
        return {name: part for name, part in found.items() if part is not None}


class Kind(StrEnum):
    """What keeps pods of one template running."""

    DEPLOYMENT = "Deployment"
    STATEFULSET = "StatefulSet"
    DAEMONSET = "DaemonSet"
    ROLLOUT = "Rollout"

    @property
    def api(self) -> str:
        """Where its collection is; a Rollout is of Argo Rollouts."""
        return "argoproj.io/v1alpha1" if self is Kind.ROLLOUT else "apps/v1"

    @property
    def path(self) -> str:
        """Its collection: `statefulsets`."""
        return f"{self.lower()}s"

    @property
    def by_sets(self) -> bool:
        """Whether ReplicaSets keep its templates; else ControllerRevisions do."""
        return self in {Kind.DEPLOYMENT, Kind.ROLLOUT}


_KINDS = {
    **dict.fromkeys(("deployment", "deployments", "deploy"), Kind.DEPLOYMENT),
    **dict.fromkeys(("statefulset", "statefulsets", "sts"), Kind.STATEFULSET),
    **dict.fromkeys(("daemonset", "daemonsets", "ds"), Kind.DAEMONSET),
    **dict.fromkeys(("rollout", "rollouts", "ro"), Kind.ROLLOUT),
}


class Owner(Part):
    """What an object belongs to."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Writer(Part):
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


class Meta(Part):
    """What every object says of itself."""

    name: str
    uid: str = ""
    generation: int = 0
    resource_version: str = Field(default="", alias="resourceVersion")
    created: Moment | None = Field(default=None, alias="creationTimestamp")
    deleted: Moment | None = Field(default=None, alias="deletionTimestamp")
    labels: dict[str, str] = Field(default={})
    annotations: dict[str, str] = Field(default={})
    owners: tuple[Owner, ...] = Field(default=(), alias="ownerReferences")
    writers: tuple[Writer, ...] = Field(default=(), alias="managedFields")


class Target(Part):
    """Which object is meant; `field` is the part of it that an event is of: `spec.containers{till}`."""

    kind: str = ""
    name: str = ""
    field: str = Field(default="", alias="fieldPath")


class Rolling(Part):
    """How a rolling update goes; `partition`: pods of a StatefulSet with a lower number are left."""

    partition: int = 0


class Strategy(Part):
    """How pods are replaced."""

    type: str = ""
    rolling: Rolling | None = Field(default=None, alias="rollingUpdate")
    canary: dict[str, Any] | None = None
    blue: dict[str, Any] | None = Field(default=None, alias="blueGreen")

    @property
    def partition(self) -> int:
        """How many pods of a StatefulSet are left as they are."""
        return self.rolling.partition if self.rolling is not None else 0


class Spec(Part):
    """What is wanted."""

    replicas: int = 1
    paused: bool = False
    template: dict[str, Any] = Field(default={})
    strategy: Strategy = Field(
        default=Strategy(), validation_alias=AliasChoices("strategy", "updateStrategy")
    )
    order: str = Field(default="", alias="podManagementPolicy")
    restart_at: str = Field(default="", alias="restartAt")
    template_of: Target | None = Field(default=None, alias="workloadRef")


class Condition(Part):
    """One condition of an object."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    updated: Moment | None = Field(default=None, alias="lastUpdateTime")
    since: Moment | None = Field(default=None, alias="lastTransitionTime")


class Status(Part):
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
    phase: str = ""
    message: str = ""
    restarted_at: str = Field(default="", alias="restartedAt")
    aborted_at: Moment | None = Field(default=None, alias="abortedAt")
    abort: bool = False

    @field_validator("observed", mode="before")
    @classmethod
    def _numbered(cls, found: object) -> object:
        """A Rollout's is a text, of old ones a hash: that tells nothing."""
        return found if not isinstance(found, str) or found.isdecimal() else 0

    conditions: tuple[Condition, ...] = ()


class Workload(Part):
    """A Deployment, StatefulSet, DaemonSet or ReplicaSet."""

    kind: str = Kind.DEPLOYMENT
    meta: Meta = Field(alias="metadata")
    spec: Spec = Spec()
    status: Status = Status()

    @property
    def revision(self) -> int:
        """Its revision; 0 where it has none yet."""
        return _number(self._numbered(""))

    def _numbered(self, suffix: str) -> str:
        found = self.meta.annotations
        return found.get(REVISION + suffix, "") or found.get(ROLLOUT_REVISION + suffix, "")

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
        told = self._numbered("-history").split(",")
        return tuple(number for number in map(_number, told) if number)

    @property
    def cause(self) -> str:
        """What its change was said to be for."""
        return self.meta.annotations.get(CAUSE, "")

    @property
    def restarted(self) -> str:
        """When its pods were last told to restart, as written."""
        if self.kind == Kind.ROLLOUT:
            return self.spec.restart_at
        notes = (self.spec.template.get("metadata") or {}).get("annotations") or {}
        return str(notes.get(RESTARTED, ""))

    @property
    def seen(self) -> bool:
        """Whether the controller has seen what is wanted; before, its status tells of something else."""
        return self.status.observed >= self.meta.generation

    def condition(self, kind: str) -> Condition | None:
        """Its condition of a type."""
        return next((one for one in self.status.conditions if one.type == kind), None)


class History(Part):
    """A ControllerRevision: a template that a StatefulSet or DaemonSet had."""

    meta: Meta = Field(alias="metadata")
    revision: int = 0
    data: dict[str, Any] = Field(default={})

    @property
    def template(self) -> Template:
        """The template, without the note to the server that it is meant whole."""
        found = (self.data.get("spec") or {}).get("template") or {}
        return {name: part for name, part in found.items() if name != "$patch"}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def named(called: str) -> tuple[Kind, str]:
    """What a name of the configuration means: `db` a deployment, `statefulset/db` or `sts/db` that one."""
    kind, slash, name = called.rpartition("/")
    return (_KINDS[kind] if slash else Kind.DEPLOYMENT), name


def controls(workload: Workload, meta: Meta) -> bool:
    """Whether a workload controls an object."""
    return any(owner.uid == workload.meta.uid and owner.controller for owner in meta.owners)
