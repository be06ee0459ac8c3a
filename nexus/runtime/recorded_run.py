"""Incidents of recorded worlds: opened from a case, on a virtual clock."""

from datetime import datetime, timedelta
from pathlib import Path

from incidents.alert import Alert
from incidents.errors import UsageError
from incidents.events import AlertsArrived
from incidents.incident import Incident
from incidents.severity import Step
from nexus.home import Home
from nexus.runtime.raw_alerts import delivered, file_alerts
from nexus.runtime.run_context import RunContext
from nexus.runtime.sharing import WORLD, replay_of
from nexus.runtime.waiting import Approver, VirtualWaiter
from nexus.store.records import WorldKind, WorldRef
from tools.alerts.formats import parse_alerts
from tools.clock import VirtualClock
from tools.recorded import Case, RecordedAlerts, open_case, recorded_world
from tools.recorded.case import CaseAlert
from tools.recorded.replay_log import Deeds
from tools.redaction.world import redacted_world

#: How long the work of a step usually takes; on a virtual clock this much time passes when a step begins, or
#: as much as it took when the incident was lived, if that was less.
PACE = {
    Step.TRIAGE: timedelta(minutes=2),
    Step.INVESTIGATION: timedelta(minutes=3),
    Step.MITIGATION: timedelta(minutes=1),
}

#: What the ids of a recording's alerts begin with, in an incident's inbox.
DELIVERY = "recorded:"


class Deliveries:
    """The alerts of a recording, read as if they came over the wire."""

    def __init__(self, incident: str, case: Case, deeds: Deeds) -> None:
        self._incident = incident
        self._case = case
        self._recorded = RecordedAlerts(case, deeds)

    def due(self, by: datetime) -> tuple[AlertsArrived, ...]:
        """Every delivery that arrives by then, oldest first."""
        return tuple(
            AlertsArrived(
                id=f"{self._incident}:{DELIVERY}{number}",
                incident=self._incident,
                at=alert.at,
                alerts=self._read(alert),
            )
            for number, alert in enumerate(self._recorded.due(by), start=1)
        )

    def _read(self, alert: CaseAlert) -> tuple[Alert, ...]:
        """The alerts of a body; what is remarked on its times is what was so when it was lived."""
        read = parse_alerts(alert.body, alert.at, alert.source, self._case.catalogue)
        if not alert.moved:
            return read
        lived = parse_alerts(alert.body, alert.at - alert.moved, alert.source, self._case.catalogue)
        return tuple(
            one.model_copy(update={"remarks": then.remarks}) for one, then in zip(read, lived, strict=True)
        )


async def open_recorded(home: Home, case: Path, alerts: bytes | None, mode: str) -> Incident:
    """Register a new incident of a recorded world at an absolute path; without alerts, the case's open it.

    Raises:
        CaseError: the folder breaks the recording format.
        AlertError: the alert body cannot be read.
    """
    recorded = open_case(case)
    first = recorded.alerts[0] if recorded.alerts else None
    if first is None and alerts is None:
        raise UsageError(f"{case.name} has no alerts of its own; give an alert file")
    at = first.at if first is not None else recorded.window.end
    body, source = (
        (alerts, None) if alerts is not None else (first.body, first.source) if first else (b"", None)
    )
    parsed = parse_alerts(body, at, source, recorded.catalogue)
    identity = await home.store.next_id(at.date())
    currency = recorded.currency or home.settings.revenue_currency
    incident = Incident.opened(identity, parsed, at, mode, currency, home.settings.language)
    incident = incident.evolve(
        handled_events=(f"{incident.id}:{DELIVERY}1",)
    )  # the case's first alert is this one
    await home.store.register(incident, WorldRef(kind=WorldKind.CASE, path=str(case)), at)
    if alerts is not None:
        await file_alerts(home.store, incident, delivered(alerts, at, parsed[0].source))
    return incident


async def recorded_context(home: Home, incident: str, ref: WorldRef, approver: Approver) -> RunContext:
    """The stage of an incident that was opened from a case."""
    case = open_case(Path(ref.path))
    ledger, deeds = home.folder.path(incident, WORLD), replay_of(home, incident)
    clock = VirtualClock(await home.store.clock_of(incident))

    tempo = case.tempo

    def pace(step: Step) -> None:
        usual = PACE.get(step, timedelta())
        clock.advance(min(usual, tempo.of(step)) if tempo is not None else usual)

    def catch_up(known: Incident) -> None:
        if known.as_of is not None:
            clock.advance_to(known.as_of)

    return RunContext(
        world=redacted_world(recorded_world(case, clock, ledger, deeds)),
        clock=clock,
        waiter=VirtualWaiter(clock=clock, arrivals=Deliveries(incident, case, deeds), approver=approver),
        policy=home.policy_of(ref),
        revenue_threshold=home.settings.revenue_threshold,
        pace=pace,
        catch_up=catch_up,
        watch=tempo.watch if tempo is not None else None,
    )
