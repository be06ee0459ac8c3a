"""The door for alerts: one delivery a request, answered once it is on disk."""

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incidents.errors import AlertError, NexusError
from nexus.server.auth import may_send
from nexus.server.body import read_body
from nexus.server.problems import problem
from nexus.service.intake import AlertIntake
from nexus.store.records import Disposition


def alert_routes(desk: AlertIntake, token: SecretStr | None) -> list[Route]:
    """`POST /alerts` and `POST /alerts/{form}`.

    202 once it is on disk (200 if it changes nothing), 400 with a sentence if it cannot be read, 401 without
    the bearer token, 408 or 413 if it is too slow or too large, 503 if it could not be kept.

    Args:
        desk: takes the deliveries in.
        token: what a sender has to show; None: anyone may send.
    """

    async def alerts(request: Request) -> JSONResponse:
        if not may_send(request, token):
            sentence = "show the token of nexus.yaml's `intake`: Authorization: Bearer …"
            return problem(401, sentence, {"WWW-Authenticate": "Bearer"})
        body = await read_body(request)
        try:
            receipt = await desk.receive(body, request.path_params.get("form"), request.headers)
        except AlertError as error:
            return problem(400, str(error))
        except NexusError as error:
            return problem(503, f"the delivery was not kept, send it again: {error}")
        status = 202 if receipt.taken in (Disposition.OPENED, Disposition.JOINED) else 200
        return JSONResponse(receipt.model_dump(mode="json", exclude_defaults=True), status)

    async def enqueue(request: Request) -> JSONResponse:
        body = await read_body(request)
        try:
            receipt = await desk.receive(body, "pagerduty-events", request.headers)
        except AlertError as error:
            answer = {"status": "invalid event", "message": "Event object is invalid", "errors": [str(error)]}
            return JSONResponse(answer, 400)
        except NexusError as error:
            return problem(503, f"the delivery was not kept, send it again: {error}")
        answer = {"status": "success", "message": "Event processed", "dedup_key": receipt.keys[0]}
        return JSONResponse(answer, 202)

    paths = ("/alerts", "/alerts/{form}")
    return [
        *(Route(path, alerts, methods=["POST"]) for path in paths),
        Route("/v2/enqueue", enqueue, methods=["POST"]),
    ]
