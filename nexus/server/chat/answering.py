"""What Slack is answered, whichever way it asks: over HTTP, signed, or over a connection that we opened.

Whose a request is tells an account that somebody linked while logged in. One that comes again changes
nothing: a decision that was made is made, whoever repeats it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from starlette.exceptions import HTTPException

from incidents.action import Verdict
from incidents.actor import Actor
from incidents.errors import NexusError, UsageError
from nexus.notify.slack.blocks import ACKNOWLEDGE, APPROVE, DECISION, PAGE, REJECT
from nexus.server.chat.app import SlackApp
from nexus.server.chat.doing import Asked, ChatDoing, said_of
from nexus.server.chat.payloads import Command, Event, Interaction, words_of
from nexus.server.chat.views import SIGN, closing, fits, modal, only_to_them, to_them
from nexus.service.chat_accounts import ChatAccount

_HELP = (
    "`/nexus link` makes you known here; `/nexus ask INCIDENT QUESTION`, or a mention with a question in an "
    "incident's thread, is answered from its records, to you alone."
)
#: Buttons that only open a page: Slack tells of them, and wants to hear that it was heard.
_LINKS = frozenset({PAGE, DECISION})


@dataclass(frozen=True)
class Answered:
    """What Slack hears within its three seconds, and what is done once it has.

    Attributes:
        body: its answer; None: only that it was heard.
        later: says the rest another way.
        address: takes the body where that comes too late; empty: nothing does.
    """

    body: Mapping[str, object] | None = None
    later: Callable[[], Awaitable[None]] | None = None
    address: str = ""


@dataclass(frozen=True)
class ChatAnswers:
    """Answers an app of Slack's."""

    doing: ChatDoing

    async def interaction(self, told: Interaction, app: SlackApp) -> Answered:
        """A button, or a form.

        Raises:
            UsageError: the form is none of ours, or nobody is named as who sent it.
        """
        if told.type == "view_submission":
            return Answered(await self._submitted(told, app))
        if told.type != "block_actions" or not told.actions:
            return Answered()
        said = await self._pressed(told, app)

        async def tell() -> None:
            await _tell(app, told, said)

        return Answered(later=tell if said else None)

    async def command(self, told: Command, app: SlackApp) -> Answered:
        """A slash command."""
        verb, _, rest = told.text.strip().partition(" ")
        incident, _, question = rest.strip().partition(" ")

        if verb == "link":
            return Answered(to_them(self._how_to_link(told.account, app)))
        if verb != "ask":
            return Answered(to_them(_HELP))

        async def ask(who: Actor) -> str:
            return await self.doing.answer(incident, question, who)

        async def answer() -> None:
            said = await self._as_them(told.account, app, ask)
            await app.respond(told.response_url, to_them(said))

        if told.trigger_id and not await self.doing.first(f"command {told.trigger_id}"):
            return Answered()
        if self.doing.thinks and told.response_url:
            return Answered(to_them("The records are being read; an answer follows, to you alone."), answer)
        said = await self._as_them(told.account, app, ask)
        return Answered(to_them(said), address=told.response_url)

    async def event(self, told: Event, app: SlackApp) -> Answered:
        """A mention with a question; of what is told again nothing is done."""
        if told.type == "url_verification":
            return Answered({"challenge": told.challenge})
        if told.type != "event_callback" or not told.mentions:
            return Answered()
        account = _account(told)

        async def ask(who: Actor) -> str:
            incident, question = await self.doing.asked(told.place, words_of(told.event.text))
            return await self.doing.answer(incident, question, who)

        async def answer() -> None:
            said = await self._as_them(account, app, ask)
            await _whisper(app, told.event.channel, account.user, told.event.thread_ts, said)

        if not await self.doing.first(f"event {told.event_id}"):
            return Answered()
        return Answered(later=answer)

    async def _pressed(self, told: Interaction, app: SlackApp) -> str:
        """What is said, to them alone, to who pressed; nothing where a modal opens or a page did."""
        button = told.actions[0]

        async def press(who: Actor) -> str:
            if button.action_id == ACKNOWLEDGE:
                return await self.doing.acknowledge(button.value, who)
            asked = Asked.of(button.value)
            if button.action_id == REJECT:
                return await self.doing.decide(asked, Verdict.REJECT, who)
            return await self._shown(asked, who, told, app)

        if button.action_id in _LINKS:
            return ""
        if button.action_id not in {ACKNOWLEDGE, APPROVE, REJECT}:
            return "This button is none of Nexus'; nothing was done."
        return await self._as_them(_account(told), app, press)

    async def _shown(self, asked: Asked, who: Actor, told: Interaction, app: SlackApp) -> str:
        """Open the modal that signs a change; a sentence where none opens."""
        page = self.doing.page(f"/incidents/{asked.incident}/decisions/{asked.action}")
        decision = await self.doing.shown(asked, who)
        if not fits(decision):
            return f"It is too long to be shown here whole; decide at {page}"
        view = modal(decision, asked.value)
        opened = await app.call("views.open", {"trigger_id": told.trigger_id, "view": view})
        return "" if opened else f"Slack did not open it; decide at {page}"

    async def _submitted(self, told: Interaction, app: SlackApp) -> Mapping[str, object]:
        """The answer to a modal that was sent."""
        if told.view.callback_id != SIGN:
            raise UsageError("this form is none of ours")

        async def sign(who: Actor) -> str:
            return await self.doing.decide(Asked.of(told.view.private_metadata), Verdict.APPROVE, who)

        return closing("Nexus", await self._as_them(_account(told), app, sign))

    async def _as_them(
        self, account: ChatAccount, app: SlackApp, do: Callable[[Actor], Awaitable[str]]
    ) -> str:
        """What comes of it, or why nothing does."""
        try:
            who = await self.doing.actor(account)
            if who is None:
                return f"Nobody knows here who you are. {self._how_to_link(account, app)}"
            return await do(who)
        except NexusError as error:
            return said_of(error)
        except HTTPException as refused:  # they ask too often
            return f"Nothing was done: {refused.detail}."

    def _how_to_link(self, account: ChatAccount, app: SlackApp) -> str:
        code = self.doing.accounts.code(account, app.seal.get_secret_value())
        return (
            "Log in to Nexus, open your own page (your name, at the top) and give this code there within ten "
            f"minutes. Show it to nobody, and give there no code that somebody else sent you: {code}"
        )


def _account(told: Interaction | Event) -> ChatAccount:
    try:
        return told.account
    except ValidationError:
        raise UsageError("nobody is named as its sender") from None


async def _tell(app: SlackApp, told: Interaction, said: str) -> None:
    thread = told.message.thread_ts or told.message.ts
    await _whisper(app, told.channel.id, told.user.id, thread, said)


async def _whisper(app: SlackApp, channel: str, user: str, thread: str, said: str) -> None:
    """Say something in a channel, or a thread of it, to one person alone."""
    where: dict[str, object] = {"channel": channel, "user": user}
    await app.call(
        "chat.postEphemeral", where | ({"thread_ts": thread} if thread else {}) | only_to_them(said)
    )
