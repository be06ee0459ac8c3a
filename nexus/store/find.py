"""The one way from an id that somebody typed to the incident, what it proposed, and its time."""

from typing import TYPE_CHECKING

from incidents.errors import UnknownName
from nexus.store.records import WorldKind

if TYPE_CHECKING:
    from datetime import datetime

    from incidents.incident import Incident
    from incidents.proposed import Proposed
    from nexus.store.reads import IncidentReads, Lists, ProposalReads
    from tools.clock import Clock

#: Among how many of the newest incidents the one is looked for that may have been meant.
NEAREST_AMONG = 1000


async def find_incident(store: "IncidentReads", identity: str) -> "Incident":
    """The incident of an id.

    Raises:
        UnknownName: there is none; the message has the nearest ids.
    """
    incident = await store.load(identity)
    if incident is None:
        raise await _unknown(store, identity)
    return incident


async def find_proposed(store: "ProposalReads", identity: str) -> "Proposed":
    """What the incident of an id proposed; raises as `find_incident`."""
    proposed = await store.proposed(identity)
    if proposed is None:
        raise await _unknown(store, identity)
    return proposed


async def incident_now(store: "ProposalReads", identity: str, wall: "Clock") -> "datetime":
    """The moment of an incident's clock: the wall's in a live world, its own in a recorded one."""
    live = (await store.world_of(identity)).kind is WorldKind.LIVE
    return wall.now() if live else await store.clock_of(identity)


async def _unknown(store: "Lists", identity: str) -> UnknownName:
    newest, unseen = await store.page(limit=NEAREST_AMONG), await store.restricted()
    return UnknownName("incident", identity, (known.id for known in newest if known.id not in unseen))
