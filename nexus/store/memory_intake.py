"""The intake of the store's twin in memory."""

from collections import defaultdict
from datetime import date, datetime

from incidents.errors import Refused
from incidents.incident import Incident
from nexus.store.memory_leases import MemoryLeases, Waiting
from nexus.store.records import (
    AlertDelivery,
    Candidates,
    Decide,
    Disposition,
    Filed,
    Filing,
    WorldRef,
    incident_id,
)
from tools.redaction.tree import redact_body, redact_value


class MemoryIntake(MemoryLeases):
    """Implements `nexus.store.port.Intake` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[date, int] = defaultdict(int)
        self._worlds: dict[str, WorldRef] = {}
        self._known_deliveries: dict[str, str | None] = {}
        self._filed: dict[str, list[AlertDelivery]] = defaultdict(list)

    def _next_id(self, day: date) -> str:
        self._numbers[day] += 1
        return incident_id(day, self._numbers[day])

    def _register(self, incident: Incident, world: WorldRef, clock: datetime, site: str | None) -> None:
        if incident.id in self._incidents:
            raise Refused(f"There is an incident {incident.id} already")
        self._incidents[incident.id] = (redact_value(incident), clock)
        self._worlds[incident.id] = world
        self._waiting[incident.id] = Waiting(site=site, wake_at=clock if site is not None else None)
        self._writes += 1

    async def take_in(self, delivery: AlertDelivery, among: Candidates, decide: Decide) -> Filed:
        """File a delivery with what becomes of it."""
        if delivery.id in self._known_deliveries:
            return Filed(disposition=Disposition.KNOWN, incident=self._known_deliveries[delivery.id])
        found, numbers = self._found(among), dict(self._numbers)
        waiting = await self.events(found.id) if found is not None else ()
        try:
            filing = decide(found, waiting, lambda: self._next_id(delivery.received_at.date()))
            filed = self._decided(filing, found, delivery, among.site)
        except BaseException:
            self._numbers = defaultdict(int, numbers)
            raise
        self._known_deliveries[delivery.id] = filed.incident
        if filed.incident is not None and filed.disposition is not Disposition.KNOWN:
            body = redact_body(delivery.body)
            self._filed[filed.incident].append(delivery.model_copy(update={"body": body}))
        return filed

    def _decided(self, filing: Filing, found: Incident | None, delivery: AlertDelivery, site: str) -> Filed:
        if filing.opens is not None:
            self._register(filing.opens.incident, filing.opens.world, delivery.received_at, site)
            return Filed(disposition=filing.disposition, incident=filing.opens.incident.id)
        if filing.event is not None:
            fresh = self._queued(filing.event)
            disposition = filing.disposition if fresh else Disposition.KNOWN
            return Filed(disposition=disposition, incident=filing.event.incident)
        return Filed(disposition=filing.disposition, incident=found.id if found is not None else None)

    def _found(self, among: Candidates) -> Incident | None:
        """The youngest that knows one of the conditions, else the youngest nearby."""
        mine = [one for one, _ in self._incidents.values() if self._waiting[one.id].site == among.site]
        youngest = sorted((i for i in mine if i.open), key=lambda i: (i.opened_at, i.id), reverse=True)
        for one in youngest:
            if among.fingerprints & self._fingerprints(one):
                return one
        for one in youngest:
            if one.opened_at > among.opened_after and among.services & set(one.services):
                return one
        return None

    def _fingerprints(self, incident: Incident) -> set[str]:
        sent = [e.alerts for e in self._inbox.values() if e.kind == "alerts" and e.incident == incident.id]
        return {alert.fingerprint for alerts in (incident.alerts, *sent) for alert in alerts}

    async def deliveries(self, incident: str) -> tuple[AlertDelivery, ...]:
        """What an incident was told by the monitoring, oldest first."""
        return tuple(self._filed.get(incident, ()))

    async def erase_deliveries(self, before: datetime) -> None:
        """Nothing is kept of what reached no incident."""
