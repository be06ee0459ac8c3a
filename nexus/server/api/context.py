"""What every route works with: who asks, and the service."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request, Response

from incidents.actor import Actor
from incidents.value import Value
from nexus.home import Home
from nexus.service.decision_queries import DecisionQueries
from nexus.service.deliveries import DeliveryQueries
from nexus.service.feed import Feed
from nexus.service.hindsight_view import HindsightQueries
from nexus.service.idempotency import Idempotency
from nexus.service.identity import People
from nexus.service.intake import AlertIntake
from nexus.service.lists import ListQueries
from nexus.service.live_feed import LiveFeed
from nexus.service.queries import IncidentQueries
from nexus.service.request import Doors
from nexus.service.restricting import hidden, require_visible
from nexus.service.undecided import UndecidedQueries

#: Where the scope of a request holds who sent it.
ACTOR = "nexus.actor"


@dataclass
class ApiContext:
    """One server's service.

    Args:
        intake: of its live world.
        ring: tells whoever drives an incident that something is in its inbox.
        people: who may come by now.
        still: whether what a request has shown counts by now.
    """

    intake: AlertIntake
    ring: Callable[[str], None]
    people: Callable[[], People]
    still: Callable[[Request], Awaitable[bool]]
    idempotency: Idempotency = field(init=False)
    live: LiveFeed = field(init=False)

    def __post_init__(self) -> None:
        self.idempotency = Idempotency(self.home.store, self.intake.clock)
        self.live = LiveFeed.of(self.home)
        # Imported now: what a running server imports later may be of another version by then.
        _ = self.doors.decisions, self.doors.commands, self.doors.handling, self.doors.regrouping
        _ = self.doors.hindsight, self.doors.ticketing

    @property
    def home(self) -> Home:
        """The settings and the store."""
        return self.intake.home

    async def hidden(self, actor: Actor) -> frozenset[str]:
        """The ids of the incidents that somebody does not see."""
        return await hidden(self.home.store, actor)

    @cached_property
    def lists(self) -> ListQueries:
        """For those who look at the list."""
        return ListQueries.of(self.home)

    @cached_property
    def undecided(self) -> UndecidedQueries:
        """For those who look at what waits for a decision."""
        return UndecidedQueries.of(self.home)

    @cached_property
    def incidents(self) -> IncidentQueries:
        """For those who look at incidents."""
        return IncidentQueries.of(self.home)

    @cached_property
    def hindsight(self) -> HindsightQueries:
        """For those who look back."""
        return HindsightQueries.of(self.home)

    @cached_property
    def decisions(self) -> DecisionQueries:
        """For those who look at a decision."""
        return DecisionQueries.of(self.home)

    @cached_property
    def deliveries(self) -> DeliveryQueries:
        """For those who look at deliveries."""
        return DeliveryQueries.of(self.home)

    @cached_property
    def feed(self) -> Feed:
        """For those who follow."""
        return Feed.of(self.home)

    @cached_property
    def doors(self) -> Doors:
        """For those who ask for something to be done."""
        return Doors(self.home)


def answer(value: Value, status: int = 200) -> Response:
    """A value of the service as it is; it is what the route promises, and nothing is left to be checked."""
    return Response(value.model_dump_json(), status, media_type="application/json")


async def _context(request: Request) -> ApiContext:
    """The service; an incident that whoever asks does not see is none."""
    context: ApiContext = request.app.state.context
    await require_visible(context.home.store, request.scope[ACTOR], request.path_params.get("incident"))
    return context


def _actor(request: Request) -> Actor:
    actor: Actor = request.scope[ACTOR]
    return actor


Context = Annotated[ApiContext, Depends(_context)]
Who = Annotated[Actor, Depends(_actor)]
