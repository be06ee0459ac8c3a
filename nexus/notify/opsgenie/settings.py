"""`kind: opsgenie`."""

from typing import Literal

from pydantic import Field

from nexus.notify.settings import Address, DestinationSettings
from tools.live.secrets import SecretRef


class OpsgenieSettings(DestinationSettings):
    """The incident's alert is opened, acknowledged and closed in Opsgenie or Jira Service Management."""

    kind: Literal["opsgenie"]
    key: SecretRef = Field(description="of an API integration, by reference")
    url: Address = Field(
        default="https://api.opsgenie.com",
        description="the EU's is https://api.eu.opsgenie.com, Jira Service Management's "
        "https://api.atlassian.com/jsm/ops/integration",
    )
