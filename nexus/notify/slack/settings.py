"""`kind: slack` and `kind: slack_webhook`."""

from typing import Literal

from pydantic import Field

from nexus.notify.settings import Address, DestinationSettings
from tools.live.secrets import SecretRef


class SlackSettings(DestinationSettings):
    """A bot keeps one message for each incident up to date, and says everything else in its thread."""

    kind: Literal["slack"]
    token: SecretRef = Field(description="of the bot, xoxb-…, with the scope chat:write, by reference")
    channel: str = Field(
        pattern=r"^[A-Z][A-Z0-9]{5,20}$", description="its id, such as C024BE91L; the bot has to be in it"
    )
    signing_secret: SecretRef | None = Field(
        default=None,
        description="of the app, by reference: its buttons are answered; without it they lead to pages",
    )
    url: Address = Field(default="https://slack.com/api", description="where Slack's methods are")


class SlackWebhookSettings(DestinationSettings):
    """An incoming webhook: each notice is a message by itself, whose buttons lead to pages."""

    kind: Literal["slack_webhook"]
    url: SecretRef = Field(description="the webhook's address, by reference: who knows it can post")
