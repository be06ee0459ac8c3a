"""What was changed in the system: deployments, configuration, flags, scale, infrastructure."""

import re
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


class SentBy(Value):
    """Who sent word of a change, and in which delivery: `nexus alerts show NUMBER` prints what was sent."""

    sender: str
    delivery: int

    def __str__(self) -> str:
        return f"sent by {self.sender}, delivery {self.delivery}"


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
    environment: str | None = Field(default=None, description="where it took effect, as its source calls it")
    sent: SentBy | None = Field(default=None, description="who sent word of it; null: a record was asked")


class Deed(StrEnum):
    """How people's changes compare with a proposal."""

    SAME = "same"
    OTHER = "other"
    NONE = "none"


class WhatPeopleDid(Value):
    """The change that answers the proposal, else the first one after the alert.

    Attributes:
        at: when; None where nothing was done.
        before_us: whether it was done before the proposal stood: what was proposed may have seen it.
    """

    deed: Deed
    change: Change | None = None
    at: Moment | None = None
    before_us: bool = False


#: What environments are called, each with its other names. One that has none of them may be any.
_ENVIRONMENTS = {
    "production": "production prod prd live",
    "staging": "staging stage stg preproduction preprod uat acceptance",
    "development": "development develop dev local nonproduction nonprod",
    "test": "test testing tests qa ci integration",
    "review": "review preview ephemeral pr sandbox demo",
}
_CALLED = {name: kind for kind, names in _ENVIRONMENTS.items() for name in names.split()}
_SPLIT = re.compile(r"\b(pre|non)[^a-z0-9]+(?=prod)")
_NAME = rf"(?:(?:pre|non)[^a-z0-9]?)?(?:{'|'.join(_CALLED)})"
_AFFIX = re.compile(rf"^(?:{_NAME}[^a-z0-9]+)+|(?:[^a-z0-9]+{_NAME})+$", re.IGNORECASE)


def environments(text: str) -> frozenset[str]:
    """The environments that a text names as words: `prod-eu` is production."""
    words = re.split(r"[^a-z0-9]+", _SPLIT.sub(r"\1", text.casefold()))
    return frozenset(_CALLED[word] for word in words if word in _CALLED)


def without_environment(name: str) -> str:
    """A name without the environment that stands before or after it: `checkout-prod` is checkout."""
    return _AFFIX.sub("", name) or name


def is_elsewhere(change: Change, environment: str) -> bool:
    """Whether a change took effect in another environment, as far as both names tell."""
    there, here = environments(change.environment or ""), environments(environment)
    return bool(there and here) and there.isdisjoint(here)


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
