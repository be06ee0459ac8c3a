"""Routes of those who only look. Everybody who is let in may."""

from typing import Any

from fastapi import Request, Response

from incidents.action import Approval
from incidents.value import Value
from nexus.server.api.context import Context, Who, answer
from nexus.server.api.description import router
from nexus.server.api.parameters import (
    ActionId,
    BacklogParameters,
    DeliveryNumber,
    DeliveryParameters,
    EntryParameters,
    IncidentId,
    IncidentParameters,
    LastEvent,
    NoParameters,
    UndecidedParameters,
    WhoseParameters,
)
from nexus.server.api.timeline_stream import MEDIA_TYPE, TimelineStream
from nexus.server.pages.event_stream import EventStream
from nexus.service.autonomy import AutonomyDoor, Explained
from nexus.service.browsing import delivery_of, delivery_page, incident_page
from nexus.service.decision_view import DecisionView
from nexus.service.deliveries import DeliveryPage, DeliveryView
from nexus.service.hindsight_view import ActionItems, Calibration, PostMortemView, Verdicts
from nexus.service.identity import Me
from nexus.service.incident_moves import MovesView, incident_moves
from nexus.service.incident_view import IncidentView, view_incident
from nexus.service.lists import IncidentPage
from nexus.service.messages_view import MessagesView, messages_view
from nexus.service.restricting import visible
from nexus.service.status_updates import StatusUpdates, UpdatesView
from nexus.service.ticket_requests import Tickets
from nexus.service.undecided import Decidable, UndecidedPage
from nexus.service.views import EntryPage
from nexus.service.you import May

reads = router()
#: What is answered to those who take events: `entry` with its number as the id, `end` once it is closed.
STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


class DecisionList(Value):
    """Every decision on the changes of an incident, oldest first, whether it was read yet or not."""

    items: tuple[Approval, ...]


@reads.get("/me", response_model=Me)
async def me(asked: NoParameters, who: Who) -> Response:
    """Who the token says you are, and what your roles are."""
    return answer(Me(id=who.id, name=who.name, roles=who.roles))


@reads.get("/may", response_model=May)
async def may(asked: WhoseParameters, who: Who, context: Context) -> Response:
    """What you, or somebody else of the people, may and may not do, each with a sentence that says why."""
    return answer(May.of(who, context.people(), asked.other))


@reads.get("/incidents", response_model=IncidentPage)
async def incidents(asked: IncidentParameters, who: Who, context: Context) -> Response:
    """List incidents, newest first."""
    unseen = await context.hidden(who)
    return answer(await incident_page(context.lists, asked.among, asked.limit, asked.after, unseen))


@reads.get("/incidents/{incident}", response_model=IncidentView)
async def incident(incident: IncidentId, asked: NoParameters, who: Who, context: Context) -> Response:
    """One incident whole: diagnosis, suspects, changes, verification, communications, timeline, cost."""
    return answer(await view_incident(context.home, incident, await context.hidden(who)))


@reads.get("/incidents/{incident}/timeline", response_model=EntryPage, responses=STREAMED)
async def timeline(
    request: Request, incident: IncidentId, asked: EntryParameters, who: Who, context: Context,
    last: LastEvent = None,
) -> Response:  # fmt: skip
    """Entries of its timeline behind a place, in the order in which they were written.

    With `Accept: text/event-stream` they come as they are written, until the incident is closed.
    """
    if MEDIA_TYPE in request.headers.get("accept", ""):
        found = await context.home.find(incident)
        stream = TimelineStream(context.home, context.live, who, lambda: context.still(request))
        return EventStream(stream.events(found.id, asked.after if last is None else last))
    return answer(await context.feed.page(asked.after, asked.limit, incident))


@reads.get("/incidents/{incident}/messages", response_model=MessagesView)
async def messages(incident: IncidentId, asked: NoParameters, context: Context) -> Response:
    """What was told of an incident, and what became of it at each destination: every state, every try."""
    await context.incidents.incident(incident)
    return answer(MessagesView(items=messages_view(*await context.incidents.messages(incident))))


@reads.get("/incidents/{incident}/status-updates", response_model=UpdatesView)
async def status_updates(incident: IncidentId, asked: NoParameters, context: Context) -> Response:
    """What the status page was told of an incident, and the drafts that wait for a person."""
    return answer(await StatusUpdates.of(context.home).view(incident))


@reads.get("/incidents/{incident}/proposals", response_model=Decidable)
async def proposals(incident: IncidentId, asked: NoParameters, context: Context) -> Response:
    """The changes that an incident proposed, and what people need to decide on those that wait for them."""
    return answer(await context.undecided.decidable(incident))


@reads.get("/incidents/{incident}/proposals/{action}", response_model=DecisionView)
async def proposal(
    incident: IncidentId, action: ActionId, asked: WhoseParameters, who: Who, context: Context
) -> Response:
    """One proposed change with all that is needed to decide on it, how it stands, and who may decide."""
    return answer(await context.decisions.decision(incident, action, who, asked.other or ""))


@reads.get("/incidents/{incident}/proposals/{action}/policy", response_model=Explained)
async def policy(incident: IncidentId, action: ActionId, asked: NoParameters, context: Context) -> Response:
    """Why this change needs whom: what the written policy asks for, what of it holds and what does not."""
    return answer(await AutonomyDoor.of(context.home).explain(incident, action))


@reads.get("/incidents/{incident}/decisions", response_model=DecisionList)
async def decisions(incident: IncidentId, asked: NoParameters, context: Context) -> Response:
    """What people have decided on its changes."""
    return answer(DecisionList(items=await context.incidents.decisions(incident)))


@reads.get("/incidents/{incident}/moves", response_model=MovesView)
async def moves(incident: IncidentId, asked: NoParameters, who: Who, context: Context) -> Response:
    """What you can do with it as it stands, and why not the rest."""
    return answer(await incident_moves(context.home, incident, who))


@reads.get("/incidents/{incident}/post-mortem", response_model=PostMortemView)
async def post_mortem(incident: IncidentId, asked: NoParameters, who: Who, context: Context) -> Response:
    """Its post-mortem as it stands, with its versions and what people changed of what the agents wrote."""
    return answer(await context.hindsight.post_mortem(incident, who))


@reads.get("/incidents/{incident}/verdicts", response_model=Verdicts)
async def verdicts(incident: IncidentId, asked: NoParameters, context: Context) -> Response:
    """What people said of its diagnoses."""
    return answer(await context.hindsight.verdicts(incident))


@reads.get("/incidents/{incident}/action-items", response_model=ActionItems)
async def action_items(incident: IncidentId, asked: NoParameters, context: Context) -> Response:
    """What is to be done so that it does not happen again, and how that stands."""
    return answer(await context.hindsight.items(incident))


@reads.get("/incidents/{incident}/tickets", response_model=Tickets)
async def tickets(incident: IncidentId, asked: NoParameters, context: Context) -> Response:
    """The tickets of its action items in the team's tracker, and how they stand there."""
    found = await context.home.find(incident)
    return answer(Tickets(items=await context.home.store.tickets(found.id)))


@reads.get("/tickets", response_model=Tickets)
async def every_ticket(asked: NoParameters, who: Who, context: Context) -> Response:
    """The tickets of the action items of all incidents in the team's tracker."""
    found = await context.home.store.tickets(None)
    return answer(Tickets(items=visible(found, await context.hidden(who))))


@reads.get("/verdicts", response_model=Verdicts)
async def labels(asked: NoParameters, who: Who, context: Context) -> Response:
    """What people said of all diagnoses: labels to evaluate by."""
    found = await context.hindsight.verdicts()
    return answer(found.model_copy(update={"items": visible(found.items, await context.hidden(who))}))


@reads.get("/calibration", response_model=Calibration)
async def calibrated(asked: NoParameters, who: Who, context: Context) -> Response:
    """How often each word for confidence was right, by what people said; null where nobody said anything."""
    return answer(await context.hindsight.calibration(await context.hidden(who)))


@reads.get("/backlog", response_model=ActionItems)
async def backlog(asked: BacklogParameters, who: Who, context: Context) -> Response:
    """The action items of all incidents."""
    found = await context.hindsight.backlog(asked.state, asked.owner, asked.limit, asked.after)
    return answer(found.model_copy(update={"items": visible(found.items, await context.hidden(who))}))


@reads.get("/approvals", response_model=UndecidedPage)
async def approvals(asked: UndecidedParameters, who: Who, context: Context) -> Response:
    """Every incident in which a change waits for people, newest first."""
    found = await context.undecided.undecided_page(asked.limit, asked.after)
    return answer(found.model_copy(update={"items": visible(found.items, await context.hidden(who))}))


@reads.get("/timeline", response_model=EntryPage)
async def everything(asked: EntryParameters, who: Who, context: Context) -> Response:
    """Entries of all timelines behind a place, in the order in which they were written."""
    found = await context.feed.page(asked.after, asked.limit)
    return answer(found.model_copy(update={"items": visible(found.items, await context.hidden(who))}))


@reads.get("/alerts", response_model=DeliveryPage)
async def alerts(asked: DeliveryParameters, who: Who, context: Context) -> Response:
    """List what the monitoring sent, newest first, with what became of each alert and why."""
    unseen = await context.hidden(who)
    return answer(await delivery_page(context.deliveries, asked.among, asked.limit, asked.before, unseen))


@reads.get("/alerts/{number}", response_model=DeliveryView)
async def alert(number: DeliveryNumber, asked: NoParameters, who: Who, context: Context) -> Response:
    """One delivery, with its body while that is kept."""
    return answer(await delivery_of(context.deliveries, number, await context.hidden(who)))
