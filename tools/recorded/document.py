"""`case.yaml` as typed data. The truth is a value of its own: only scorers open it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from incidents.action import Action, Arguments
from incidents.catalogue import ServiceKind
from incidents.currency import Currency
from incidents.duration import DurationOrNone
from incidents.errors import CaseError
from incidents.findings import Category
from incidents.runbook import Duration, WatchRow
from incidents.severity import Severity, Step
from incidents.value import Moment


class _Lenient(BaseModel):
    """Unknown keys are ignored: importers add their own."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True)


class Span(_Lenient):
    """`{from, to}`."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")


class BaselineEntry(_Lenient):
    """Either a span inside the telemetry or a folder of its own."""

    start: Moment | None = Field(default=None, alias="from")
    end: Moment | None = Field(default=None, alias="to")
    folder: str | None = None


class AlertEntry(_Lenient):
    """One alert as it arrived; the payload is the sender's body, untouched."""

    at: Moment
    source: str = ""
    payload: dict[str, Any]


class ServiceEntry(_Lenient):
    """One service of the catalogue."""

    name: str = Field(min_length=1)
    owner: str | None = None
    depends_on: tuple[str, ...] = ()
    kind: ServiceKind = ServiceKind.SERVICE
    user_facing: bool = False
    instances: int | None = Field(
        default=None, ge=1, description="how many ran when the incident began; None: not known"
    )


class CauseTruth(_Lenient):
    """What really was the cause; None where the source does not say."""

    service: str | None = None
    category: Category | None = None
    onset: Moment | None = None
    change: str | None = None
    metric: str | None = None
    note: str = ""


class ActionTruth(_Lenient):
    """An action that was right, harmless or wrong; `to` is the kind's argument, for a flag `NAME=on`."""

    kind: str
    service: str
    to: str | int | None = None

    @property
    def action(self) -> Action:
        """The action that it describes.

        Raises:
            ValueError: the kind does not exist or lacks its argument.
        """
        if self.kind == "scale":
            return Action.model_validate(
                {"kind": self.kind, "service": self.service, "arguments": {"replicas": self.to}}
            )
        if self.kind == "feature_flag":
            flag, _, state = str(self.to or "").partition("=")
            arguments = {"flag": flag, "enabled": state != "off"}
            return Action.model_validate({"kind": self.kind, "service": self.service, "arguments": arguments})
        named = {"rollback": "version", "hotfix": "commit"}.get(self.kind)
        given = {named: str(self.to)} if named and self.to is not None else {}
        return Action.model_validate(
            {"kind": self.kind, "service": self.service, "arguments": Arguments(**given)}
        )


class ActionsTruth(_Lenient):
    """Which actions help, do nothing, or harm."""

    right: tuple[ActionTruth, ...] = ()
    harmless: tuple[ActionTruth, ...] = ()
    wrong: tuple[ActionTruth, ...] = ()


class Truth(_Lenient):
    """What was true. It never reaches a world, a tool or a role."""

    severity: Severity | None = None
    cause: CauseTruth = CauseTruth()
    also_accept: tuple[str, ...] = ()
    red_herrings: tuple[str, ...] = Field(
        default=(), description="services, or ids of changes, that look like the cause and are not"
    )
    actions: ActionsTruth | None = None
    data_breach: bool | None = None
    user_data: bool | None = None
    confirmed: bool = Field(default=True, description="false: prefilled from what the agents believed")
    confirmed_by: str | None = None


class Source(_Lenient):
    """Where a case comes from."""

    kind: Literal["recorded", "imported"] = "recorded"
    origin: str = Field(default="", alias="from")
    licence: str = ""


class Look(_Lenient):
    """How the world was looked at; see `tools.ports.Spans`."""

    lookback: Duration
    recent: Duration
    lead: Duration


class Tempo(_Lenient):
    """How fast an incident was lived: a replay looks, works and watches no longer than was recorded.

    Attributes:
        look: the spans by which its world was looked at.
        watch: the runbook's watch at that time.
        steps: how long the work of each step took; of those that were not reached, as long as the longest.
    """

    look: Look
    watch: WatchRow
    steps: Mapping[Step, Duration] = Field(min_length=1)

    def of(self, step: Step) -> timedelta:
        """How long the work of a step took."""
        return self.steps.get(step, max(self.steps.values()))


class Arrival(_Lenient):
    """How long after its time a row of each channel can be read; of a span that time is its end."""

    metrics: DurationOrNone = timedelta()
    logs: DurationOrNone = timedelta()
    traces: DurationOrNone = timedelta()
    changes: DurationOrNone = timedelta()


class Document(_Lenient):
    """The whole file."""

    format: Literal[1]
    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    source: Source = Source()
    system: str = Field(default="", description="what was recorded, to group cases in reports")
    window: Span
    baseline: BaselineEntry | None = None
    tempo: Tempo | None = Field(default=None, description="None: as the replaying runbook has it")
    currency: Currency | None = Field(default=None, description="that in which revenue was recorded")
    arrival: Arrival = Arrival()
    alerts: tuple[AlertEntry, ...] = Field(min_length=1)
    services: tuple[ServiceEntry, ...] = Field(min_length=1)
    notes: tuple[str, ...] = ()
    truth: Truth = Truth()


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML, in C where it was built in; versions such as 2024.10 stay text where they are quoted."""


def load_document(folder: Path) -> Document:
    """Read and validate `case.yaml`.

    Raises:
        CaseError: it is missing, is no YAML, breaks the format, or its id is not the folder's name.
    """
    path = folder / "case.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"case.yaml cannot be read in {folder.name!r}: {error}") from error
    try:
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, see above
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CaseError(
            f"case.yaml of {folder.name!r} is no valid YAML: {' '.join(str(error).split())}"
        ) from error
    try:
        document = Document.model_validate(raw)
    except ValidationError as error:
        raise CaseError(f"case.yaml of {folder.name!r}: {explain(error)}") from error
    if document.id != folder.name:
        raise CaseError(
            f"case.yaml: id is {document.id!r}, but the folder is named {folder.name!r}; they must be equal"
        )
    return document


def explain(error: ValidationError) -> str:
    """The first problem of a validation with its path; a naive time is named as such."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the document"
    if first["type"] == "timezone_aware":
        return f"{where}: the time {first['input']} has no zone; write it with a Z"
    shown = first["input"] if isinstance(first["input"], (str, int, float, datetime, type(None))) else "this"
    return f"{where}: {first['msg']} (got {shown!r})"
