"""`kind: ntfy`."""

from typing import Literal

from pydantic import Field

from nexus.notify.settings import Address, DestinationSettings
from tools.live.secrets import SecretRef


class NtfySettings(DestinationSettings):
    """Push messages to phones."""

    kind: Literal["ntfy"]
    topic: SecretRef = Field(description="the topic, by reference: who knows its name reads along")
    url: Address = Field(default="https://ntfy.sh", description="the server")
    token: SecretRef | None = Field(
        default=None, description="an access token, or user:password, by reference; not given: none is needed"
    )
