"""A silence that somebody makes in Alertmanager for what fires is their word that they have it.

It is asked for, since Alertmanager tells nobody of it. Ours is not sent there: a silence takes an alert from
everybody who is told by that Alertmanager, and says nothing when it is over meanwhile. That it is over is
asked for as well (`untold_ends.py`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incidents.alert import Alert, AlertStatus
from incidents.errors import NexusError
from incidents.events import Acknowledged, SilenceEnded
from incidents.incident import Incident
from incidents.value import Value, iso
from nexus.config.people import person_known_as
from nexus.config.site import Site
from nexus.service.acknowledgements import SOMEBODY
from nexus.service.intake import AlertIntake
from nexus.service.untold_ends import UntoldEnds
from tools.alerts.cleaning import clean
from tools.live.alertmanager_silences import FiringAlert, Silence, Silences
from tools.live.settings import Http
from tools.redaction.redact import redact

#: What it is called in a timeline.
ALERTMANAGER = "Alertmanager"
#: Incidents that are open for longer are not asked about.
_DAYS = timedelta(days=30)
_LONGEST_NAME, _LONGEST_COMMENT = 80, 300


class Quiet(Value):
    """A silence that counts as somebody's word on an incident; `until`: when the first alert calls again."""

    silence: Silence
    until: datetime


@dataclass
class Told:
    """What the Alertmanagers of a site have answered in one look.

    Attributes:
        silenced: the alerts that silences keep quiet, by fingerprint.
        silences: those silences, by id.
        calling: the fingerprints of alerts that nothing keeps quiet.
    """

    silenced: dict[str, FiringAlert] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    calling: set[str] = field(default_factory=set)


def quieted(incident: Incident, told: Told, site: Site, now: datetime) -> Quiet | None:
    """The silence by which somebody has an incident, if all of it that fires is kept quiet. Pure.

    An alert that fires by the word of another tool is kept quiet by nobody here. One that its Alertmanager
    does not have any more calls nobody either. A silence from before an alert began is no answer to it.
    """
    until, made = list[datetime](), list[Silence]()
    for key, alert in incident.latest_alerts.items():
        if not alert.firing or alert.tells_silence:
            continue
        known = told.silenced.get(key)
        if key in told.calling or (known is None and site.intake.api_of(None, alert.source) is None):
            return None
        if known is None:
            continue
        its = [told.silences[one] for one in known.silenced_by if one in told.silences]
        answers = [one for one in its if one.updated_at >= known.starts_at and one.ends_at > now]
        if not answers:
            return None
        until.append(max(one.ends_at for one in answers))
        made += answers
    if not made:
        return None
    return Quiet(silence=max(made, key=lambda one: (one.updated_at, one.id)), until=min(until))


def is_held_by_silence(incident: Incident, now: datetime) -> bool:
    """Whether who has it said so by a silence that is not over, and nothing since."""
    return incident.heard_until is not None and incident.heard_until > now


@dataclass
class SilenceWatch:
    """The silences of one live world; what it asks depends on what it has found before."""

    intake: AlertIntake
    _held: set[str] | None = None
    _ends: UntoldEnds = field(default_factory=UntoldEnds)

    async def look(self) -> None:
        """Ask each Alertmanager, and tell what has changed to the incidents that it is about.

        Raises:
            ToolFailed: one does not answer; what others have answered counts, but nothing ends by it.
        """
        apis = tuple(one.api for one in self.intake.site.intake.senders.values() if one.api is not None)
        if not apis:
            return
        told, failed = Told(), None
        for api in apis:
            try:
                await self._ask(api, told)
            except NexusError as error:
                failed = error
        if told.silenced or self._held is None or self._held:
            await self._tell(told, whole=failed is None)
        if failed is not None:
            self._ends.unanswered()
            raise failed
        await self._end(apis, self._ends.seen(told.silenced.keys(), told.calling, self.intake.clock.now()))

    async def _end(self, apis: Sequence[Http], gone: Mapping[str, datetime]) -> None:
        """Take in as over what is in no Alertmanager any more; each ended when it was silenced last."""
        if not gone:
            return
        known = set[str]()
        for api in apis:
            async with aclosing(Silences(api, self.intake.home.secrets)) as there:
                known |= await there.known()
        self._ends.still_known(known)
        over = gone.keys() - known
        store, now = self.intake.home.store, self.intake.clock.now()
        for one in await store.open_candidates(self.intake.site.site, now - _DAYS):
            mine = {key for key in over if f"alert:{key}" in one.keys}
            incident = await store.load(one.id) if mine else None
            for key in sorted(mine):
                alert = incident.latest_alerts.get(key) if incident is not None else None
                if alert is not None and alert.firing and self.intake.site.intake.api_of(None, alert.source):
                    await self.intake.tell(_resolved(alert, gone[key], now))
        self._ends.told(over)

    async def _ask(self, api: Http, told: Told) -> None:
        async with aclosing(Silences(api, self.intake.home.secrets)) as there:
            found = await there.silenced()
            if not found and self._held is not None and not self._held and not self._ends.watched:
                return
            calling = await there.calling()
            ids = {one for alert in found for one in alert.silenced_by} - told.silences.keys()
            silences = {one: await there.silence(one) for one in sorted(ids)}
        told.calling |= calling
        told.silences |= silences
        told.silenced |= {alert.fingerprint: alert for alert in found}

    async def _tell(self, told: Told, *, whole: bool) -> None:
        store, now = self.intake.home.store, self.intake.clock.now()
        keys = {f"alert:{one}" for one in told.silenced}
        before, self._held = self._held, set()
        for one in await store.open_candidates(self.intake.site.site, now - _DAYS):
            if before is None or one.id in before or not keys.isdisjoint(one.keys):
                incident = await store.load(one.id)
                if incident is not None and incident.open:
                    await self._judge(incident, told, now, whole=whole)

    async def _judge(self, incident: Incident, told: Told, now: datetime, *, whole: bool) -> None:
        assert self._held is not None  # noqa: S101 - as `_tell` has made it
        quiet = quieted(incident, told, self.intake.site, now)
        if quiet is not None:
            self._held.add(incident.id)
            await self._add(_acknowledged(incident, quiet, self.intake.site, now))
        elif is_held_by_silence(incident, now):
            self._held.add(incident.id)
            firing = {key for key, alert in incident.latest_alerts.items() if alert.firing}
            if whole and not firing.isdisjoint(told.calling):
                await self._add(_ended(incident, now))

    async def _add(self, event: Acknowledged | SilenceEnded) -> None:
        if await self.intake.home.store.add_event(event):
            self.intake.ring(event.incident)


def _resolved(alert: Alert, ended: datetime, now: datetime) -> Alert:
    return alert.model_copy(
        update={"status": AlertStatus.RESOLVED, "received_at": now, "ends_at": max(alert.starts_at, ended)}
    )


def _acknowledged(incident: Incident, quiet: Quiet, site: Site, now: datetime) -> Acknowledged:
    """The same for a silence as long as it ends at the same time; one that was made longer is a new word."""
    said = hashlib.sha256(f"{quiet.silence.id} {iso(quiet.until)}".encode()).hexdigest()[:16]
    by = person_known_as(site.people, quiet.silence.by)
    return Acknowledged(
        id=f"{incident.id}:silence:{said}", incident=incident.id, at=now,
        by=by.name if by is not None else clean(quiet.silence.by, _LONGEST_NAME) or SOMEBODY,
        note=redact(clean(quiet.silence.comment, _LONGEST_COMMENT)), source=ALERTMANAGER, until=quiet.until,
    )  # fmt: skip


def _ended(incident: Incident, now: datetime) -> SilenceEnded:
    heard = iso(incident.heard_at) if incident.heard_at is not None else ""
    return SilenceEnded(
        id=f"{incident.id}:silence_ended:{heard}", incident=incident.id, at=now,
        by=incident.holder or SOMEBODY, source=ALERTMANAGER,
    )  # fmt: skip
