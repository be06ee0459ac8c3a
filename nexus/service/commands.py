"""What anyone may ask of an incident: leave a note, set the severity, stop the agents.

Every request is checked first, then written to the inbox; whoever drives the incident takes it from there.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from graph.timeline import entry
from incidents.access import Permission
from incidents.action import UNSETTLED, ActionState, Outcome
from incidents.actor import Actor
from incidents.errors import Forbidden, Refused, UsageError
from incidents.events import ChangeSettled, MachineNoteAdded, NoteAdded, SeveritySet, Stopped
from incidents.incident import Incident
from incidents.ruled_out import ruled_out, understood
from incidents.severity import Severity, Status
from incidents.timeline import EntryKind
from nexus.home import Home
from nexus.service.authority import PolicyOf, require
from nexus.service.deciding import (
    proposal_to_decide,
)
from nexus.service.views import Handled, Noted
from nexus.store.audit import Deed, DeedKind
from nexus.store.dead_letters import DeadLetter
from nexus.store.find import find_incident, incident_now
from nexus.store.lists import IncidentFilter
from nexus.store.port import IncidentStore
from tools.clock import Clock
from tools.redaction.redact import redact


@dataclass(frozen=True)
class IncidentCommands:
    """The people's door. `wall` is the time for incidents of live worlds; recorded ones have their own."""

    store: IncidentStore
    policy_of: PolicyOf
    wall: Clock

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home.store, home.policy_of, home.clock)

    async def under_way(self, identity: str) -> tuple[str, ...]:
        """The changes of an incident that were begun and have no outcome yet, as people read them."""
        return tuple(intent.action.title for intent in await self.store.unfinished(identity))

    async def settle(
        self, identity: str, action: str, *, done: bool, actor: Actor, note: str = ""
    ) -> Outcome:
        """Say what became of a change that was begun and of which nobody else can tell; it is kept for good.

        Args:
            identity: the incident's id.
            action: the proposal's id.
            done: whether the change was made.
            actor: who looked.
            note: what was seen.

        Raises:
            UnknownName: no such incident or proposal.
            Forbidden: it takes another role.
            Refused: it is known, nothing was begun, or it is being executed as far as is known.

        Returns:
            The outcome that counts: an earlier one, if the target has answered meanwhile.
        """
        incident = await self._allowed(identity, actor, Permission.RESPOND)
        proposal = proposal_to_decide(incident, action)
        key = proposal.execution_key
        begun = key in {intent.key for intent in await self.store.unfinished(identity)}
        if not begun and proposal.state not in UNSETTLED:
            raise Refused(f"nothing of {proposal.id} is unknown: it is {proposal.state}; nothing was changed")
        if incident.status is Status.OPEN and proposal.state is not ActionState.UNKNOWN:
            raise Refused(f"{proposal.id} is being executed as far as is known; wait until that has ended")
        now, looked = await self._now(identity), "was done" if done else "was not done"
        seen = f": {redact(note)}" if note else ""
        detail = f"{actor.name} has looked: it {looked}{seen}"
        outcome = Outcome(done=done, detail=detail, at=now, said_by=actor.name)
        await self.store.finish(key, outcome)
        kept = await self.store.finished(key) or outcome  # what was told before stays
        event = ChangeSettled(
            id=f"{key}:settle", incident=identity, at=now, by=actor.name, action=proposal.id, outcome=kept
        )
        said = "done" if kept.done else "not done"
        deed = Deed.by(actor, DeedKind.SETTLE, now, identity, about=proposal.id, said=said)
        if not await self.store.add_event(event, deed):
            raise Refused(f"{event.id} was said already; nothing was changed")
        return kept

    # What is asked under a key of its sender's counts once; without one each time.

    async def note(self, identity: str, *, actor: Actor, text: str, key: str | None = None) -> Noted:
        """Give the agents a hint or a constraint; the answer says which of both it was understood as."""
        now = await self._running(identity, actor, Permission.NOTE)
        event = _event(identity, "note", actor, now, key)
        said = NoteAdded(id=event, incident=identity, at=now, by=actor.name, text=redact(text))
        handled = await self._send(said, actor, key)
        language = (await find_incident(self.store, identity)).language
        kinds = tuple(sorted(ruled_out((text,))))
        return Noted(**dict(handled), rules_out=kinds, told=understood(text, language))

    async def machine_note(
        self, identity: str, *, actor: Actor, text: str, key: str | None = None
    ) -> Handled:
        """Leave a program's note: shown as such, data to the agents, nobody's hint or constraint."""
        now = await self._running(identity, actor, Permission.MACHINE_NOTE)
        event = _event(identity, "machine_note", actor, now, key)
        said = MachineNoteAdded(id=event, incident=identity, at=now, by=actor.name, text=redact(text))
        return await self._send(said, actor, key)

    async def set_severity(
        self, identity: str, severity: Severity, *, actor: Actor, key: str | None = None
    ) -> Handled:
        """Override the severity; it stays until a person changes it."""
        now = await self._running(identity, actor, Permission.COMMAND)
        event = _event(identity, "severity", actor, now, key)
        said = SeveritySet(id=event, incident=identity, at=now, by=actor.name, severity=severity)
        return await self._send(said, actor, key, severity)

    async def stop(self, identity: str, *, actor: Actor, reason: str, key: str | None = None) -> Handled:
        """Stop the agents and revoke what is pending."""
        now = await self._running(identity, actor, Permission.STOP)
        event = _event(identity, "stop", actor, now, key)
        said = Stopped(id=event, incident=identity, at=now, by=actor.name, reason=redact(reason))
        return await self._send(said, actor, key)

    async def stop_all(self, *, actor_of: Callable[[str], Actor], reason: str) -> tuple[Handled, ...]:
        """Stop the agents of every incident that runs.

        Args:
            actor_of: who asks, as an incident's world knows them; may refuse.
            reason: why.

        Raises:
            Forbidden: some may not be stopped by who asks; the others were, and the sentence says which.
        """
        among, after = IncidentFilter(not_closed=True, status=Status.OPEN), None
        stopped, forbidden = list[Handled](), dict[str, Refused]()
        while page := await self.store.page(among, after=after):
            for one in page:
                try:
                    stopped.append(await self.stop(one.id, actor=actor_of(one.id), reason=reason))
                except Forbidden as error:
                    forbidden[one.id] = error
                except Refused:  # one that ended in this moment must not keep the others running
                    continue
            after = page[-1].id
        if forbidden:
            unseen = await self.store.restricted()
            done = ", ".join(one.incident for one in stopped if one.incident not in unseen) or "none"
            left = ", ".join(one for one in forbidden if one not in unseen) or "some that you do not see"
            others = f"stopped: {done}; not stopped: {left}"
            raise Forbidden(f"{next(iter(forbidden.values()))} ({others})")
        return tuple(stopped)

    async def replay(self, identity: str, *, actor: Actor, event: str | None = None) -> DeadLetter:
        """Put an event that was set aside into the inbox again, now that what broke over it is mended.

        Args:
            identity: the incident's id.
            actor: who says so.
            event: its id; not needed while exactly one is set aside.

        Raises:
            UnknownName, UsageError: no such incident or event, or several are set aside.
            Forbidden: they may not work on incidents.
            Refused: nothing is, or the incident is closed.
            UnreadableEvent: this version cannot read it either; nothing was changed.
        """
        incident = await self._allowed(identity, actor, Permission.RESPOND)
        letters = {letter.event: letter for letter in await self.store.dead_letters(identity)}
        if not letters:
            raise Refused(f"nothing of {identity} is set aside; nothing was changed")
        if event is None and len(letters) > 1:
            raise UsageError(f"{len(letters)} events are set aside, name one of them: {', '.join(letters)}")
        if incident.closed:
            raise Refused(f"{identity} is closed: `nexus reopen` it first; nothing was changed")
        wanted = event if event is not None else next(iter(letters))
        now = await self._now(identity)
        deed = Deed.by(actor, DeedKind.REPLAY, now, identity, about=wanted)
        again = await self.store.replay(identity, wanted, deed)
        told = f"{actor.name} has {letters[wanted].named} heard again"
        line = entry(incident, now, EntryKind.NOTE, told, f"replay:{again.id}")
        await self.store.write(line.model_copy(update={"id": f"replay:{again.id}"}))
        return letters[wanted]

    async def wake(self, identity: str) -> bool:
        """Make a live incident due now, whatever it waits for; False if it is recorded, or closed."""
        return await self.store.wake(identity, self.wall.now())

    async def _send(
        self,
        event: NoteAdded | MachineNoteAdded | SeveritySet | Stopped,
        actor: Actor,
        key: str | None,
        said: str = "",
    ) -> Handled:
        deed = Deed.by(actor, DeedKind(event.kind), event.at, event.incident, said=said)
        new = await self.store.add_event(event, deed)
        if not new and key is None:
            raise Refused(f"{event.id} was said already; nothing was changed")
        return Handled(incident=event.incident, verb=event.kind, by=event.by, at=event.at, known=not new)

    async def _allowed(self, identity: str, actor: Actor, permission: Permission) -> Incident:
        incident = await find_incident(self.store, identity)
        require(self.policy_of, await self.store.world_of(identity), actor, permission)
        return incident

    async def _running(self, identity: str, actor: Actor, permission: Permission) -> datetime:
        incident = await self._allowed(identity, actor, permission)
        if not incident.open:
            raise Refused(f"{identity} has ended ({incident.status}); nothing was changed")
        return await self._now(identity)

    async def _now(self, identity: str) -> datetime:
        return await incident_now(self.store, identity, self.wall)


def _event(incident: str, kind: str, actor: Actor, at: datetime, key: str | None) -> str:
    said = at.isoformat() if key is None else hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"{incident}:{kind}:{actor.id}:{said}"
