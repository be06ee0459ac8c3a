"""The one way from an id that somebody typed to the incident."""

from typing import TYPE_CHECKING

from incidents.errors import UnknownName

if TYPE_CHECKING:
    from incidents.incident import Incident
    from nexus.store.reads import IncidentReads

#: Among how many of the newest incidents the one is looked for that may have been meant.
NEAREST_AMONG = 1000


async def find_incident(store: "IncidentReads", identity: str) -> "Incident":
    """The incident of an id.

    Raises:
        UnknownName: there is none; the message has the nearest ids.
    """
    incident = await store.load(identity)
    if incident is None:
        newest = await store.page(limit=NEAREST_AMONG)
        raise UnknownName("incident", identity, (known.id for known in newest))
    return incident
