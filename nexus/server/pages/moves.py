"""The forms of what people do with an incident; the buttons stand on its page (`parts/actions.html`)."""

from http import HTTPStatus
from typing import Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from incidents.access import Permission
from incidents.actor import Actor
from incidents.restriction import Sensitive
from incidents.value import Value
from nexus.server.api.context import ApiContext
from nexus.server.pages.forms import Form, filled
from nexus.server.pages.shell import FormHandler, Pages
from nexus.service.request import Name, Remark, Words
from nexus.service.request import Request as Asked
from nexus.service.requests import (
    Acknowledge,
    CallFalseAlarm,
    GiveBack,
    HandOver,
    LeaveNote,
    Mitigate,
    Reopen,
    Resolve,
    SetSeverity,
    Settle,
    Stop,
    Take,
    TakeOver,
    TellChange,
)
from nexus.service.restricting import Restrict, Unrestrict

#: Where they stand.
_PAGE = "/incidents/{incident}"
#: What a form's fields are as they are sent.
_AS_SENT: tuple[tuple[type[Asked], Permission], ...] = (
    (Acknowledge, Permission.RESPOND), (TakeOver, Permission.RESPOND), (HandOver, Permission.RESPOND),
    (Take, Permission.RESPOND), (GiveBack, Permission.RESPOND), (LeaveNote, Permission.NOTE),
    (SetSeverity, Permission.COMMAND), (Mitigate, Permission.RESPOND), (Resolve, Permission.RESPOND),
    (CallFalseAlarm, Permission.RESPOND), (Stop, Permission.STOP), (Reopen, Permission.RESPOND),
)  # fmt: skip


class ChangeTold(Value):
    """What was changed outside of Nexus, so many minutes ago."""

    service: Name
    what: Words
    minutes: int = Field(default=0, ge=0, le=525_600)

    @property
    def asked(self) -> TellChange:
        """As it is asked."""
        return TellChange(service=self.service, what=self.what, seconds_ago=60 * self.minutes)


class ChangeSeen(Value):
    """What became of a change, as somebody saw it."""

    action: Name
    done: Literal["yes", "no"]
    note: Remark = ""

    @property
    def asked(self) -> Settle:
        """As it is asked."""
        return Settle(action=self.action, done=self.done == "yes", note=self.note)


class RestrictionSaid(Value):
    """Who sees an incident, their names with commas between them."""

    why: Sensitive
    people: Remark = ""

    @property
    def asked(self) -> Restrict:
        """As it is asked."""
        names = tuple(name.strip() for name in self.people.split(",") if name.strip())
        return Restrict(why=self.why, people=names)


def move_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`POST /incidents/ID/take` and so on: each leads back to the incident's page."""

    async def put(request: Request, who: Actor, asked: Asked) -> Response:
        incident = request.path_params["incident"]
        await asked.put(context.doors, incident, who)
        context.ring(incident)
        return RedirectResponse(f"/incidents/{incident}", HTTPStatus.SEE_OTHER)

    def form(kind: type[Asked]) -> FormHandler:
        async def sent(request: Request, who: Actor, form: Form) -> Response:
            return await put(request, who, filled(kind, form))

        return sent

    async def changed(request: Request, who: Actor, form: Form) -> Response:
        return await put(request, who, filled(ChangeTold, form).asked)

    async def settle(request: Request, who: Actor, form: Form) -> Response:
        return await put(request, who, filled(ChangeSeen, form).asked)

    async def restrict(request: Request, who: Actor, form: Form) -> Response:
        incident = request.path_params["incident"]
        answer = await put(request, who, filled(RestrictionSaid, form).asked)
        gone = incident in await context.hidden(who)
        return RedirectResponse("/", HTTPStatus.SEE_OTHER) if gone else answer

    return [
        *(pages.form(f"{_PAGE}/{kind.path}", form(kind), may, on=(_PAGE,)) for kind, may in _AS_SENT),
        pages.form(f"{_PAGE}/changed", changed, Permission.RESPOND, on=(_PAGE,)),
        pages.form(f"{_PAGE}/settle", settle, Permission.RESPOND, on=(_PAGE,)),
        # Whoever is named may too, which is the service's to say.
        pages.form(f"{_PAGE}/restrict", restrict, Permission.READ, on=(_PAGE,)),
        pages.form(f"{_PAGE}/unrestrict", form(Unrestrict), Permission.READ, on=(_PAGE,)),
    ]
