"""What is set and who works, each as a value of its own: the data twins of `/settings` and `/queue`."""

from fastapi import Response

from agents.role import Role
from incidents.action import ActionKind
from incidents.runbook import Runbook
from incidents.value import Value
from nexus.config.service_aliases import ServiceNames
from nexus.server.api.context import ApiContext, Context, Who, answer
from nexus.server.api.description import router
from nexus.server.api.parameters import DestinationName, NoParameters, OnCallParameters, ServiceName
from nexus.service.autonomy import AutonomyDoor, PolicyView
from nexus.service.destinations import DestinationLine, Destinations, DestinationsView
from nexus.service.oncall import OnCallView, oncall_view
from nexus.service.pages.queue import QueueView, WorkersView, queue_view, workers_view
from nexus.service.settings_view import SettingsView, settings_view

settings_twins = router()


class Roles(Value):
    """The roles that the runbook gives work to."""

    items: tuple[Role, ...]


async def _settings(context: ApiContext) -> SettingsView:
    return await settings_view(context.home, context.intake.site, context.intake.path)


@settings_twins.get("/settings", response_model=SettingsView)
async def settings(asked: NoParameters, context: Context) -> Response:
    """The runbook, the roles, the services and the people, as they were read; no secret."""
    return answer(await _settings(context))


@settings_twins.get("/runbook", response_model=Runbook)
async def runbook(asked: NoParameters, context: Context) -> Response:
    """The runbook alone: severities, teams, steps, decision tree, escalations, templates."""
    return answer((await _settings(context)).runbook)


@settings_twins.get("/roles", response_model=Roles)
async def roles(asked: NoParameters, context: Context) -> Response:
    """The roles alone: what each is for, what it asks, what it may propose."""
    return answer(Roles(items=(await _settings(context)).roles))


@settings_twins.get("/services", response_model=ServiceNames)
async def services(asked: NoParameters, context: Context) -> Response:
    """The services of nexus.yaml, and the names by which alerts find them."""
    return answer((await _settings(context)).catalogue)


@settings_twins.get("/destinations", response_model=DestinationsView)
async def destinations(asked: NoParameters, context: Context) -> Response:
    """Where people are told outside: what waits, what fails, what is disabled and why."""
    return answer(await Destinations.of(context.home, context.intake.site).view())


@settings_twins.post("/destinations/{destination}/enable", response_model=DestinationLine)
async def enable(destination: DestinationName, asked: NoParameters, who: Who, context: Context) -> Response:
    """Try a disabled destination again, once it is mended; what waits for it goes on."""
    return answer(await Destinations.of(context.home, context.intake.site).enable(destination, who))


@settings_twins.get("/policy", response_model=PolicyView)
async def policy(asked: NoParameters, context: Context) -> Response:
    """How many people sign which change, down to none, and what waits for a person to renew it."""
    return answer(await AutonomyDoor.of(context.home).view(context.intake.site))


@settings_twins.post("/policy/{kind}/{service}/renew", response_model=PolicyView)
async def renew(
    kind: ActionKind, service: ServiceName, asked: NoParameters, who: Who, context: Context
) -> Response:
    """Let the record of a kind of change and a service count again, which a wrong act had taken away."""
    return answer(await AutonomyDoor.of(context.home).renew(context.intake.site, kind, service, actor=who))


@settings_twins.get("/oncall", response_model=OnCallView)
async def oncall(asked: OnCallParameters, context: Context) -> Response:
    """Who is on duty, until when, who follows and where nobody is: as it is planned elsewhere."""
    home, site = context.home, context.intake.site
    found = oncall_view(site, home.settings, home.secrets, home.clock.now(), asked.at, asked.days)
    return answer(await found)


@settings_twins.get("/workers", response_model=WorkersView)
async def workers(asked: NoParameters, who: Who, context: Context) -> Response:
    """Who drives incidents, since when and which, and who was lost within a day."""
    home = context.home
    return answer(await workers_view(home.store, home.clock.now(), await context.hidden(who)))


@settings_twins.get("/queue", response_model=QueueView)
async def queue(asked: NoParameters, who: Who, context: Context) -> Response:
    """Who works, what is due with nobody at it and since when, what waits, what broke off."""
    return answer(await queue_view(context.home, context.intake.site.site, await context.hidden(who)))
