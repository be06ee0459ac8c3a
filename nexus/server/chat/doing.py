"""What somebody does in a chat, through the same service as everywhere: who they are, then what they may."""

from dataclasses import dataclass

from incidents.access import Permission
from incidents.action import Verdict
from incidents.actor import Actor, Via
from incidents.errors import NexusError, UsageError
from nexus.server.api.context import ApiContext
from nexus.server.auth import Authenticator
from nexus.service.answers import by_keyword, passages
from nexus.service.chat_accounts import ChatAccount, ChatAccounts
from nexus.service.decision_view import DecisionView
from nexus.service.restricting import require_visible
from nexus.store.find import find_incident

#: The reason that the agents read of a button without a word.
_WITHOUT_A_WORD = "rejected in the chat, without a reason"


@dataclass(frozen=True)
class Asked:
    """What a button is about: exactly what its message had shown."""

    incident: str
    action: str
    digest: str

    @classmethod
    def of(cls, value: str) -> "Asked":
        """What a button's value says.

        Raises:
            UsageError: it is none of ours.
        """
        parts = value.split(" ")
        if len(parts) != 3 or len(parts[2]) != 64:
            raise UsageError("this button is none of Nexus'; nothing was done")
        return cls(*parts)

    @property
    def value(self) -> str:
        """As a button carries it."""
        return f"{self.incident} {self.action} {self.digest}"


@dataclass(frozen=True)
class ChatDoing:
    """The chat's door to the service."""

    context: ApiContext
    known: Authenticator

    @property
    def accounts(self) -> ChatAccounts:
        """Whose which account is."""
        return ChatAccounts(self.context.home.store, self.context.intake.clock)

    async def actor(self, account: ChatAccount) -> Actor | None:
        """Who an account is; None: nobody has linked it, or they may not come in any more.

        Raises:
            HTTPException: 429 if they ask too often.
        """
        person = await self.accounts.person(account)
        actor = self.known.people.with_id(person, Via.CHAT) if person is not None else None
        if actor is None or not await self.known.still_in(actor):
            return None
        self.known.admit(actor)
        return actor

    async def acknowledge(self, incident: str, actor: Actor) -> str:
        """Have it."""
        await self._visible(incident, actor)
        await self.context.doors.handling.acknowledge(incident, actor=actor)
        self.context.ring(incident)
        return f"{actor.name} has {incident}: repeated pages rest, escalations and the agents go on."

    async def shown(self, asked: Asked, actor: Actor) -> DecisionView:
        """What would be signed.

        Raises:
            UsageError: it is another one by now, is decided, or is not theirs to sign here.
        """
        await self._visible(asked.incident, actor)
        view = await self.context.decisions.decision(asked.incident, asked.action, actor)
        if view.digest != asked.digest:
            raise UsageError(f"the plan of {asked.action} has changed since; read what would run now")
        policy = await self.context.home.policy_for(asked.incident)
        why = policy.not_by_chat(view.change.kind, view.needed)
        if why is not None:
            raise UsageError(f"{asked.action} is not decided in a chat: {why}")
        if not view.you.approve:
            raise UsageError(view.you.why)
        return view

    async def decide(self, asked: Asked, verdict: Verdict, actor: Actor) -> str:
        """Sign, or reject."""
        await self._visible(asked.incident, actor)
        note = _WITHOUT_A_WORD if verdict is Verdict.REJECT else ""
        await self.context.doors.decisions.decide(
            asked.incident, verdict, actor=actor, note=note, action=asked.action, digest=asked.digest
        )
        self.context.ring(asked.incident)
        done = "signed" if verdict is Verdict.APPROVE else "rejected"
        return f"{actor.name} has {done} {asked.action} of {asked.incident}."

    async def answer(self, incident: str, question: str, actor: Actor) -> str:
        """What the timeline says to a question: no model is asked, and no evidence is shown."""
        if (why := actor.why_not(Permission.READ)) is not None:
            raise UsageError(why)
        if not question.strip():
            raise UsageError("write `/nexus ask INCIDENT QUESTION`")
        await self._visible(incident, actor)
        await find_incident(self.context.home.store, incident)
        found = by_keyword(question, passages(await self.context.home.store.entries(incident), ()))
        said = "\n".join(f"• {claim.text}" for claim in found.claims)
        return said or "Nothing in the timeline speaks of that; the incident's page has the evidence."

    def page(self, path: str) -> str:
        """An address of ours, or where it is."""
        public = self.context.intake.site.server.public_url
        return f"{public}{path}" if public is not None else f"its page ({path})"

    async def _visible(self, incident: str, actor: Actor) -> None:
        await require_visible(self.context.home.store, actor, incident)


def said_of(error: NexusError) -> str:
    """What somebody reads of what did not count."""
    return f"Nothing was done: {error}."
