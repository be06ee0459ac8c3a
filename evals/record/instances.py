"""How many instances ran when an incident began: what a replay needs to know before it scales anything."""

from incidents.action import Action, ActionKind, Arguments
from incidents.changes import ChangeKind
from incidents.errors import ActionRefused, ToolFailed
from incidents.incident import Incident
from tools.ports import World
from tools.recorded.write import Pages


async def instances_of(world: World, incident: Incident, pages: tuple[Pages, ...]) -> dict[str, int]:
    """The number of each service that its world can scale.

    What the first dry run of the incident itself saw counts, else what one sees now, unless somebody scaled
    the service meanwhile.

    Args:
        world: its ports.
        incident: a finished one.
        pages: what was recorded of it; the changes in it tell of other people's scaling.
    """
    known: dict[str, int] = {}
    for proposal in incident.proposals:
        if proposal.action.kind is ActionKind.SCALE and proposal.plan.running is not None:
            known.setdefault(proposal.action.service, proposal.plan.running)
    scaled = {
        change.service
        for page in pages
        for change in page.changes or ()
        if change.kind is ChangeKind.SCALE and change.time >= incident.opened_at
    }
    for service in world.catalogue.names:
        if service not in known and service not in scaled:
            running = await _running(world, service)
            known |= {service: running} if running is not None else {}
    return known


async def _running(world: World, service: str) -> int | None:
    """What a dry run sees. One that asks for as many as run is refused: then another number is tried."""
    for replicas in (1, 2):
        action = Action(kind=ActionKind.SCALE, service=service, arguments=Arguments(replicas=replicas))
        try:
            if (running := (await world.actions.plan(action)).running) is not None:
                return running
        except (ActionRefused, ToolFailed):
            continue
    return None
