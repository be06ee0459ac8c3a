"""The one way from an id that somebody typed to the incident."""

from incidents.errors import UnknownName
from incidents.incident import Incident
from nexus.store.port import IncidentStore


async def find_incident(store: IncidentStore, identity: str) -> Incident:
    """The incident of an id.

    Raises:
        UnknownName: there is none; the message has the nearest ids.
    """
    incident = await store.load(identity)
    if incident is None:
        raise UnknownName("incident", identity, (known.id for known in await store.incidents()))
    return incident
