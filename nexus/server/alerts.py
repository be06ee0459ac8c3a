"""The door for alerts: one delivery a request, answered once it is on disk."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from incidents.errors import AlertError, NexusError
from nexus.server.body import read_body
from nexus.server.problems import problem, retry_of
from nexus.server.senders import SenderDoor
from nexus.service.admission import Busy
from nexus.service.intake import AlertIntake
from nexus.store.deliveries import Disposition
from tools.alerts.authenticity import Delivery

Handler = Callable[[Request], Awaitable[Response]]
#: The form of what sends to PagerDuty.
_EVENTS = "pagerduty-events"


def alert_routes(intake: AlertIntake, door: SenderDoor) -> list[Route]:
    """`POST /alerts` and `POST /alerts/{form}`, and `POST /v2/enqueue` for what sends to PagerDuty.

    202 once it is on disk (200 if it changes nothing), 400 with a sentence if it cannot be read, 401 if the
    sender does not show who it is, 408 or 413 if it is too slow or too large, 503 if it could not be kept.
    While too much waits: 503 or 429, whatever that sender tries again on, with Retry-After.
    Whatever shows who it is and comes whole leaves a row, also what is refused.

    Args:
        intake: takes the deliveries in.
        door: knows what each sender has to show.
    """

    async def alerts(request: Request) -> Response:
        sender = request.path_params.get("form")
        delivery = await _let_in(request, sender, intake, door)
        await door.confirm(delivery)
        receipt = await intake.receive(delivery.body, sender, delivery.headers)
        status = 202 if receipt.taken in (Disposition.OPENED, Disposition.JOINED) else 200
        return Response(receipt.model_dump_json(exclude_defaults=True), status, media_type="application/json")

    async def enqueue(request: Request) -> Response:
        delivery = await _let_in(request, _EVENTS, intake, door)
        try:
            receipt = await intake.receive(delivery.body, _EVENTS, delivery.headers)
        except AlertError as error:
            answer = {"status": "invalid event", "message": "Event object is invalid", "errors": [str(error)]}
            return JSONResponse(answer, 400)
        key = next(iter(receipt.keys), "")
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": key}, 202)

    return [
        *(Route(path, _told(alerts), methods=["POST"]) for path in ("/alerts", "/alerts/{form}")),
        Route("/v2/enqueue", _told(enqueue), methods=["POST"]),
    ]


def _told(handler: Handler) -> Handler:
    """A handler whose refusals are answers."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except AlertError as error:
            return problem(400, str(error))
        except Busy as busy:
            return problem(busy.status, str(busy), retry_of(busy))
        except NexusError as error:
            return problem(503, f"the delivery was not kept, send it again: {error}")

    return answer


async def _let_in(request: Request, sender: str | None, intake: AlertIntake, door: SenderDoor) -> Delivery:
    """A delivery that shows who it is; what headers show is checked before the body is read.

    Raises:
        HTTPException: 401 if it does not show it.
    """
    first = door.reads_body(sender)
    delivery = Delivery(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await _body(request, sender, intake) if first else b"",
        received_at=intake.clock.now(),
        peer=request.client.host if request.client is not None else "",
    )
    if (why_not := await door.why_not(delivery, sender)) is not None:
        door.turned_away.count(delivery.peer, why_not)
        raise HTTPException(401, why_not, {"WWW-Authenticate": "Bearer"})
    return delivery if first else replace(delivery, body=await _body(request, sender, intake))


async def _body(request: Request, sender: str | None, intake: AlertIntake) -> bytes:
    """A request's body; what is too large leaves a row, though nothing of it is read."""
    try:
        return await read_body(request)
    except HTTPException as error:
        if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            await intake.refuse(Disposition.REFUSED, error.detail, source=sender)
        raise
