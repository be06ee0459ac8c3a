"""The kinds of destinations that `nexus.yaml` may name, by `kind`; each in a folder of its own."""

from typing import Annotated

from pydantic import Field

from nexus.notify.file.settings import FileSettings
from nexus.notify.webhook.settings import WebhookSettings

#: Read by every verb that reads `nexus.yaml`: a module of settings imports nothing heavy.
AnyDestination = Annotated[FileSettings | WebhookSettings, Field(discriminator="kind")]
