"""Takes alerts of a live world in: each opens an incident or joins one, and rings for who drives."""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path

import structlog
from pydantic import Field

from incidents.alert import Alert, known_to_be_over
from incidents.correlate import with_known_starts
from incidents.events import AlertsArrived, Event
from incidents.incident import Incident
from incidents.join_rules import connected
from incidents.value import Value
from nexus.config.service_aliases import aliases_beside
from nexus.config.site import Site
from nexus.home import Home
from nexus.runtime.raw_alerts import delivered, keep_delivery, without_secrets
from nexus.service.site_matcher import SiteMatcher
from nexus.store import WorldKind, WorldRef
from nexus.store.records import AlertDelivery, Candidates, Disposition, Filing, Opening
from tools.alerts.formats import read_delivery
from tools.clock import Clock

#: As many ends of alerts that nobody works on are remembered, by this process.
MOST_ENDS = 1000

log = structlog.get_logger(__name__)


class IntakeResult(Value):
    """The answer to a delivery. Once it is given, the delivery is on disk."""

    taken: Disposition
    incident: str | None = None
    notes: tuple[str, ...] = Field(default=(), description="what was taken that opens and ends nothing")
    keys: tuple[str, ...] = Field(default=(), exclude=True, description="of its alerts and notices, in order")


@dataclass
class AlertIntake:
    """One live world's intake.

    Args:
        home: the settings and the store.
        site: what `nexus.yaml` says.
        path: where it lies, absolute; an incident keeps it as its world.
        mode: the engine's name, kept with each incident.
        clock: the wall's.
        ring: told the incident that a delivery has opened or reached.
    """

    home: Home
    site: Site
    path: Path
    mode: str
    clock: Clock
    ring: Callable[[str], None] = lambda incident: None
    _ended: dict[str, Alert] = field(default_factory=dict)

    @cached_property
    def matcher(self) -> SiteMatcher:
        """Finds the services of alerts."""
        return SiteMatcher(self.site.services, aliases_beside(self.path))

    async def receive(
        self, body: bytes, source: str | None = None, headers: Mapping[str, str] | None = None
    ) -> IntakeResult:
        """Take one delivery in: it is filed with what becomes of it, in one transaction.

        Raises:
            AlertError: it cannot be read; nothing was kept.
        """
        now = self.clock.now()
        reading = read_delivery(body, now, source, self.site.catalogue, headers, self.site.intake.forms)
        alerts, notes = self.matcher.matched(reading.alerts), reading.notes
        sent = delivered(body, now, reading.sender)
        delivery = AlertDelivery(
            id=uuid.uuid4().hex, received_at=now, sender=sent.source, body=without_secrets(sent)
        )
        filed = await self.home.store.take_in(
            delivery, self._candidates(alerts, now), partial(self._decide, alerts, now)
        )
        self._remember_ends(alerts)
        if filed.incident is not None:
            if filed.disposition is not Disposition.KNOWN:
                keep_delivery(self.home.folder, filed.incident, sent)
            self.ring(filed.incident)
        log.info(
            "delivery",
            taken=filed.disposition,
            incident=filed.incident,
            alerts=len(alerts),
            notes=notes or None,
        )
        return IntakeResult(taken=filed.disposition, incident=filed.incident, notes=notes, keys=reading.keys)

    def _candidates(self, alerts: tuple[Alert, ...], now: datetime) -> Candidates:
        return Candidates(
            site=self.site.site,
            fingerprints=frozenset(alert.fingerprint for alert in alerts),
            services=connected(alerts, self.site.catalogue),
            opened_after=now - self.site.intake.join_within,
        )

    def _decide(
        self, alerts: tuple[Alert, ...], now: datetime, joined: Incident | None, waiting: tuple[Event, ...],
        new_id: Callable[[], str],
    ) -> Filing:  # fmt: skip
        if joined is None:
            return self._opened(alerts, now, new_id)
        unread = tuple(alert for event in waiting if event.kind == "alerts" for alert in event.alerts)
        alerts = with_known_starts(alerts, (*joined.alerts, *unread))
        if {a.identity for a in alerts} <= {a.identity for a in joined.alerts}:
            return Filing(disposition=Disposition.KNOWN)
        # A redelivery has the same id as what was delivered before.
        said = hashlib.sha256("".join(sorted("|".join(a.identity) for a in alerts)).encode()).hexdigest()
        event = AlertsArrived(id=f"{joined.id}:alerts:{said[:16]}", incident=joined.id, at=now, alerts=alerts)
        return Filing(disposition=Disposition.JOINED, event=event)

    def _opened(self, alerts: tuple[Alert, ...], now: datetime, new_id: Callable[[], str]) -> Filing:
        ended = self._ended
        firing = tuple(a for a in alerts if a.firing and not known_to_be_over(a, ended.get(a.fingerprint)))
        if not firing:
            return Filing(disposition=Disposition.IGNORED)  # over, or the end of what nobody works on
        incident = Incident.opened(new_id(), firing, now, self.mode, self.site.thresholds.currency)
        world = WorldRef(kind=WorldKind.LIVE, path=str(self.path))
        return Filing(disposition=Disposition.OPENED, opens=Opening(incident=incident, world=world))

    def _remember_ends(self, alerts: tuple[Alert, ...]) -> None:
        """An end may overtake its beginning: what is told to be over opens nothing when its firing comes."""
        for alert in alerts:
            if not alert.firing:
                self._ended.pop(alert.fingerprint, None)
                self._ended[alert.fingerprint] = alert
        while len(self._ended) > MOST_ENDS:
            del self._ended[next(iter(self._ended))]
