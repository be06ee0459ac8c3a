"""The door for decisions: a person approves or rejects exactly what they looked at."""

from collections.abc import Callable

from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incidents.action import Verdict
from incidents.errors import NexusError
from incidents.value import Value
from nexus.server.auth import Doorkeeper
from nexus.server.body import read_body
from nexus.server.problems import problem, refusal
from nexus.service.decisions import IncidentDecisions
from nexus.service.views import Decided


class ShortDecision(Value):
    """As `nexus.service.requests.Decision`, for which the first 8 digits of the digest are enough."""

    verdict: Verdict
    action: str
    digest: str = Field(min_length=8)
    note: str = ""


def decision_routes(
    decisions: IncidentDecisions, door: Doorkeeper, ring: Callable[[str], None]
) -> list[Route]:
    """`POST /incidents/{id}/decisions`: a decision of the person who shows their token or cookie.

    What was there before `/api/v1`, and stays. 200 with how the proposal stands, also if it was sent before;
    400, 401, 403 if who decides may not, 404 for what does not exist, 409 if it does not count, 429, 503 if
    it could not be kept.

    Args:
        decisions: take them.
        door: knows who may decide.
        ring: tells whoever drives an incident that something is in its inbox.
    """

    async def take(request: Request) -> JSONResponse:
        incident = request.path_params["incident"]
        try:
            actor = await door.actor(request)
            said = ShortDecision.model_validate_json(await read_body(request))
            proposal = await decisions.decide(
                incident, said.verdict, actor=actor, note=said.note, action=said.action, digest=said.digest
            )
        except ValidationError:
            return problem(400, "a decision is {verdict: approve or reject, action, digest, note}")
        except NexusError as error:
            return refusal(error)
        ring(incident)
        return JSONResponse(Decided.of(proposal).model_dump(mode="json"))

    return [Route("/incidents/{incident}/decisions", take, methods=["POST"])]
