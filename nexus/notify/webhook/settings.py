"""`kind: webhook`."""

from typing import Literal

from pydantic import Field

from nexus.notify.settings import Address, DestinationSettings
from tools.live.secrets import SecretRef


class WebhookSettings(DestinationSettings):
    """Each notice is posted as JSON, signed (Standard Webhooks 1.0)."""

    kind: Literal["webhook"]
    url: Address = Field(description="the address, or env:NAME or file:/PATH where it is a secret")
    secret: SecretRef = Field(description="what it is signed with, whsec_…, by reference")
