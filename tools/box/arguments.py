"""What a role gives a tool. The descriptions are read by language models."""

from typing import Literal

from pydantic import Field, model_validator

from incidents.action import Action, ActionKind, Arguments
from incidents.value import Value
from incidents.verification import SignalKind

_SERVICE = "the service's name as the catalogue writes it"
_SETTLE = "minutes after the action that are skipped while it takes effect"


class NoArgs(Value):
    """The tool takes no arguments."""


class ServiceArgs(Value):
    """One service."""

    service: str = Field(description=_SERVICE)


class MetricsArgs(Value):
    """The series of one service."""

    service: str = Field(description=_SERVICE)
    kind: SignalKind | None = Field(default=None, description="only this kind of signal; leave out for all")
    limit: int = Field(default=12, ge=1, le=200, description="how many series at most")


class LogsArgs(Value):
    """The log templates of one service or of all."""

    service: str | None = Field(default=None, description=f"{_SERVICE}; leave out for all services")
    level: Literal["error", "warn", "info"] | None = Field(
        default=None, description="this level and worse; leave out for all"
    )
    limit: int = Field(default=12, ge=1, le=100, description="how many templates at most")


class TracesArgs(Value):
    """The operations and edges of one service."""

    service: str = Field(description=_SERVICE)
    trace: str | None = Field(
        default=None, description="an id that a tool has shown: only this trace, as a tree with its log lines"
    )
    limit: int = Field(default=12, ge=1, le=100, description="how many operations at most")


class ChangesArgs(Value):
    """Changes near the onset."""

    limit: int = Field(default=10, ge=1, le=100, description="how many changes at most")


class DeploymentsArgs(Value):
    """The releases of one service."""

    service: str = Field(description=_SERVICE)
    limit: int = Field(default=10, ge=1, le=100, description="how many releases at most")


class EndpointsArgs(Value):
    """The endpoints of one entry service, or of all that users touch."""

    service: str | None = Field(
        default=None, description=f"{_SERVICE}; leave out for all services that users touch"
    )
    limit: int = Field(default=20, ge=1, le=200, description="how many endpoints at most")
    settle_minutes: float = Field(default=1.0, ge=0, le=60, description=_SETTLE)


class ProbesArgs(Value):
    """The parts of one service, or of all."""

    service: str | None = Field(default=None, description=f"{_SERVICE}; leave out for all")


class PlanArgs(Value):
    """An action to plan, not to take: the dry run changes nothing."""

    kind: ActionKind = Field(description="the kind of change")
    service: str = Field(description=_SERVICE)
    version: str | None = Field(default=None, description="rollback: a version that was deployed before")
    replicas: int | None = Field(default=None, ge=1, le=1000, description="scale: how many instances")
    commit: str | None = Field(default=None, description="hotfix: the commit to revert or deploy")
    flag: str | None = Field(default=None, description="feature_flag, fallback: the flag's name")
    enabled: bool | None = Field(default=None, description="feature_flag: what the flag is set to")

    @model_validator(mode="after")
    def _is_an_action(self) -> "PlanArgs":
        _ = self.action  # a kind without the argument it needs is refused here, where a model reads why
        return self

    @property
    def action(self) -> Action:
        """The action that these arguments describe."""
        given = self.model_dump(exclude={"kind", "service"})
        return Action(kind=self.kind, service=self.service, arguments=Arguments(**given))


class RecoveryArgs(Value):
    """The judgement over the watched signals."""

    settle_minutes: float = Field(default=1.0, ge=0, le=60, description=_SETTLE)
