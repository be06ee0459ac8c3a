"""What people ask of an incident, as values: the bodies of the HTTP API, and what the command line sends.

Each knows to whom it goes and what it is answered with. Its docstring is what the API says of it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import Field, StrictBool

from incidents.action import Verdict
from incidents.actor import Actor
from incidents.severity import Severity
from incidents.value import Moment, Value
from nexus.service.hindsight_requests import HINDSIGHT
from nexus.service.request import ChangeName, Digest, Doors, Name, Remark, Request, WholeNumber, Words
from nexus.service.restricting import RESTRICTING
from nexus.service.ticket_requests import TICKETS
from nexus.service.views import AllHalted, Decided, Halted, Handled, Noted, Regrouped, Settled
from nexus.store.dead_letters import DeadLetter

_FIRST = datetime.min.replace(tzinfo=UTC)


class Decision(Request):
    """Approve or reject a change that waits, by the full digest that was shown."""

    path = "decisions"
    answer = Decided
    verdict: Verdict
    action: ChangeName
    digest: Digest = Field(description="of exactly what was shown")
    note: Remark = Field(default="", description="why; the agents read a rejection's")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Decided:
        """Send the decision."""
        said = {"action": self.action, "digest": self.digest, "note": self.note}
        return Decided.of(await doors.decisions.decide(incident, self.verdict, actor=actor, **said))


class AskAnotherWay(Request):
    """Reject a change that waits, with what it should be instead: the agents look for another way."""

    path = "another-way"
    answer = Decided
    action: ChangeName
    digest: Digest = Field(description="of exactly what was shown")
    wish: Words = Field(description="what it should be instead, or must not touch; the agents read it")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Decided:
        """Ask for it."""
        asked = doors.decisions.ask_another_way(
            incident, self.action, self.digest, actor=actor, wish=self.wish
        )
        return Decided.of(await asked)


class Revoke(Request):
    """Take back an approval before the change has begun: it never begins, and the agents look again."""

    path = "revoke"
    answer = Decided
    action: ChangeName
    digest: Digest = Field(description="of exactly what was approved")
    note: Words = Field(description="why; the agents read it")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Decided:
        """Take it back."""
        revoked = await doors.decisions.revoke(
            incident, self.action, self.digest, actor=actor, note=self.note
        )
        return Decided.of(revoked)


class LeaveNote(Request):
    """Give the agents a hint or a constraint; the answer says which it was understood as."""

    path = "note"
    answer = Noted
    text: Words = Field(description="what the agents should know")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Noted:
        """Leave it."""
        return await doors.commands.note(incident, actor=actor, text=self.text, key=key)


class SetSeverity(Request):
    """Set the severity by hand; it stays until a person changes it."""

    path = "severity"
    severity: Severity

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Set it."""
        return await doors.commands.set_severity(incident, self.severity, actor=actor, key=key)


class Stop(Request):
    """Stop the agents; what is pending is revoked, people take over."""

    path = "stop"
    answer = Halted
    reason: Words = Field(description="why")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Halted:
        """Stop them."""
        done = await doors.commands.stop(incident, actor=actor, reason=self.reason, key=key)
        return Halted(**dict(done), under_way=await doors.commands.under_way(incident))


class StopEverything(Value):
    """Stop the agents of every incident that runs."""

    reason: Words = Field(description="why")

    async def put(self, doors: Doors, actor_of: Callable[[str], Actor]) -> AllHalted:
        """Stop them; raises as `IncidentCommands.stop_all`, which is told who asks in the same way."""
        stopped = await doors.commands.stop_all(actor_of=actor_of, reason=self.reason)
        under_way = {one.incident: await doors.commands.under_way(one.incident) for one in stopped}
        return AllHalted(
            items=tuple(Halted(**dict(one), under_way=under_way[one.incident]) for one in stopped)
        )


class Settle(Request):
    """Say what became of a change that was begun, where nobody else can tell; it is never run again."""

    path = "settle"
    answer = Settled
    action: ChangeName
    done: StrictBool = Field(description="what is seen at the target")
    note: Remark = Field(default="", description="what was seen")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Settled:
        """Say it."""
        said = await doors.commands.settle(incident, self.action, done=self.done, actor=actor, note=self.note)
        return Settled(incident=incident, action=self.action, outcome=said)


class Replay(Request):
    """Have an event heard again that was set aside, once what broke over it is mended."""

    path = "replay"
    answer = DeadLetter
    event: Name | None = Field(default=None, description="its id; not needed while one alone is set aside")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> DeadLetter:
        """Have it heard."""
        return await doors.commands.replay(incident, actor=actor, event=self.event)


class Acknowledge(Request):
    """Say that you have an incident: its repeated pages rest, escalations and the agents go on."""

    path = "acknowledge"
    note: Remark = ""

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Say it."""
        return await doors.handling.acknowledge(incident, actor=actor, note=self.note)


class TakeOver(Request):
    """Have an incident from now on instead of the person who has it; the agents go on."""

    path = "take-over"
    note: Remark = ""

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Take it over."""
        return await doors.handling.take_over(incident, actor=actor, note=self.note)


class HandOver(Request):
    """Hand an incident to another person, who is told and has to say that they have it."""

    path = "hand-over"
    to: Name = Field(description="the person, by name")
    note: Words = Field(description="what they need to know")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Hand it over."""
        return await doors.handling.hand_over(incident, actor=actor, to=self.to, note=self.note)


class Take(Request):
    """Take an incident from the agents, whose proposals are revoked, or from whoever holds it."""

    path = "take"

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Take it."""
        return await doors.handling.take(incident, actor=actor)


class GiveBack(Request):
    """Give an incident back to the agents, who look again with the note before them."""

    path = "give-back"
    note: Words = Field(description="what they need")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Give it back."""
        return await doors.handling.give_back(incident, actor=actor, note=self.note)


class TellChange(Request):
    """Tell what was changed outside of Nexus: it becomes evidence, and its effect is watched."""

    path = "changed"
    service: Name = Field(description="of the catalogue")
    what: Words = Field(description="what was changed")
    at: Moment | None = Field(default=None, description="when; not given: now")
    seconds_ago: WholeNumber = Field(default=0, ge=0, le=31_536_000, description="counted back from `at`")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Tell it."""
        ago = timedelta(seconds=self.seconds_ago)
        # What lies a year back is refused; before the year 1 there is nothing to count to.
        when = max(self.at, _FIRST + ago) - ago if self.at is not None else ago
        return await doors.handling.changed(
            incident, actor=actor, service=self.service, what=self.what, when=when
        )


class Mitigate(Request):
    """Say that users feel no more of it, though it is not over."""

    path = "mitigated"
    note: Remark = ""

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Say it."""
        return await doors.handling.mitigated(incident, actor=actor, note=self.note)


class Resolve(Request):
    """Say that an incident is over; the post-mortem follows."""

    path = "resolve"
    note: Remark = ""

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Say it."""
        return await doors.handling.resolve(incident, actor=actor, note=self.note)


class CallFalseAlarm(Request):
    """Say that nothing was wrong; what raised the alarm goes to the backlog."""

    path = "false-alarm"
    note: Remark = ""

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Say it."""
        return await doors.handling.false_alarm(incident, actor=actor, note=self.note)


class Reopen(Request):
    """Open an incident again that has ended and is not over: the agents measure and look again."""

    path = "reopen"
    note: Words = Field(description="why it is not over")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Handled:
        """Open it."""
        return await doors.handling.reopen(incident, actor=actor, note=self.note)


class Split(Request):
    """Take alerts out of an incident into one of their own; the next alerts of that sort stay apart."""

    path = "split"
    answer = Regrouped
    alerts: tuple[Name, ...] = Field(
        min_length=1, max_length=1000, description="fingerprints, services, or the incident merged into it"
    )
    reason: Words = Field(description="why")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Regrouped:
        """Take them out."""
        return await doors.regrouping.split(incident, self.alerts, actor=actor, reason=self.reason)


class Merge(Request):
    """Merge another incident into this one, which goes on; the next alerts of that sort join it."""

    path = "merge"
    answer = Regrouped
    other: Name = Field(description="the incident that is closed")
    reason: Words = Field(description="why")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Regrouped:
        """Merge it."""
        return await doors.regrouping.merge(incident, self.other, actor=actor, reason=self.reason)


#: Every kind.
REQUESTS: tuple[type[Request], ...] = (
    Decision, AskAnotherWay, Revoke, LeaveNote, SetSeverity, Stop, Settle, Replay, Acknowledge, TakeOver,
    HandOver, Take, GiveBack, TellChange, Mitigate, Resolve, CallFalseAlarm, Reopen, Split, Merge,
    *HINDSIGHT, *RESTRICTING, *TICKETS,
)  # fmt: skip
