"""What somebody sees who wants to split an incident or merge another one into it."""

from incidents.actor import Actor
from incidents.incident import Incident
from incidents.severity import Severity
from incidents.value import Moment, Value
from nexus.home import Home
from nexus.service.pages.alerts import AlertView, alerts
from nexus.service.pages.worlds import title_of
from nexus.service.restricting import hidden, visible
from nexus.store.lists import IncidentFilter
from nexus.store.records import WorldKind

#: So many open incidents are offered.
_MOST = 50


class OtherIncident(Value):
    """An open incident that may be merged."""

    id: str
    title: str
    severity: Severity | None
    opened_at: Moment
    services: tuple[str, ...]


class RegroupView(Value):
    """The alerts that may be taken out, and the incidents of its world that may be merged into this one."""

    id: str
    title: str
    open: bool
    recorded: bool
    alerts: tuple[AlertView, ...]
    others: tuple[OtherIncident, ...]


async def regroup_view(home: Home, identity: str, viewer: Actor) -> RegroupView:
    """The choice, among what somebody sees.

    Raises:
        UnknownName: there is no such incident.
    """
    incident, world = await home.find(identity), await home.store.world_of(identity)
    found = await home.store.page(IncidentFilter(not_closed=True), limit=_MOST)
    listed = visible(found, await hidden(home.store, viewer), "id")
    near = [one.id for one in listed if one.id != identity and await home.store.world_of(one.id) == world]
    loaded = [await home.store.load(one) for one in near]
    return RegroupView(
        id=identity,
        title=await title_of(home, incident),
        open=incident.open,
        recorded=world.kind is not WorldKind.LIVE,
        alerts=alerts(incident, await home.store.outcomes(identity)),
        others=tuple([await _other(home, one) for one in loaded if one is not None and one.open]),
    )


async def _other(home: Home, incident: Incident) -> OtherIncident:
    return OtherIncident(
        id=incident.id, title=await title_of(home, incident), severity=incident.severity,
        opened_at=incident.opened_at, services=incident.services,
    )  # fmt: skip
