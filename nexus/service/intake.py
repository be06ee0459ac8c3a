"""Takes alerts of a live world in: each opens an incident or joins one, and rings for who drives."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import structlog

from incidents.alert import Alert
from incidents.correlate import home_of, with_known_starts
from incidents.events import AlertsArrived
from incidents.incident import Incident
from incidents.value import Value
from nexus.config.site import Site
from nexus.home import Home
from nexus.runtime.live_run import open_live
from nexus.runtime.raw_alerts import delivered, keep_delivery, one_at_a_time
from nexus.store import WorldKind
from tools.alerts.formats import parse_alerts
from tools.clock import Clock

log = structlog.get_logger(__name__)


class Disposition(StrEnum):
    """What became of a delivery."""

    OPENED = "opened"
    JOINED = "joined"
    KNOWN = "known"
    IGNORED = "ignored"


class IntakeResult(Value):
    """The answer to a delivery. Once it is given, the delivery is on disk."""

    taken: Disposition
    incident: str | None = None


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
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def receive(self, body: bytes, source: str | None = None) -> IntakeResult:
        """Take one delivery in.

        Raises:
            AlertError: it cannot be read; nothing was kept.
        """
        alerts = parse_alerts(body, self.clock.now(), source, self.site.catalogue)
        async with self._lock, one_at_a_time(self.home.settings.home):
            receipt = await self._kept(alerts)
        if receipt.incident is not None:
            if receipt.taken is not Disposition.KNOWN:
                keep_delivery(self.home.folder, receipt.incident, delivered(body, self.clock.now(), alerts))
            self.ring(receipt.incident)
        log.info("delivery", taken=receipt.taken, incident=receipt.incident, alerts=len(alerts))
        return receipt

    async def _kept(self, alerts: tuple[Alert, ...]) -> IntakeResult:
        now, within = self.clock.now(), self.site.intake.join_within
        joined = home_of(alerts, await self._mine(), self.site.catalogue, now, within)
        if joined is not None:
            alerts = with_known_starts(alerts, (*joined.alerts, *await self._waiting(joined.id)))
        if joined is not None and {a.identity for a in alerts} <= {a.identity for a in joined.alerts}:
            return IntakeResult(taken=Disposition.KNOWN, incident=joined.id)
        if joined is not None:
            fresh = await self.home.store.add_event(self._arrived(joined, alerts))
            return IntakeResult(taken=Disposition.JOINED if fresh else Disposition.KNOWN, incident=joined.id)
        firing = tuple(alert for alert in alerts if alert.firing)
        if not firing:
            return IntakeResult(taken=Disposition.IGNORED)  # the end of something that nobody works on
        opened = await open_live(self.home, self.site, self.path, firing, self.mode, self.clock)
        return IntakeResult(taken=Disposition.OPENED, incident=opened.id)

    async def _waiting(self, incident: str) -> tuple[Alert, ...]:
        """The alerts in its inbox that it has not been told yet, in order."""
        events = await self.home.store.events(incident)
        return tuple(alert for event in events if event.kind == "alerts" for alert in event.alerts)

    def _arrived(self, joined: Incident, alerts: tuple[Alert, ...]) -> AlertsArrived:
        """The delivery as an event; a redelivery has the same id."""
        said = hashlib.sha256("".join(sorted("|".join(a.identity) for a in alerts)).encode()).hexdigest()
        identity = f"{joined.id}:alerts:{said[:16]}"
        return AlertsArrived(id=identity, incident=joined.id, at=self.clock.now(), alerts=alerts)

    async def _mine(self) -> list[Incident]:
        """The incidents of this world that owe something still."""
        store, found = self.home.store, []
        for summary in await store.open_incidents():
            ref = await store.world_of(summary.id)
            if ref.kind is WorldKind.LIVE and ref.path == str(self.path):
                found.append(await self.home.find(summary.id))
        return found
