"""A request that people make of an incident: its form, to whom it goes, and the words that it is made of."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BeforeValidator, Field

from incidents.actor import Actor
from incidents.value import Value
from nexus.home import Home
from nexus.service.views import Handled

if TYPE_CHECKING:
    from nexus.service.commands import IncidentCommands
    from nexus.service.decisions import IncidentDecisions
    from nexus.service.handling import IncidentHandling
    from nexus.service.hindsight import IncidentHindsight
    from nexus.service.regrouping import IncidentRegrouping
    from nexus.service.ticketing import Ticketing

#: What somebody writes, and has to; one word at least.
Words = Annotated[str, Field(pattern=r"\S", max_length=20_000)]
#: What somebody may write.
Remark = Annotated[str, Field(max_length=20_000)]


def _number(value: object) -> object:
    """Whatever JSON calls a whole number, 5.0 too, and no text that looks like one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it is no number")  # noqa: TRY004  # pydantic tells of no other
    return value


WholeNumber = Annotated[int, BeforeValidator(_number)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
ChangeName = Annotated[Name, Field(description="the change, such as A1")]
#: Of a change, as it is shown and signed.
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class Doors:
    """To whom requests go, in one home; each is made when it is asked first, so that a verb imports one."""

    home: Home

    @cached_property
    def commands(self) -> "IncidentCommands":
        """Who comments, stops, settles."""
        from nexus.service.commands import IncidentCommands  # noqa: PLC0415

        return IncidentCommands.of(self.home)

    @cached_property
    def decisions(self) -> "IncidentDecisions":
        """Who decides."""
        from nexus.service.decisions import IncidentDecisions  # noqa: PLC0415

        return IncidentDecisions.of(self.home)

    @cached_property
    def handling(self) -> "IncidentHandling":
        """Who works on it themselves."""
        from nexus.service.handling import IncidentHandling  # noqa: PLC0415

        return IncidentHandling.of(self.home)

    @cached_property
    def hindsight(self) -> "IncidentHindsight":
        """Who says once it is over what was right, what was missing, what is to be done."""
        from nexus.service.hindsight import IncidentHindsight  # noqa: PLC0415

        return IncidentHindsight.of(self.home)

    @cached_property
    def ticketing(self) -> "Ticketing":
        """Who takes action items to the team's tracker."""
        from nexus.service.ticketing import Ticketing  # noqa: PLC0415

        return Ticketing.of(self.home)

    @cached_property
    def regrouping(self) -> "IncidentRegrouping":
        """Who knows better what belongs together."""
        from nexus.service.regrouping import IncidentRegrouping  # noqa: PLC0415

        return IncidentRegrouping.of(self.home)


class Request(Value):
    """Something that is asked of an incident.

    Attributes:
        path: its name, as in `POST /api/v1/incidents/{id}/{path}`.
        answer: what it is answered with.
    """

    path: ClassVar[str]
    answer: ClassVar[type[Value]] = Handled

    @abstractmethod
    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Value:
        """Ask it.

        Args:
            doors: to whom.
            incident: the id.
            actor: who asks.
            key: under which the same may be sent again; it counts once.

        Raises:
            UnknownName: there is no such incident, or something in the request does not exist.
            UsageError: the request cannot be meant so.
            Forbidden: who asks may not.
            Refused: it is understood, and does not count; nothing was changed.
        """
