"""The change that a diagnosis names, as it is on record among what was kept of the incident."""

from pydantic import ValidationError

from incidents.changes import Change
from incidents.incident import Incident
from incidents.series import WatchedSeries
from tools.ports import EvidenceStore


async def blamed_change(store: EvidenceStore, incident: Incident) -> Change | None:
    """The change with its time, author and version; None where no change is named, or none is on record."""
    found, facts = incident.diagnosis, incident.facts
    if found is None or found.change is None or facts is None or facts.series is None:
        return None
    kept = await store.body(incident.id, facts.series)
    try:
        watched = WatchedSeries.from_stored(kept)
    except ValidationError:
        return None  # it was kept by a build that wrote something else
    return next((one for one in watched.changes if one.id == found.change), None)
