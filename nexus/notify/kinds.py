"""The kinds of destinations that `nexus.yaml` may name, by `kind`; each in a folder of its own."""

from typing import Annotated

from pydantic import Field

from nexus.notify.apprise.settings import AppriseSettings
from nexus.notify.file.settings import FileSettings
from nexus.notify.ntfy.settings import NtfySettings
from nexus.notify.opsgenie.settings import OpsgenieSettings
from nexus.notify.pagerduty.settings import PagerDutySettings
from nexus.notify.slack.settings import SlackSettings, SlackWebhookSettings
from nexus.notify.smtp.settings import MailSettings
from nexus.notify.teams.settings import TeamsSettings
from nexus.notify.webhook.settings import WebhookSettings

#: Read by every verb that reads `nexus.yaml`: a module of settings imports nothing heavy.
AnyDestination = Annotated[
    AppriseSettings
    | FileSettings
    | MailSettings
    | NtfySettings
    | OpsgenieSettings
    | PagerDutySettings
    | SlackSettings
    | SlackWebhookSettings
    | TeamsSettings
    | WebhookSettings,
    Field(discriminator="kind"),
]
