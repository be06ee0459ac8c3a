"""`kind: slack` and `kind: slack_webhook`."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from nexus.notify.settings import Address, DestinationSettings
from tools.live.secrets import SecretRef


def _channel_id(said: str) -> str:
    """Refuse a channel's name: Slack takes it today, and another channel may have it tomorrow."""
    if re.fullmatch(r"[A-Z][A-Z0-9]{5,20}", said) is None:
        raise PydanticCustomError(
            "channel", "a channel's id is wanted, such as C024BE91L; Slack shows it below a channel's details"
        )
    return said


class SlackSettings(DestinationSettings):
    """A bot keeps one message for each incident up to date, and says everything else in its thread."""

    kind: Literal["slack"]
    token: SecretRef = Field(description="of the bot, xoxb-…, with the scope chat:write, by reference")
    channel: Annotated[str, AfterValidator(_channel_id)] = Field(
        description="its id, such as C024BE91L; the bot has to be in it"
    )
    signing_secret: SecretRef | None = Field(
        default=None,
        description="of the app, by reference: its buttons are answered as they come in over HTTP",
    )
    app_token: SecretRef | None = Field(
        default=None,
        description="of the app, xapp-…, with the scope connections:write, by reference: its buttons are "
        "answered over a connection that Nexus opens (Socket Mode), for a site without an inbound door",
    )
    url: Address = Field(default="https://slack.com/api", description="where Slack's methods are")

    @property
    def answers(self) -> bool:
        """Whether somebody listens to its buttons; else they lead to pages."""
        return self.signing_secret is not None or self.app_token is not None


class SlackWebhookSettings(DestinationSettings):
    """An incoming webhook: each notice is a message by itself, whose buttons lead to pages."""

    kind: Literal["slack_webhook"]
    url: SecretRef = Field(description="the webhook's address, by reference: who knows it can post")
