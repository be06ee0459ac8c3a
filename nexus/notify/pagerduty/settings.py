"""`kind: pagerduty`."""

from typing import Literal

from pydantic import Field

from nexus.notify.settings import Address, DestinationSettings
from tools.live.secrets import SecretRef


class PagerDutySettings(DestinationSettings):
    """The incident's alert is opened, acknowledged and resolved in PagerDuty (Events API v2)."""

    kind: Literal["pagerduty"]
    routing_key: SecretRef = Field(description="of an Events API v2 integration, by reference")
    url: Address = Field(
        default="https://events.pagerduty.com/v2/enqueue",
        description="where events are posted to; the EU's is https://events.eu.pagerduty.com/v2/enqueue",
    )
