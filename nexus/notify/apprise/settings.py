"""`kind: apprise`."""

from typing import Literal

from pydantic import Field

from nexus.notify.settings import DestinationSettings
from tools.live.secrets import SecretRef


class AppriseSettings(DestinationSettings):
    """One service that apprise knows: SMS, Telegram, Matrix, Pushover, … Needs the extra `notify`."""

    kind: Literal["apprise"]
    url: SecretRef = Field(description="as apprise writes it, such as twilio://…, by reference")
    wakes: bool = Field(default=False, description="whether it wakes a sleeper: an SMS, a call, a loud push")
