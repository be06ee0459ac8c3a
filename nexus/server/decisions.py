"""The door for decisions: a person approves or rejects exactly what they looked at."""

from collections.abc import Callable

from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incidents.action import Verdict
from incidents.errors import NexusError
from incidents.value import Value
from nexus.server.auth import Authenticator
from nexus.server.body import read_body
from nexus.server.problems import problem, refusal
from nexus.service.commands import IncidentCommands
from nexus.service.identity import People


class Decision(Value):
    """What a person decides on a proposal; `digest` is what they looked at, its first 8 digits at least."""

    verdict: Verdict
    action: str
    digest: str = Field(min_length=8)
    note: str = ""


def decision_routes(commands: IncidentCommands, people: People, ring: Callable[[str], None]) -> list[Route]:
    """`POST /incidents/{id}/decisions`: a `Decision` of the person whose bearer token is shown.

    200 with how the proposal stands, also if it was sent before; 400, 401, 404 for what does not exist, 409
    if it does not count, 503 if it could not be kept.

    Args:
        commands: take the decision.
        people: who may decide over HTTP; without one nobody may.
        ring: tells whoever drives an incident that something is in its inbox.
    """
    door = Authenticator(people)

    async def decisions(request: Request) -> JSONResponse:
        incident = request.path_params["incident"]
        try:
            actor = await door.actor(request)
            said = Decision.model_validate_json(await read_body(request))
            proposal = await commands.decide(
                incident, said.verdict, actor=actor, note=said.note, action=said.action, digest=said.digest
            )
        except ValidationError:
            return problem(400, "a decision is {verdict: approve or reject, action, digest, note}")
        except NexusError as error:
            return refusal(error)
        ring(incident)
        stands = {"incident": incident, "action": proposal.id, "state": proposal.state.value}
        return JSONResponse(stands | {"missing": proposal.missing})

    return [Route("/incidents/{incident}/decisions", decisions, methods=["POST"])]
