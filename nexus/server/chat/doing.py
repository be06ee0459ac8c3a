"""What somebody does in a chat, through the same service as everywhere: who they are, then what they may."""

import re
import uuid
from dataclasses import dataclass, field

from incidents.access import Permission
from incidents.action import Verdict
from incidents.actor import Actor, Via
from incidents.errors import NexusError, Refused, UsageError
from nexus.server.api.context import ApiContext
from nexus.server.auth import Authenticator
from nexus.server.rates import RateLimit
from nexus.service.answers import Answer
from nexus.service.chat_accounts import ChatAccount, ChatAccounts
from nexus.service.decision_view import DecisionView
from nexus.service.questions import ask
from nexus.service.restricting import require_visible
from nexus.store.audit import Deed, DeedKind
from nexus.store.find import find_incident
from nexus.store.records import KeptAnswer

#: The reason that the agents read of a button without a word.
_WITHOUT_A_WORD = "rejected in the chat, without a reason"
_INCIDENT = re.compile(r"INC-\d{4}-\d\d-\d\d-\d{3,9}")
#: Under which what Slack sent is noted as begun; no person has such an id.
_OF_SLACK = "slack\x1f"
#: So many questions of one person a minute.
_QUESTIONS = 10


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
    asks: RateLimit = field(default_factory=lambda: RateLimit(_QUESTIONS))

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

    async def first(self, key: str) -> bool:
        """Whether nobody has begun this yet: of what Slack sends again one is done, in whichever process."""
        store, mine = self.context.home.store, uuid.uuid4().hex
        begun = KeptAnswer(request=mine, status=202, answer="{}", at=self.context.intake.clock.now())
        await store.keep_answer(_OF_SLACK, key, begun)
        kept = await store.answer_of(_OF_SLACK, key)
        return kept is not None and kept.request == mine

    @property
    def thinks(self) -> bool:
        """Whether a model answers, which takes longer than Slack waits."""
        settings = self.context.home.settings
        return settings.engine != "playbook" and settings.names_a_model

    async def asked(self, place: str, said: str) -> tuple[str, str]:
        """Of which incident a question is, and the question.

        Args:
            place: the thread in which it stands.
            said: what was written; it may begin with an incident's id.

        Raises:
            UsageError: neither says which.
        """
        first, _, rest = said.partition(" ")
        if _INCIDENT.fullmatch(first.rstrip(":,")):
            return first.rstrip(":,"), rest
        store, site = self.context.home.store, self.context.intake.site.site
        incident = await store.told_at(site, place)
        if incident is None:
            raise UsageError("ask in the thread of an incident, or begin with its id")
        return incident, said

    async def answer(self, incident: str, question: str, actor: Actor) -> str:
        """What the records say to a question, as `nexus ask`; no line of the evidence is repeated."""
        if (why := actor.why_not(Permission.READ)) is not None:
            raise UsageError(why)
        if not question.strip():
            raise UsageError("write `/nexus ask INCIDENT QUESTION`, or mention Nexus in its thread with one")
        await self._visible(incident, actor)
        if wait := self.asks.wait(actor.id):
            raise Refused(f"too many questions in a short time; ask again in {wait:.0f} s")
        self.asks.count(actor.id)
        home = self.context.home
        await find_incident(home.store, incident)
        found = await ask(home, home.settings, incident, question, quotes=False)
        deed = Deed.by(actor, DeedKind.TOOL_CALL, home.clock.now(), incident, about="ask_about", said="done")
        await home.store.record(deed)
        return _said(found, by_model=self.thinks)

    def page(self, path: str) -> str:
        """An address of ours, or where it is."""
        public = self.context.intake.site.server.public_url
        return f"{public}{path}" if public is not None else f"its page ({path})"

    async def _visible(self, incident: str, actor: Actor) -> None:
        await require_visible(self.context.home.store, actor, incident)


def _said(found: Answer, *, by_model: bool) -> str:
    if not found.claims:
        return " ".join(filter(None, (found.note, "The incident's page has the evidence.")))
    head = found.note if by_model else "No model is configured; these lines of the timeline fit."
    return "\n".join(filter(None, (head, *(f"• {claim.text}" for claim in found.claims))))


def said_of(error: NexusError) -> str:
    """What somebody reads of what did not count."""
    return f"Nothing was done: {error}."
