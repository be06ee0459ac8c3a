"""The objects that stand beside a workload: autoscalers, disruption budgets, pods."""

from datetime import datetime
from typing import Any

from pydantic import AliasChoices, Field

from incidents.value import Moment
from tools.live.cluster.objects import Condition, Meta, Part, Target


class Rules(Part):
    """How an autoscaler may go one way."""

    policy: str = Field(default="", alias="selectPolicy")


class Behavior(Part):
    """How an autoscaler may move."""

    up: Rules = Field(default=Rules(), alias="scaleUp")
    down: Rules = Field(default=Rules(), alias="scaleDown")


class Bounds(Part):
    """Between what an autoscaler keeps a workload; `least` is 1 where none is given."""

    target: Target = Field(default=Target(), alias="scaleTargetRef")
    least: int = Field(default=1, alias="minReplicas")
    most: int = Field(default=1, alias="maxReplicas")
    behavior: Behavior = Behavior()


class Conditions(Part):
    """The conditions of an object whose status is not read otherwise."""

    conditions: tuple[Condition, ...] = ()


class Autoscaler(Part):
    """A HorizontalPodAutoscaler."""

    meta: Meta = Field(alias="metadata")
    spec: Bounds = Bounds()
    status: Conditions = Conditions()


class Selector(Part):
    """Which pods are meant."""

    labels: dict[str, str] = Field(default={}, alias="matchLabels")
    rules: tuple[dict[str, Any], ...] = Field(default=(), alias="matchExpressions")


class Protection(Part):
    """What a disruption budget asks."""

    selector: Selector | None = None
    least: int | str | None = Field(default=None, alias="minAvailable")
    gone: int | str | None = Field(default=None, alias="maxUnavailable")


class Budget(Part):
    """A PodDisruptionBudget."""

    meta: Meta = Field(alias="metadata")
    spec: Protection = Protection()


class Reason(Part):
    """Why a container waits or ended."""

    reason: str = ""
    message: str = ""
    exit_code: int | None = Field(default=None, alias="exitCode")
    started: Moment | None = Field(default=None, alias="startedAt")
    finished: Moment | None = Field(default=None, alias="finishedAt")


class State(Part):
    """How a container stands."""

    waiting: Reason | None = None
    terminated: Reason | None = None
    running: Reason | None = None

    @property
    def began(self) -> datetime | None:
        """Since when it runs, if it does."""
        return self.running.started if self.running is not None else None


class Container(Part):
    """One container of a pod as it stands."""

    name: str
    ready: bool = False
    image: str = ""
    image_id: str = Field(default="", alias="imageID")
    restarts: int = Field(default=0, alias="restartCount")
    state: State = State()
    last: State = Field(default=State(), alias="lastState")


class PodStatus(Part):
    """How a pod stands."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    started: Moment | None = Field(default=None, alias="startTime")
    conditions: tuple[Condition, ...] = ()
    containers: tuple[Container, ...] = Field(default=(), alias="containerStatuses")
    initial: tuple[Container, ...] = Field(default=(), alias="initContainerStatuses")


class Pod(Part):
    """A pod."""

    meta: Meta = Field(alias="metadata")
    status: PodStatus = PodStatus()


class Series(Part):
    """How often an event came, in its newer form."""

    count: int = 0
    last: Moment | None = Field(default=None, alias="lastObservedTime")


class Event(Part):
    """What a controller or a node told of an object, in either form: `count` and times, or a series."""

    about: Target = Field(default=Target(), validation_alias=AliasChoices("involvedObject", "regarding"))
    type: str = ""
    reason: str = ""
    message: str = Field(default="", validation_alias=AliasChoices("message", "note"))
    count: int | None = Field(default=None, validation_alias=AliasChoices("count", "deprecatedCount"))
    first: Moment | None = Field(
        default=None, validation_alias=AliasChoices("firstTimestamp", "deprecatedFirstTimestamp")
    )
    last: Moment | None = Field(
        default=None, validation_alias=AliasChoices("lastTimestamp", "deprecatedLastTimestamp")
    )
    time: Moment | None = Field(default=None, alias="eventTime")
    series: Series | None = None

    @property
    def at(self) -> datetime | None:
        """When it came last."""
        series = self.series.last if self.series is not None else None
        return series or self.last or self.time or self.first

    @property
    def times(self) -> int:
        """How often it came."""
        return max(self.count or 1, self.series.count if self.series is not None else 1)
