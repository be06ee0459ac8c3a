"""What a role gives a tool. The descriptions are read by language models."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from incidents.action import Action, ActionKind, Arguments
from incidents.value import Value
from incidents.verification import SignalKind
from tools.source_code import LONGEST_PATCH

SERVICE_NAME = "the service's name as the catalogue writes it"
PATH = "from the top of the repository"
AT = "a commit or version that was shown; else the newest"
UNDER = "a folder or file; else all"
GOES_ON = "to go on where an answer ended"
_SETTLE = "minutes after the action that are skipped while it takes effect"


class Paged(Value):
    """A list of which a part is shown."""

    offset: int | None = Field(default=None, ge=0, description=GOES_ON)

    @field_validator("offset")
    @classmethod
    def _none_passed_over(cls, given: int | None) -> int | None:
        return given or None  # the same question as without it

    @property
    def start(self) -> int:
        """How many are passed over."""
        return self.offset or 0


class NoArgs(Value):
    """The tool takes no arguments."""


class ServiceArgs(Value):
    """One service."""

    service: str = Field(description=SERVICE_NAME)


class MetricsArgs(Paged):
    """The series of one service."""

    service: str = Field(description=SERVICE_NAME)
    kind: SignalKind | None = Field(default=None, description="only this kind of signal")
    metric: str | None = Field(
        default=None,
        max_length=200,
        description="only series with this in the name",
    )
    limit: int = Field(default=12, ge=1, le=200, description="how many series at most")


class LogsArgs(Paged):
    """The log templates of one service or of all."""

    service: str | None = Field(default=None, description=f"{SERVICE_NAME}; else all")
    level: Literal["error", "warn", "info"] | None = Field(default=None, description="this level and worse")
    contains: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="only lines with this text, in any case",
    )
    field: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][\w.-]{0,60}$",
        description="count the values of this key (such as account or status, if the lines have it) instead",
    )
    limit: int = Field(default=12, ge=1, le=100, description="how many templates or values at most")


class TracesArgs(Paged):
    """The operations and edges of one service."""

    service: str = Field(description=SERVICE_NAME)
    trace: str | None = Field(
        default=None, description="an id that a tool has shown: that trace as a tree with its log lines"
    )
    limit: int = Field(default=12, ge=1, le=100, description="how many operations at most")


class ChangesArgs(Paged):
    """Changes near the onset."""

    limit: int = Field(default=10, ge=1, le=100, description="how many changes at most")


class DeploymentsArgs(Paged):
    """The releases of one service."""

    service: str = Field(description=SERVICE_NAME)
    limit: int = Field(default=10, ge=1, le=100, description="how many releases at most")


class EndpointsArgs(Paged):
    """The endpoints of one entry service, or of all that users touch."""

    service: str | None = Field(default=None, description=f"{SERVICE_NAME}; else all that users touch")
    limit: int = Field(default=20, ge=1, le=200, description="how many endpoints at most")
    settle_minutes: float = Field(default=1.0, ge=0, le=60, description=_SETTLE)


class ProbesArgs(Value):
    """The parts of one service, or of all."""

    service: str | None = Field(default=None, description=f"{SERVICE_NAME}; else all")


class PlanArgs(Value):
    """An action to plan, not to take: the dry run changes nothing."""

    kind: ActionKind = Field(description="which change")
    service: str = Field(description=SERVICE_NAME)
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


class FilesArgs(Value):
    """The files of one service's repository."""

    service: str = Field(description=SERVICE_NAME)
    under: str = Field(default="", description="a folder; else the service's own")
    at: str = Field(default="", description=AT)


class ReadArgs(Value):
    """Some lines of one file."""

    service: str = Field(description=SERVICE_NAME)
    path: str = Field(description=PATH)
    first: int = Field(default=1, ge=1, description="the line to begin with")
    count: int = Field(default=120, ge=1, le=400, description="how many lines at most")
    at: str = Field(default="", description=AT)


class SearchArgs(Value):
    """A text to look for in the sources."""

    service: str = Field(description=SERVICE_NAME)
    text: str = Field(min_length=2, max_length=200, description="taken literally, case counts")
    under: str = Field(default="", description=UNDER)
    at: str = Field(default="", description=AT)


class BlameArgs(Value):
    """Some lines of one file."""

    service: str = Field(description=SERVICE_NAME)
    path: str = Field(description=PATH)
    first: int = Field(ge=1, description="the first line")
    last: int = Field(ge=1, description="the last line; up to 60 lines are told")
    at: str = Field(default="", description=AT)


class DiffArgs(Value):
    """Two commits or releases of one service."""

    service: str = Field(description=SERVICE_NAME)
    old: str = Field(min_length=1, description="the commit or version that is compared with")
    new: str = Field(default="", description=AT)
    path: str = Field(default="", description=UNDER)


class CommitArgs(Value):
    """One commit."""

    service: str = Field(description=SERVICE_NAME)
    commit: str = Field(min_length=4, max_length=64, description="a commit that a tool has shown")
    path: str = Field(default="", description=UNDER)


class PatchArgs(Value):
    """A patch to try; nothing but a throw-away copy is changed."""

    service: str = Field(description=SERVICE_NAME)
    title: str = Field(min_length=5, max_length=72, description="what it does, as a commit's first line")
    diff: str = Field(
        description="a unified diff (--- a/PATH, +++ b/PATH, @@) against the newest commit that can be "
        "released; context lines exactly as read_file shows them, without its line numbers",
    )

    @model_validator(mode="after")
    def _is_short(self) -> "PatchArgs":
        # Not a rule of the field: whoever breaks that is quoted, with all that was given.
        if len(self.diff) > LONGEST_PATCH:
            raise ValueError(f"the diff has {len(self.diff)} characters; a hotfix may have {LONGEST_PATCH}")
        return self


class RecoveryArgs(Value):
    """The judgement over the watched signals."""

    settle_minutes: float = Field(default=1.0, ge=0, le=60, description=_SETTLE)
