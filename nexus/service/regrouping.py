"""People correct what belongs together: alerts are taken out of an incident, or two incidents are merged.

Both incidents hear of it in one transaction, and what it teaches is kept for the alerts to come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from incidents.access import Permission
from incidents.actor import Actor
from incidents.alert import Alert
from incidents.errors import Refused, UnknownName, UsageError
from incidents.events import AlertsTakenIn, AlertsTakenOut, Event, Reopened
from incidents.incident import Incident
from incidents.lessons import Lesson, lessons_between
from incidents.severity import Status
from nexus.home import Home
from nexus.service.authority import PolicyOf, require
from nexus.service.restricting import require_visible
from nexus.service.views import Regrouped
from nexus.store.audit import Deed, DeedKind
from nexus.store.deliveries import Opening
from nexus.store.find import find_incident
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tools.clock import Clock
from tools.redaction.redact import redact

#: Who moves what turns out to belong elsewhere.
NEXUS = "Nexus"
#: So many characters of a fingerprint are enough to name it, as of a commit.
SHORTEST = 6


@dataclass(frozen=True)
class IncidentRegrouping:
    """The door of those who know better what belongs together; who may not is `Forbidden`."""

    store: IncidentStore
    wall: Clock
    policy_of: PolicyOf

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home.store, home.clock, home.policy_of)

    async def split(self, identity: str, named: Sequence[str], *, actor: Actor, reason: str) -> Regrouped:
        """Take alerts out into an incident of their own; one that was merged into it goes on as it was.

        Args:
            identity: the incident that they are taken out of.
            named: fingerprints, or enough of their beginning; services; or the one incident that was merged.
            actor: who says that they do not belong.
            reason: why, for both timelines and for the next alerts.

        Raises:
            UnknownName: it has no such alert.
            UsageError: no alert or no reason is given.
            Refused: it has ended, is recorded, or nothing would be left of it.
        """
        incident, why = await self._open(identity, actor), _reason(reason)
        world = await self._live(identity)
        other = await self._merged_before(incident, named)
        taken = other.alerts if other is not None else _alerts_of(incident, named)
        gone = tuple(dict.fromkeys(alert.fingerprint for alert in taken))
        for event in await self.store.events(identity):
            if isinstance(event, AlertsTakenOut) and set(event.fingerprints) & set(gone):
                raise Refused(f"{event.by} took them out into {event.into} a moment ago; nothing was changed")
        rest = tuple(alert for alert in incident.alerts if alert.fingerprint not in gone)
        if not rest:
            raise Refused(f"nothing would be left of {identity}; nothing was changed")
        now = self.wall.now()
        into = other.id if other is not None else await self.store.next_id(now.date())
        out = AlertsTakenOut(
            id=_id(identity, "taken_out", now, into), incident=identity, at=now, by=actor.name, reason=why,
            fingerprints=gone, into=into,
        )  # fmt: skip
        lessons = lessons_between(taken, rest, _lesson(identity, actor, why, now, together=False))
        back: Event = AlertsTakenIn(
            id=_id(into, "taken_in", now, identity), incident=into, at=now, by=actor.name, reason=why,
            source=identity,
        )  # fmt: skip
        opening = None
        if other is not None:
            note = f"taken out of {identity} again: {why}"
            back = Reopened(
                id=_id(into, "reopen", now, identity), incident=into, at=now, by=actor.name, note=note
            )
        else:
            opened = Incident.opened(
                into, taken, now, incident.engine, incident.currency, incident.language, incident.shadow
            )
            opening = Opening(incident=opened.evolve(split_from=identity), world=world)
        deed = Deed.by(actor, DeedKind.SPLIT, now, identity, about=into)
        await self.store.regroup((out, back), opening, lessons, deed)
        return Regrouped(
            incident=identity, split_into=into, alerts=gone, by=actor.name, at=now, lessons=len(lessons)
        )

    async def merge(self, identity: str, other: str, *, actor: Actor, reason: str) -> Regrouped:
        """Merge another incident into one, which goes on with its alerts and notes; the other one is closed.

        Raises:
            UsageError: both are the same, or no reason is given.
            Refused: one has ended, is recorded, or they are of two sites; a change of the other is under way.
        """
        await require_visible(self.store, actor, other)
        going_on, ending = await self._open(identity, actor), await self._open(other, actor)
        if identity == other:
            raise UsageError(f"{identity} cannot be merged with itself; name the other incident")
        why = _reason(reason)
        if await self._live(identity) != await self._live(other):
            raise Refused(f"{identity} and {other} are of two sites; nothing was changed")
        if going_on.shadow.whole and not ending.shadow.whole:
            raise Refused(
                f"{identity} is in shadow and {other} is not: people would hear no more of it; merge them "
                f"the other way round (`nexus merge {other} {identity}`), nothing was changed"
            )
        if ending.unsettled or await self.store.unfinished(other):
            raise Refused(f"a change of {other} is under way; settle it first, nothing was changed")
        now = self.wall.now()
        out = AlertsTakenOut(
            id=_id(other, "taken_out", now, identity), incident=other, at=now, by=actor.name, reason=why,
            into=identity, merged=True,
        )  # fmt: skip
        back = AlertsTakenIn(
            id=_id(identity, "taken_in", now, other), incident=identity, at=now, by=actor.name, reason=why,
            source=other, alerts=ending.alerts, notes=ending.notes,
            machine_notes=ending.machine_notes, merged=True,
        )  # fmt: skip
        said = _lesson(identity, actor, why, now, together=True)
        lessons = lessons_between(ending.alerts, going_on.alerts, said)
        deed = Deed.by(actor, DeedKind.MERGE, now, identity, about=other)
        await self.store.regroup((out, back), None, lessons, deed)
        moved = tuple(dict.fromkeys(alert.fingerprint for alert in ending.alerts))
        return Regrouped(
            incident=identity, merged=other, alerts=moved, by=actor.name, at=now, lessons=len(lessons)
        )

    async def move(self, identity: str, into: str, alerts: tuple[Alert, ...], *, reason: str) -> None:
        """Move all alerts of an incident into another one, since it is known by now what they are about.

        Args:
            identity: the incident, which ends.
            into: the one that goes on.
            alerts: as they are known now.
            reason: for both timelines; it teaches nothing.
        """
        now = self.wall.now()
        out = AlertsTakenOut(
            id=_id(identity, "taken_out", now, into), incident=identity, at=now, by=NEXUS, reason=reason,
            into=into, merged=True,
        )  # fmt: skip
        ending = await find_incident(self.store, identity)
        back = AlertsTakenIn(
            id=_id(into, "taken_in", now, identity), incident=into, at=now, by=NEXUS, reason=reason,
            source=identity, alerts=alerts, notes=ending.notes,
            machine_notes=ending.machine_notes, merged=True,
        )  # fmt: skip
        await self.store.regroup((out, back), None, ())

    async def _open(self, identity: str, actor: Actor) -> Incident:
        incident = await find_incident(self.store, identity)
        require(self.policy_of, await self.store.world_of(identity), actor, Permission.RESPOND)
        for event in await self.store.events(identity):
            if isinstance(event, AlertsTakenOut) and event.merged:
                raise Refused(f"{identity} was merged into {event.into} a moment ago; nothing was changed")
        if not incident.open:
            how = incident.end_reason or incident.status
            raise Refused(f"{identity} has ended ({how}); nothing was changed")
        return incident

    async def _live(self, identity: str) -> WorldRef:
        world = await self.store.world_of(identity)
        if world.kind is not WorldKind.LIVE:
            raise Refused(f"{identity} is a recorded incident: its alerts are what was recorded")
        return world

    async def _merged_before(self, incident: Incident, named: Sequence[str]) -> Incident | None:
        """The incident that is named, if it was merged into this one."""
        if len(named) != 1 or (other := await self.store.load(named[0])) is None:
            return None
        if other.status is not Status.MERGED or other.merged_into != incident.id:
            raise Refused(f"{other.id} was not merged into {incident.id}; nothing was changed")
        return other


def _alerts_of(incident: Incident, named: Sequence[str]) -> tuple[Alert, ...]:
    if not named:
        raise UsageError("name the alerts: by fingerprint or by service")
    for name in named:
        if not any(_is_meant(alert, name) for alert in incident.alerts):
            known = (alert.fingerprint for alert in incident.alerts)
            services = (alert.service for alert in incident.alerts if alert.service)
            raise UnknownName("alert", name, dict.fromkeys((*known, *services)))
    return tuple(alert for alert in incident.alerts if any(_is_meant(alert, name) for name in named))


def _is_meant(alert: Alert, name: str) -> bool:
    begins = len(name) >= SHORTEST and alert.fingerprint.startswith(name)
    return begins or name in {alert.fingerprint, alert.service}


def _lesson(incident: str, actor: Actor, reason: str, now: datetime, *, together: bool) -> Lesson:
    return Lesson(
        one="", other="", together=together, by=actor.name, at=now, reason=reason, incident=incident
    )


def _reason(reason: str) -> str:
    if not reason.strip():
        raise UsageError("Say why: --reason TEXT; it stands in both timelines, and the next alerts heed it")
    return redact(reason.strip())


def _id(incident: str, kind: str, at: datetime, other: str) -> str:
    return f"{incident}:{kind}:{other}:{at.isoformat()}"
