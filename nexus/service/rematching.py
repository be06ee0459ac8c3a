"""Alerts that wait without a service are matched again once more is known: of where services run, of names.

What an alert turns out to be about is told to its incident. Had it been known at once, the alert might have
joined another one: then it is moved there, as long as nothing was changed for it and nobody has taken it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from graph.self_recovery import has_changed_anything
from incidents.alert import Alert
from incidents.correlate import Placement, correlate
from incidents.events import AlertsMatched
from incidents.incident import Incident
from incidents.join_rules import UNASSIGNED, Candidate
from incidents.shadow import SHADOW
from nexus.service.intake import AlertIntake
from nexus.service.regrouping import IncidentRegrouping

log = structlog.get_logger(__name__)

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class RematchWatch:
    """The waiting alerts of one live world."""

    intake: AlertIntake
    _by: object = None

    async def look(self) -> None:
        """Match what waits again, if anything has become known since the last look."""
        known = self.intake.matcher.known
        if known is self._by:
            return
        for one in await self.intake.home.store.keyed_candidates(self.intake.site.site, UNASSIGNED):
            await self._match_again(one)
        self._by = known

    async def _match_again(self, one: Candidate) -> None:
        store = self.intake.home.store
        incident = await store.load(one.id)
        if incident is None or not incident.open:
            return
        again = self.intake.matcher.matched([alert for alert in incident.alerts if alert.unassigned])
        found = tuple(alert for alert in again if not alert.unassigned)
        if not found:
            return
        log.info("matched again", incident=one.id, alerts=len(found))
        there = await self._belongs(incident, found)
        if there is not None and there.incident is not None:
            moved = tuple({alert.fingerprint: alert for alert in found}.values())
            why = "; ".join(dict.fromkeys(_sentence(alert) for alert in moved)) + f"; {there.reason}"
            door = IncidentRegrouping(store, self.intake.clock, self.intake.home.policy_of)
            await door.move(incident.id, there.incident, moved, reason=why)
            self.intake.ring(there.incident)
        else:
            await store.add_event(
                AlertsMatched(
                    id=f"{one.id}:matched:{_digest(found)}", incident=one.id, at=self.intake.clock.now(),
                    alerts=found,
                )
            )  # fmt: skip
        self.intake.ring(one.id)

    async def _belongs(self, incident: Incident, found: Sequence[Alert]) -> Placement | None:
        """The one other incident that all of its alerts would have joined, had it been known at once."""
        within = self.intake.site.intake.join_within
        is_whole = {alert.fingerprint for alert in incident.alerts} == {one.fingerprint for one in found}
        if not is_whole or not incident.firing or incident.in_peoples_hands or has_changed_anything(incident):
            return None
        if any(proposal.waits for proposal in incident.proposals):
            return None
        store, site = self.intake.home.store, self.intake.site.site
        among = await store.open_candidates(site, incident.opened_at - within)
        near = [
            one for one in among
            if one.id != incident.id and abs(one.opened_at - incident.opened_at) < within
            and (incident.shadow.whole or SHADOW not in one.keys)
        ]  # fmt: skip
        lessons = await store.lessons(site)
        firing = [alert for alert in found if alert.firing]
        placed = correlate(firing, near, self.intake.site.catalogue, lessons, _EVER)
        there = {place.incident for place in placed}
        return placed[0] if len(there) == 1 else None


def _sentence(alert: Alert) -> str:
    told = alert.matched_by.sentence if alert.matched_by else ""
    return f"{alert.title} is about {told}"


def _digest(alerts: Sequence[Alert]) -> str:
    told = sorted(f"{alert.fingerprint}|{alert.service}|{alert.matched_by}" for alert in alerts)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
