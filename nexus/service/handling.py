"""What people do with an incident: have it, hand it over, take it, tell a change, call it over or not over.

Every request is checked first, then written to the inbox; whoever drives the incident takes it from there.
The same request again, as long as nothing has come of the first, changes nothing and gets the same answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from incidents.access import Permission
from incidents.actor import Actor, person_id
from incidents.errors import Refused, UnknownName, UsageError
from incidents.events import EVENT, Event
from incidents.incident import Incident
from incidents.paging import is_anothers, is_holder
from incidents.value import iso
from nexus.home import Home
from nexus.service.authority import PolicyOf, require
from nexus.service.views import Handled
from nexus.store.audit import Deed, DeedKind
from nexus.store.find import find_incident, incident_now
from nexus.store.port import IncidentStore
from nexus.store.records import WorldRef
from tools.clock import Clock
from tools.redaction.redact import redact

#: A moment, or how long ago it was.
When = datetime | timedelta

#: What was changed before is nothing that a person remembers; `5m` has the same limit.
_LONGEST_AGO = timedelta(days=365)

#: What ends an incident, by the kind of its event.
_ENDING = {"resolve": "resolved", "false_alarm": "called it a false alarm"}


@dataclass(frozen=True)
class IncidentHandling:
    """The door of those who work on an incident themselves; who may not is `Forbidden`."""

    store: IncidentStore
    services_of: Callable[[WorldRef], tuple[str, ...]]
    wall: Clock
    policy_of: PolicyOf

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home.store, home.services_of, home.clock, home.policy_of)

    async def acknowledge(self, identity: str, *, actor: Actor, note: str = "") -> Handled:
        """Say that one has it: the repeated paging rests, the agents go on. Said again it counts as a word.

        Raises:
            Refused: it has ended, or somebody else has it.
        """
        incident = await self._open(identity, actor)
        if is_anothers(incident, actor.name):
            raise Refused(
                f"{incident.holder} has {identity}: `nexus take-over {identity}` makes it yours; nothing was "
                "changed"
            )
        return await self._send(incident, "acknowledge", actor, note=redact(note))

    async def take_over(self, identity: str, *, actor: Actor, note: str = "") -> Handled:
        """Have it from now on instead of who has it.

        Raises:
            Refused: it has ended, or nobody else has it.
        """
        incident = await self._open(identity, actor)
        if incident.holder is None or is_holder(incident, actor.name):
            whose = f"{actor.name} has {identity} already" if incident.holder else f"nobody has {identity}"
            raise Refused(f"{whose}; `nexus acknowledge` says that you have it")
        return await self._send(incident, "acknowledge", actor, note=redact(note), takes_over="true")

    async def hand_over(self, identity: str, *, actor: Actor, to: str, note: str) -> Handled:
        """Give it to another person, who is told and has to say that they have it.

        Raises:
            UnknownName: no such person.
            UsageError: it is handed to nobody else, or nothing is said with it.
            Refused: it has ended.
        """
        incident = await self._open(identity, actor)
        policy = self.policy_of(await self.store.world_of(identity))
        named = {person_id(name): name for name in policy.people}.get(person_id(to), to.strip())
        if policy.authenticated and named not in policy.people:
            raise UnknownName("person", to, policy.people)
        if person_id(named) == person_id(actor.name):
            raise UsageError(
                f"--to {named}: that is you; `nexus acknowledge {identity}` says that you have it"
            )
        said = _words(note, "--note", "what they need to know")
        return await self._send(incident, "hand_over", actor, to=named, note=said)

    async def take(self, identity: str, *, actor: Actor) -> Handled:
        """Take it from the agents, whose proposals are revoked, or from whoever holds it.

        Raises:
            Refused: it has ended, or this person holds it.
        """
        incident = await self._open(identity, actor)
        if incident.in_peoples_hands and incident.holder == actor.name:
            raise Refused(f"{actor.name} has {identity} already; nothing was changed")
        return await self._send(incident, "take", actor)

    async def give_back(self, identity: str, *, actor: Actor, note: str) -> Handled:
        """Give it back to the agents, who look again with the note before them.

        Raises:
            Refused: it has ended, or the agents have it.
        """
        incident = await self._open(identity, actor)
        if not incident.in_peoples_hands and not await self._waits(identity, "take", "stop"):
            raise Refused(f"the agents work on {identity}; it can be given back once people have taken it")
        return await self._send(incident, "give_back", actor, note=_words(note, "--note", "what they need"))

    async def changed(
        self,
        identity: str,
        *,
        actor: Actor,
        service: str,
        what: str,
        when: When | None = None,
    ) -> Handled:
        """Tell what was changed outside of Nexus: it becomes evidence, and its effect is watched.

        Args:
            identity: the incident's id.
            actor: who changed it, or tells it.
            service: of the catalogue.
            what: in words.
            when: it was done, or how long ago; not given: now.

        Raises:
            UnknownName: no such service.
            UsageError: nothing was told, or it lies ahead.
            Refused: it has ended.
        """
        incident = await self._open(identity, actor)
        world = await self.store.world_of(identity)
        known = self.services_of(world)
        if service not in known:
            raise UnknownName("service", service, known)
        now = await incident_now(self.store, identity, self.wall)
        if isinstance(when, datetime) and when > now:
            raise UsageError(f"--when {iso(when)} lies ahead of {iso(now)}; tell what was done")
        if isinstance(when, datetime) and now - when > _LONGEST_AGO:
            raise UsageError(f"--when {iso(when)} lies over a year before {iso(now)}; tell what matters here")
        said = _words(what, "--what", "what was changed")
        return await self._send(incident, "changed", actor, when, service=service, what=said)

    async def mitigated(self, identity: str, *, actor: Actor, note: str = "") -> Handled:
        """Say that users feel no more of it, though it is not over.

        Raises:
            Refused: it has ended, or is mitigated.
        """
        incident = await self._open(identity, actor)
        if incident.mitigated_at is not None:
            raise Refused(f"{identity} is mitigated since {iso(incident.mitigated_at)}; nothing was changed")
        return await self._send(incident, "mitigated", actor, note=redact(note))

    async def resolve(self, identity: str, *, actor: Actor, note: str = "") -> Handled:
        """Say that it is over; the post-mortem follows.

        Raises:
            Refused: it has ended.
        """
        return await self._send(await self._open(identity, actor), "resolve", actor, note=redact(note))

    async def false_alarm(self, identity: str, *, actor: Actor, note: str = "") -> Handled:
        """Say that nothing was wrong.

        Raises:
            Refused: it has ended.
        """
        return await self._send(await self._open(identity, actor), "false_alarm", actor, note=redact(note))

    async def reopen(self, identity: str, *, actor: Actor, note: str) -> Handled:
        """Say that what has ended is not over: the agents measure and look again.

        Raises:
            Refused: it is open.
        """
        incident = await self._allowed(identity, actor)
        if incident.open and not await self._waits(identity, *_ENDING):
            raise Refused(f"{identity} is open, {incident.held_by} have it; there is nothing to open again")
        return await self._send(incident, "reopen", actor, note=_words(note, "--note", "why it is not over"))

    async def _allowed(self, identity: str, actor: Actor) -> Incident:
        incident = await find_incident(self.store, identity)
        require(self.policy_of, await self.store.world_of(identity), actor, Permission.RESPOND)
        return incident

    async def _open(self, identity: str, actor: Actor) -> Incident:
        incident = await self._allowed(identity, actor)
        if not incident.open:
            how = incident.end_reason or incident.status
            raise Refused(f"{identity} has ended ({how}); `nexus reopen` opens it again")
        return incident

    async def _waits(self, identity: str, *kinds: str) -> bool:
        """Whether an event of these kinds is in the inbox that nobody has read yet."""
        return any(event.kind in kinds for event in await self.store.events(identity))

    async def _send(
        self,
        incident: Incident,
        kind: str,
        actor: Actor,
        when: When | None = None,
        **said: str,
    ) -> Handled:
        """Put it into the inbox under an id that is made of who says what in which turn."""
        at = await incident_now(self.store, incident.id, self.wall)
        identity = _identity(incident, kind, actor, (*sorted(said.items()), when))
        for waiting in await self.store.events(incident.id):
            if waiting.id != identity:
                _compatible(waiting, kind)
        body = {"id": identity, "incident": incident.id, "at": at, "kind": kind, "by": actor.name, **said}
        if kind == "changed":
            body["when"] = when if isinstance(when, datetime) else at - (when or timedelta())
        event: Event = EVENT.validate_python(body)
        deed = Deed.by(actor, DeedKind(kind), at, incident.id, about=said.get("service", ""))
        new = await self.store.add_event(event, deed)
        return Handled(incident=incident.id, verb=kind, by=actor.name, at=at, known=not new)


def _compatible(waiting: Event, kind: str) -> None:
    """Refuse what comes after an end that was said and that nobody has taken in yet."""
    said = _ENDING.get(waiting.kind)
    if said is not None and kind != "reopen":
        by = getattr(waiting, "by", "somebody")
        raise Refused(f"{by} {said} a moment ago; nothing was changed")


def _identity(incident: Incident, kind: str, actor: Actor, said: tuple[object, ...]) -> str:
    words = hashlib.sha256(repr(said).encode()).hexdigest()[:8]
    return f"{incident.id}:{kind}:{actor.id}:{incident.turn}-{incident.status}:{words}"


def _words(text: str, option: str, what: str) -> str:
    """What a person wrote, without secrets.

    Raises:
        UsageError: nothing.
    """
    if not text.strip():
        raise UsageError(f"Say {what}: {option} TEXT")
    return redact(text.strip())
