"""What Slack sends, as far as it is read: buttons, forms, commands, and that somebody has mentioned us."""

import html
import re
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nexus.service.chat_accounts import ChatAccount

_ID = r"^[A-Z0-9]{1,30}$"
#: `<@U1>`, `<@U1|dana>`; and what else stands in angle brackets: `<#C1|ops>`, `<https://x|label>`, `<!here>`.
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>")
_MARKED = re.compile(r"<([^<>|\s]+)(?:\|([^<>]*))?>")


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Named(_Sent):
    id: str = ""


class _Action(_Sent):
    action_id: str = Field(max_length=255)
    value: str = Field(default="", max_length=2_000)


class _Message(_Sent):
    ts: str = ""
    thread_ts: str = ""


class _View(_Sent):
    callback_id: str = ""
    private_metadata: str = Field(default="", max_length=3_000)


class Interaction(_Sent):
    """A button, or the form of a modal."""

    type: str
    team: _Named | None = None
    user: _Named
    channel: _Named = _Named()
    message: _Message = _Message()
    trigger_id: str = ""
    actions: tuple[_Action, ...] = ()
    view: _View = _View()

    @property
    def account(self) -> ChatAccount:
        """Who it was."""
        return ChatAccount(team=self.team.id if self.team is not None else "", user=self.user.id)


class Command(_Sent):
    """A slash command; `response_url` takes an answer that comes later, to whoever gave it alone."""

    team_id: str = Field(pattern=_ID)
    user_id: str = Field(pattern=_ID)
    text: str = Field(default="", max_length=4_000)
    trigger_id: str = Field(default="", max_length=200)
    response_url: str = Field(default="", max_length=2_000)

    @property
    def account(self) -> ChatAccount:
        """Who it was."""
        return ChatAccount(team=self.team_id, user=self.user_id)


class _Happened(_Sent):
    type: str = ""
    user: str = ""
    text: str = Field(default="", max_length=40_000)
    channel: str = ""
    ts: str = ""
    thread_ts: str = ""
    bot_id: str = ""
    subtype: str = ""


class Event(_Sent):
    """Something that happened in a channel; of its id it is known when Slack tells of it again.

    Attributes:
        challenge: what Slack wants back once, to know that its events are expected here.
    """

    type: str
    challenge: str = Field(default="", max_length=1_000)
    team_id: str = ""
    event_id: str = Field(default="", max_length=100)
    event: _Happened = _Happened()

    @property
    def mentions(self) -> bool:
        """Whether a person has mentioned us; a program's mention, ours among them, asks for nothing."""
        one = self.event
        return one.type == "app_mention" and bool(one.user) and not one.bot_id and not one.subtype

    @property
    def account(self) -> ChatAccount:
        """Who it was."""
        return ChatAccount(team=self.team_id, user=self.event.user)

    @property
    def place(self) -> str:
        """Where its thread begins, as a delivery's reference names it."""
        return f"{self.event.channel}:{self.event.thread_ts or self.event.ts}"


def words_of(text: str) -> str:
    """What somebody wrote, without whom it mentions and without Slack's marks."""
    unmarked = _MARKED.sub(lambda found: found[2] or found[1], _MENTION.sub(" ", text))
    return " ".join(html.unescape(unmarked).split())


def event_of(body: bytes) -> Event | None:
    """An event, or None if it is none."""
    try:
        return Event.model_validate_json(body)
    except ValidationError:
        return None


def interaction_of(body: bytes) -> Interaction | None:
    """An interaction, or None if it is none."""
    fields = _fields(body)
    try:
        return Interaction.model_validate_json(fields.get("payload", ""))
    except ValidationError:
        return None


def command_of(body: bytes) -> Command | None:
    """A command, or None if it is none."""
    try:
        return Command.model_validate(_fields(body))
    except ValidationError:
        return None


def _fields(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}
