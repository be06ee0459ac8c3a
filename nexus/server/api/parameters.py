"""What the routes are asked with: typed, and nothing that they do not know."""

from typing import Annotated, TypeVar, cast

from fastapi import Header, Path, Query
from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from incidents.action_items import ItemState
from incidents.disposition import AlertDisposition
from incidents.severity import HeldBy, Severity, Status
from incidents.value import Moment, Value
from nexus.service.declaring import Report
from nexus.service.deliveries import DeliveryFilter
from nexus.service.lists import IncidentFilter
from nexus.service.oncall import MOST_DAYS
from nexus.service.pages.timeline import About
from nexus.service.pages.times import DAYS
from nexus.service.requests import StopEverything
from nexus.store.watching import NEWEST

V = TypeVar("V", bound=Value)

#: No database keeps a larger number, and none keeps the character that ends texts in C.
_LARGEST = 2**63 - 1
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Identity = Annotated[str, Field(pattern="^[A-Za-z0-9-]+$", max_length=64)]
Limit = Annotated[int, Field(ge=1, le=200, description="how many at most")]
Place = Annotated[int, Field(ge=0, le=_LARGEST)]

IncidentId = Annotated[Identity, Path(description="such as INC-2026-11-23-001")]
ActionId = Annotated[str, Path(pattern="^[A-Za-z0-9]+$", max_length=16, description="such as A1")]
DestinationName = Annotated[
    str, Path(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", description="as nexus.yaml calls it")
]
ServiceName = Annotated[Text, Path(description="as nexus.yaml calls it")]
EvidenceId = Annotated[Identity, Path(description="such as E-3fa81c02")]
DeliveryNumber = Annotated[int, Path(ge=1, le=_LARGEST)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]+$",
        max_length=255,
        description="the same request under the same key is done once, and answered as it was, for a week",
    ),
]

# Not an integer or null: a header has no null.
LastEvent = Annotated[
    int | SkipJsonSchema[None],
    Header(alias="Last-Event-ID", ge=0, le=_LARGEST, description="of a stream: the last id that came"),
]


class Asked(Value):
    """What a route is asked with; built at once, for FastAPI looks into it before it is used first."""

    model_config = ConfigDict(defer_build=False)


def built(kind: type[V]) -> type[V]:
    """A value of the service as what a route is asked with."""
    made = type(kind.__name__, (kind,), {"__doc__": kind.__doc__, "model_config": Asked.model_config})
    return cast("type[V]", made)


class ReportBody(Report):
    """What a person reports that no alert has told."""

    model_config = Asked.model_config


class StopBody(StopEverything):
    """Why everything is stopped."""

    model_config = Asked.model_config


class Nothing(Asked):
    """No parameters."""


class IncidentList(Asked):
    """Which incidents, and from where on; what is not given matches every one."""

    not_closed: bool = Field(default=False, alias="open", description="only those that run or owe something")
    undecided: bool = Field(default=False, description="only those in which a change waits for people")
    status: Status | None = None
    severity: Severity | None = None
    service: Text | None = Field(default=None, description="one that is affected")
    held_by: HeldBy | None = None
    title: Text | None = Field(default=None, description="words that stand in its title, in either case")
    words: Text | None = Field(
        default=None,
        description="each begins a word of one text of it: title, services, cause; evidence; post-mortem",
    )
    limit: Limit = 50
    after: Identity | None = Field(default=None, description="only what is listed behind this id")

    @property
    def among(self) -> IncidentFilter:
        """Which ones."""
        return IncidentFilter(**self.model_dump(exclude={"limit", "after"}))


class Since(Asked):
    """How far back."""

    days: int = Field(default=DAYS, ge=1, le=3650, description="by when incidents were opened")


class UndecidedList(Asked):
    """From where on, and how many."""

    limit: Limit = 50
    after: Identity | None = Field(default=None, description="only what is listed behind this incident's id")


class EntryList(Asked):
    """Which entries of a timeline."""

    after: Place = Field(default=0, description="only those whose number is higher")
    limit: Limit = 100


class Whose(Asked):
    """Of whom it is asked."""

    other: Text | None = Field(
        default=None,
        alias="as",
        description="somebody else of the people, of whom it is told what they may do",
    )


class OnCallDays(Asked):
    """About which moment, and how many days from then on."""

    at: Moment | None = Field(default=None, description="with its zone; not given: now")
    days: int = Field(default=14, ge=1, le=MOST_DAYS)


class BacklogList(Asked):
    """Which action items, and from where on; what is not given matches every one."""

    state: ItemState | None = None
    owner: Text | None = None
    limit: Limit = 50
    after: Text | None = Field(default=None, description="only what is listed behind this id")


class DeliveryList(Asked):
    """Which deliveries, and from where on; what is not given matches every one."""

    sender: Text | None = Field(default=None, description="the form by which it was read")
    incident: Identity | None = None
    disposition: AlertDisposition | None = Field(default=None, description="of one of its alerts")
    limit: Limit = 50
    before: Place | None = Field(default=None, description="only what is listed behind this number")

    @property
    def among(self) -> DeliveryFilter:
        """Which ones."""
        return DeliveryFilter(sender=self.sender, incident=self.incident, disposition=self.disposition)


class NewestList(Asked):
    """Which entries of a page's timeline, the newest first."""

    before: Place = Field(default=NEWEST, description="only those whose number is lower")
    about: list[About] = Field(default=[], max_length=len(About), description="what alone they tell of")


NewestParameters = Annotated[NewestList, Query()]
OnCallParameters = Annotated[OnCallDays, Query()]
NoParameters = Annotated[Nothing, Query()]
IncidentParameters = Annotated[IncidentList, Query()]
SinceParameters = Annotated[Since, Query()]
UndecidedParameters = Annotated[UndecidedList, Query()]
BacklogParameters = Annotated[BacklogList, Query()]
WhoseParameters = Annotated[Whose, Query()]
EntryParameters = Annotated[EntryList, Query()]
DeliveryParameters = Annotated[DeliveryList, Query()]
