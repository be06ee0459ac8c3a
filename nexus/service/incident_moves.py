"""What somebody can do with an incident: the view of its buttons, for its page and the API."""

from incidents.action import ActionState
from incidents.actor import Actor, person_id
from incidents.moves import Move, moves
from incidents.restriction import Restriction
from incidents.severity import Severity
from incidents.value import Moment, Value
from nexus.home import Home
from nexus.service.holding import held_since, who_has_it
from nexus.service.restricting import may_restrict, restriction_of
from nexus.store.find import find_incident


class UnsettledChange(Value):
    """A change that was begun, and of which nobody knows what became."""

    id: str
    title: str


class MovesView(Value):
    """What somebody can do, and who has the incident.

    Attributes:
        holds: who has it, in a sentence.
        since: since when; None: since it began.
        possible: what can be done now by who asks, what is wanted most often first.
        not_now: the rest, each with why.
        people: those to whom it may be handed, as far as nexus.yaml names people.
        services: those that a change may be told of.
        restriction: who alone sees it; None: everybody.
        restricts: whether who asks may say who sees it.
    """

    incident: str
    holds: str
    since: Moment | None
    over: bool
    severity: Severity | None
    possible: tuple[Move, ...]
    not_now: tuple[Move, ...]
    people: tuple[str, ...]
    services: tuple[str, ...]
    unsettled: tuple[UnsettledChange, ...]
    restriction: Restriction | None
    restricts: bool


async def incident_moves(home: Home, identity: str, actor: Actor) -> MovesView:
    """What somebody can do with an incident.

    Raises:
        UnknownName: there is none of that id.
    """
    incident = await find_incident(home.store, identity)
    every, world = moves(incident, actor), await home.store.world_of(identity)
    return MovesView(
        incident=incident.id,
        holds=who_has_it(incident),
        since=held_since(incident),
        over=not incident.open,
        severity=incident.severity,
        possible=tuple(one for one in every if one.why_not is None),
        not_now=tuple(one for one in every if one.why_not is not None),
        people=_others(home.policy_of(world).people, actor) if incident.open else (),
        services=home.services_of(world) if incident.open else (),
        restriction=await restriction_of(home.store, identity),
        restricts=await may_restrict(home, identity, actor),
        unsettled=tuple(
            UnsettledChange(id=one.id, title=one.action.title)
            for one in incident.proposals
            if one.state is ActionState.UNKNOWN
        ),
    )


def _others(people: tuple[str, ...], actor: Actor) -> tuple[str, ...]:
    return tuple(name for name in people if person_id(name) not in {actor.id, person_id(actor.name)})
