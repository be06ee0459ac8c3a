"""What Slack sends when a button is pressed, a form is sent or a command is given, as far as it is read."""

from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nexus.service.chat_accounts import ChatAccount

_ID = r"^[A-Z0-9]{1,30}$"


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
    """A slash command."""

    team_id: str = Field(pattern=_ID)
    user_id: str = Field(pattern=_ID)
    text: str = Field(default="", max_length=4_000)

    @property
    def account(self) -> ChatAccount:
        """Who it was."""
        return ChatAccount(team=self.team_id, user=self.user_id)


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
