"""`kind: teams`."""

from typing import Literal

from pydantic import Field

from nexus.notify.settings import DestinationSettings
from tools.live.secrets import SecretRef


class TeamsSettings(DestinationSettings):
    """Each notice is a card in a channel, posted by a workflow; its buttons open pages of Nexus."""

    kind: Literal["teams"]
    url: SecretRef = Field(
        description="of a workflow that starts when a Teams webhook request is received, by reference"
    )
