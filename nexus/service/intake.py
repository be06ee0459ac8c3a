"""Takes alerts of a live world in: each opens an incident or joins one, and rings for who drives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

import structlog
from pydantic import Field
from structlog.typing import FilteringBoundLogger

from incidents.alert import Alert, Label
from incidents.disposition import AlertDisposition, AlertOutcome
from incidents.errors import AlertError
from incidents.heartbeat import name_of
from incidents.match import Match
from incidents.runbook import Runbook
from incidents.value import Value
from nexus.config.runbook import runbook_of
from nexus.config.site import Site
from nexus.home import Home
from nexus.runtime.raw_alerts import kept_body
from nexus.service.admission import Admission, Busy
from nexus.service.dispositions import Dispositions
from nexus.service.readings import RememberedReadings
from nexus.service.site_matcher import SiteMatcher
from nexus.store.deliveries import AlertDelivery, Disposition, Filed, FiledDelivery, Filing, IntakeView
from nexus.store.records import WorldKind, WorldRef
from tools.alerts.formats import read_delivery, telling_headers
from tools.alerts.reading import Reading
from tools.clock import Clock

log = structlog.get_logger(__name__)

#: The form of alerts that are fetched.
ALERTMANAGER = "alertmanager"
#: What a delivery that could not be read is called where no address named its sender.
_NOBODY = "unknown"


class IntakeResult(Value):
    """The answer to a delivery. Once it is given, the delivery is on disk.

    Attributes:
        taken: what became of it as a whole.
        delivery: the number by which `nexus alerts show` finds it.
    """

    taken: Disposition
    incident: str | None = None
    delivery: int = 0
    alerts: tuple[AlertOutcome, ...] = Field(default=(), exclude=True)
    notes: tuple[str, ...] = Field(default=(), description="what was taken that opens and ends nothing")
    keys: tuple[str, ...] = Field(default=(), exclude=True, description="of its alerts and notices, in order")


class DeliveryListener(Protocol):
    """Who hears what becomes of deliveries, to count it."""

    def filed(self, sender: str | None, taken: Disposition, outcomes: Sequence[AlertOutcome]) -> None:
        """One was filed, with what became of each of its alerts."""
        ...

    def sent_away(self, sender: str) -> None:
        """One was told to come again; nothing of it was kept."""
        ...


class Nobody:
    """Hears nothing."""

    def filed(self, sender: str | None, taken: Disposition, outcomes: Sequence[AlertOutcome]) -> None:
        """One was filed."""

    def sent_away(self, sender: str) -> None:
        """One was told to come again."""


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
        left_out: told of a delivery from which its sender left alerts out, and of the name in its address.
        listener: hears what becomes of each delivery.
    """

    home: Home
    site: Site
    path: Path
    mode: str
    clock: Clock
    ring: Callable[[str], None] = lambda incident: None
    left_out: "Callable[[Reading, IntakeResult, str | None], None] | None" = None
    listener: DeliveryListener = field(default_factory=Nobody)
    _readings: RememberedReadings = field(default_factory=RememberedReadings)

    @cached_property
    def matcher(self) -> SiteMatcher:
        """Finds the services of alerts; what backends know counts while `watched` is entered."""
        return SiteMatcher.of(self.home, self.site, self.path, self.clock)

    def use(self, site: Site) -> None:
        """From the next delivery on `nexus.yaml` says this; its `site` has to be the same name."""
        self.site = site
        self.matcher.use(site.services)
        self.admission.most = site.intake.backlog
        self._readings = RememberedReadings()
        self.__dict__.pop("_dispositions", None)  # made anew when it is asked next

    async def receive(
        self, body: bytes, source: str | None = None, headers: Mapping[str, str] | None = None
    ) -> IntakeResult:
        """Take one delivery in: it is filed with what becomes of it, in one transaction.

        Raises:
            AlertError: it cannot be read; it was filed as such.
        """
        now = self.clock.now()
        told = telling_headers(headers or {})
        sent = AlertDelivery(received_at=now, form=source, body=body, headers=_kept(told))
        try:
            reading = self._read(body, now, source, told)
        except AlertError as error:
            await self._refuse(Disposition.UNREADABLE, str(error), sent)
            raise
        taken = await self._file(reading, sent)
        if reading.truncated and self.left_out is not None:
            self.left_out(reading, taken, source)
        return taken

    async def fetched(self, body: bytes, form: str, group: str, origin: str) -> IntakeResult:
        """Take in alerts that were fetched because a delivery of their group had left them out.

        Args:
            body: a list of alerts as their sender's API writes it.
            form: that of the delivery.
            group: the key by which its sender bundles them.
            origin: why they were fetched; each disposition begins with it.

        Raises:
            AlertError: it cannot be read.
        """
        now = self.clock.now()
        reading = self._read(body, now, ALERTMANAGER, {})
        alerts = tuple(
            one.model_copy(update={"source": form, "group": group, "remarks": (*one.remarks, origin)})
            for one in reading.alerts
        )
        reading = reading.model_copy(update={"sender": form, "alerts": alerts})
        return await self._file(reading, AlertDelivery(received_at=now, form=ALERTMANAGER, body=body), origin)

    async def note(self, sender: str, text: str) -> Filed:
        """Keep a line about a sender among the deliveries; it opens and ends nothing."""
        outcome = AlertOutcome(disposition=AlertDisposition.NOTED, reason=text)
        filing = Filing(disposition=Disposition.IGNORED, outcomes=(outcome,))
        delivery = AlertDelivery(received_at=self.clock.now(), sender=sender)
        log.warning("delivery", taken=filing.disposition, sender=sender, why=text)
        return await self.home.store.take_in(delivery, self.site.site, lambda view: filing)

    async def refuse(
        self,
        disposition: Disposition,
        reason: str,
        body: bytes | None = None,
        source: str | None = None,
    ) -> Filed:
        """File a delivery of which nothing is taken, with the reason in words."""
        return await self._refuse(
            disposition, reason, AlertDelivery(received_at=self.clock.now(), form=source, body=body)
        )

    async def _refuse(self, disposition: Disposition, reason: str, sent: AlertDelivery) -> Filed:
        what = AlertDisposition(disposition.value)
        filing = Filing(
            disposition=disposition, reason=reason,
            outcomes=(AlertOutcome(disposition=what, reason=reason),),
        )  # fmt: skip
        body = kept_body(sent.body) if sent.body is not None else None
        delivery = sent.model_copy(update={"sender": sent.form or _NOBODY, "body": body})
        filed = await self.home.store.take_in(delivery, self.site.site, lambda view: filing)
        self.listener.filed(delivery.sender, disposition, filing.outcomes)
        log.warning("delivery", taken=disposition, number=filed.number, sender=delivery.sender, why=reason)
        return filed

    async def replay(self, kept: FiledDelivery) -> IntakeResult:
        """Read a delivery again that is kept, as after a form was mended; what it tells counts from now on.

        Raises:
            AlertError: it cannot be read now either; nothing was filed.
        """
        if kept.body is None:
            raise AlertError(f"the body of delivery {kept.number} is not kept; it cannot be read again")
        headers = {one.name: one.value for one in kept.headers}
        reading = self._read(kept.body, kept.received_at, kept.form, headers)
        again = AlertDelivery(
            received_at=self.clock.now(), form=kept.form, body=kept.body, headers=kept.headers,
            replay_of=kept.number,
        )  # fmt: skip
        return await self._file(reading, again)

    def _read(self, body: bytes, at: datetime, source: str | None, headers: Mapping[str, str]) -> Reading:
        asked = (body, source, tuple(headers.items()))
        reading = self._readings.get(asked)
        if reading is None:
            reading = read_delivery(body, at, source, self.site.catalogue, headers, self.site.intake.forms)
            self._readings.keep(asked, reading)
        matches = self.matcher.matches(reading.alerts)
        alerts = tuple(
            self._as_of_site(alert, match, at) for alert, match in zip(reading.alerts, matches, strict=True)
        )
        changes = self.matcher.changed(reading.changes, reading.sender)
        return reading.model_copy(update={"alerts": alerts, "changes": changes})

    def _as_of_site(self, alert: Alert, match: Match, received_at: datetime) -> Alert:
        """An alert that was read, with its service; a heartbeat is also what the site names as one."""
        heartbeat = alert.heartbeat or name_of(alert) in self.site.intake.heartbeats
        return alert.model_copy(
            update={
                "received_at": received_at, "service": match.service, "matched_by": match,
                "heartbeat": heartbeat,
            }
        )  # fmt: skip

    async def tell(self, alert: Alert) -> IntakeResult:
        """Take in what Nexus itself tells of an alert, as one that was delivered."""
        delivery = AlertDelivery(received_at=alert.received_at, form=alert.source)
        return await self._file(Reading(sender=alert.source, alerts=(alert,)), delivery)

    async def _file(self, reading: Reading, delivery: AlertDelivery, origin: str = "") -> IntakeResult:
        filing: list[Filing] = []

        def decide(view: IntakeView) -> Filing:
            filing[:] = [_told(self._dispositions.decide(reading, delivery.received_at, view), origin)]
            self.admission.check(filing[0], reading.sender, reading.alerts, delivery.received_at)
            return filing[0]

        body = kept_body(delivery.body) if delivery.body is not None else None
        delivery = delivery.model_copy(update={"sender": reading.sender, "body": body})
        await self.admission.look(delivery.received_at)
        try:
            filed = await self.home.store.take_in(delivery, self.site.site, decide)
        except Busy:
            self.listener.sent_away(reading.sender)
            raise
        self.listener.filed(reading.sender, filed.disposition, filing[0].outcomes)
        for incident in filed.incidents:
            self.ring(incident)
        outcomes, notes = filing[0].outcomes, reading.notes
        said = self._log.debug if filed.disposition is Disposition.KNOWN else self._log.info
        said(
            "delivery", taken=filed.disposition, number=filed.number, sender=reading.sender,
            incident=filed.incident, alerts=len(reading.alerts), notes=notes or None,
        )  # fmt: skip
        return IntakeResult(
            taken=filed.disposition, incident=filed.incident, delivery=filed.number, alerts=outcomes,
            notes=notes, keys=reading.keys,
        )  # fmt: skip

    async def forget_bodies(self) -> None:
        """Delete what the bodies' own retention and size no longer allow."""
        kept = self.site.intake
        await self.home.store.forget_bodies(self.clock.now() - kept.keep_bodies, kept.most_body_bytes)

    @cached_property
    def _log(self) -> FilteringBoundLogger:
        bound: FilteringBoundLogger = log.bind()  # the lazy one is bound anew for each line
        return bound

    @cached_property
    def admission(self) -> Admission:
        """Who is sent away while too much waits."""
        return Admission(self.home.store, self.site.site, self.site.intake.backlog, self._runbook)

    @cached_property
    def _runbook(self) -> Runbook:
        return runbook_of(self.home.settings)

    @cached_property
    def _dispositions(self) -> Dispositions:
        world = WorldRef(kind=WorldKind.LIVE, path=str(self.path))
        return Dispositions(self.site, world, self.mode, self._runbook)


def _told(filing: Filing, origin: str) -> Filing:
    """The same, with where it is from before each reason."""
    if not origin:
        return filing
    outcomes = (one.model_copy(update={"reason": f"{origin}; {one.reason}"}) for one in filing.outcomes)
    return filing.model_copy(update={"outcomes": tuple(outcomes)})


def _kept(headers: Mapping[str, str]) -> tuple[Label, ...]:
    return tuple(Label(name=name, value=value) for name, value in headers.items())
