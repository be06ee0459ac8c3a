"""What was changed in the system: deployments, configuration, flags, scale, infrastructure."""

from enum import StrEnum

from pydantic import Field

from incidents.value import Moment, Value


class ChangeKind(StrEnum):
    """How the system was changed."""

    DEPLOY = "deploy"
    CONFIG = "config"
    FLAG = "flag"
    SCALE = "scale"
    INFRA = "infra"


class Change(Value):
    """One recorded change to one service; fields that its source does not give are empty."""

    time: Moment
    id: str
    service: str
    kind: ChangeKind
    version_from: str = ""
    version_to: str = ""
    author: str = ""
    summary: str = ""
    commit: str = ""
    healthy: bool | None = Field(default=None, description="whether what it brought became healthy, if known")


class RunState(StrEnum):
    """How a run of a pipeline stands."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # cancelled, stale, or skipped by its own rules: it says nothing about the commit


class PipelineRun(Value):
    """One build, test or delivery run."""

    id: str
    service: str
    name: str = ""
    state: RunState
    started: Moment
    ended: Moment | None = None
    commit: str = ""
    url: str = ""
