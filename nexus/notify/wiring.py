"""The one place where what `nexus.yaml` says of a destination becomes one.

How to add a kind, say `pager`:

1. `nexus/notify/pager/settings.py`: `class PagerSettings(DestinationSettings)` with `kind: Literal["pager"]`
   and its options; an address that is a secret is an `Address`, every other secret a `SecretRef`. It imports
   nothing heavier than pydantic: every verb that reads `nexus.yaml` imports it.
2. `nexus/notify/kinds.py`: name it in `AnyDestination`.
3. `nexus/notify/pager/destination.py`: implement `nexus.notify.destination.Destination`. It raises nothing;
   `nexus.notify.http` has the client, and what an answer of HTTP means.
4. A case below, which imports it there: a site pays for what it names. Ask `resolve` for each secret; what it
   gave is taken out of every reason before that is kept.
5. A row in `tests/nexus/notify/kinds.py`, which holds each kind to the conformance suite, and in the table of
   destinations of `docs/operations.md`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import SecretStr

from incidents.errors import SettingsError
from nexus.notify.apprise.settings import AppriseSettings
from nexus.notify.destination import Destination
from nexus.notify.file.settings import FileSettings
from nexus.notify.kinds import AnyDestination
from nexus.notify.ntfy.settings import NtfySettings
from nexus.notify.opsgenie.settings import OpsgenieSettings
from nexus.notify.pagerduty.settings import PagerDutySettings
from nexus.notify.slack.settings import SlackSettings, SlackWebhookSettings
from nexus.notify.smtp.links import Offering
from nexus.notify.smtp.settings import MailSettings
from nexus.notify.teams.settings import TeamsSettings
from nexus.notify.unusable import Unusable
from nexus.notify.webhook.settings import WebhookSettings
from tools.clock import Clock
from tools.live.secrets import REFERENCE, SecretRef, without

Resolve = Callable[[SecretRef], SecretStr]
Opening = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True)
class Opened:
    """A destination with what the loop that sends to it must know.

    Attributes:
        secrets: what was looked up for it.
    """

    destination: Destination
    settings: AnyDestination
    secrets: frozenset[str]

    def shown(self, text: str) -> str:
        """A text that may repeat what the destination was given, without it."""
        return without(text, self.secrets)


def opened(
    settings: AnyDestination, secrets: Resolve, clock: Clock, opening: Opening | None = None,
    offering: Offering | None = None,
) -> Opened:  # fmt: skip
    """A destination, which holds no connection yet.

    Args:
        settings: what `nexus.yaml` says of it.
        secrets: looks its secrets up.
        clock: the wall's, or a virtual one.
        opening: how the provider calls the first notice of an incident that it took here.
        offering: makes the link by which a letter's reader has an incident.

    Raises:
        SettingsError: a secret is missing or is none.
    """
    given: set[str] = set()

    def resolve(reference: SecretRef) -> SecretStr:
        try:
            secret = secrets(reference)
        except SettingsError as error:
            raise SettingsError(f"notify.destinations.{settings.name}: {error}") from None
        given.add(secret.get_secret_value())
        return secret

    made = _made(settings, resolve, clock, opening, offering)
    return Opened(made, settings, frozenset(given))


def opened_anyway(
    settings: AnyDestination, secrets: Resolve, clock: Clock, opening: Opening | None = None,
    offering: Offering | None = None,
) -> Opened:  # fmt: skip
    """As `opened`; one that cannot be opened refuses whatever it is given, with the reason."""
    try:
        return opened(settings, secrets, clock, opening, offering)
    except SettingsError as error:
        return Opened(Unusable(settings.name, str(error)), settings, frozenset())


def _made(
    settings: AnyDestination, resolve: Resolve, clock: Clock, opening: Opening | None,
    offering: Offering | None,
) -> Destination:  # fmt: skip
    match settings:
        case FileSettings():
            from nexus.notify.file.destination import FileDestination  # noqa: PLC0415 - as said above

            return FileDestination(settings.name, settings.path)
        case WebhookSettings():
            from nexus.notify.webhook.destination import WebhookDestination  # noqa: PLC0415 - as said above

            where = address_of(settings.url, resolve)
            return WebhookDestination(settings.name, where, resolve(settings.secret), clock, settings.limit)
        case MailSettings():
            from nexus.notify.smtp.destination import MailDestination  # noqa: PLC0415 - as said above

            server = settings.server
            password = resolve(server.password) if server.password is not None else None
            return MailDestination(settings.name, settings.to, server, password, settings.limit, offering)
        case AppriseSettings():
            from nexus.notify.apprise.destination import AppriseDestination  # noqa: PLC0415 - as said above

            address, wakes = resolve(settings.url), settings.wakes
            return AppriseDestination(settings.name, address, wakes=wakes, clock=clock, limit=settings.limit)
        case SlackSettings() | SlackWebhookSettings() | TeamsSettings():
            return _chat(settings, resolve, clock, opening)
        case PagerDutySettings() | OpsgenieSettings() | NtfySettings():
            return _pager(settings, resolve, clock)


def _chat(
    settings: SlackSettings | SlackWebhookSettings | TeamsSettings, resolve: Resolve, clock: Clock,
    opening: Opening | None,
) -> Destination:  # fmt: skip
    match settings:
        case SlackSettings():
            from nexus.notify.slack.bot import SlackBot  # noqa: PLC0415 - as said above

            token, where = resolve(settings.token), address_of(settings.url, resolve)
            return SlackBot(
                settings.name, token, settings.channel,
                opening=opening, answers=settings.answers,
                api=where, clock=clock, limit=settings.limit,
            )  # fmt: skip
        case SlackWebhookSettings():
            from nexus.notify.slack.webhook import SlackWebhook  # noqa: PLC0415 - as said above

            return SlackWebhook(settings.name, resolve(settings.url), clock=clock, limit=settings.limit)
        case TeamsSettings():
            from nexus.notify.teams.destination import Teams  # noqa: PLC0415 - as said above

            return Teams(settings.name, resolve(settings.url), clock=clock, limit=settings.limit)


def _pager(
    settings: PagerDutySettings | OpsgenieSettings | NtfySettings, resolve: Resolve, clock: Clock
) -> Destination:
    where = address_of(settings.url, resolve)
    match settings:
        case PagerDutySettings():
            from nexus.notify.pagerduty.destination import PagerDuty  # noqa: PLC0415 - as said above

            key = resolve(settings.routing_key)
            return PagerDuty(settings.name, key, api=where, clock=clock, limit=settings.limit)
        case OpsgenieSettings():
            from nexus.notify.opsgenie.destination import Opsgenie  # noqa: PLC0415 - as said above

            key = resolve(settings.key)
            return Opsgenie(settings.name, key, api=where, clock=clock, limit=settings.limit)
        case NtfySettings():
            from nexus.notify.ntfy.destination import Ntfy  # noqa: PLC0415 - as said above

            topic = resolve(settings.topic)
            token = resolve(settings.token) if settings.token is not None else None
            return Ntfy(settings.name, topic, server=where, token=token, clock=clock, limit=settings.limit)


def address_of(url: str, resolve: Resolve) -> str:
    """An address, looked up where only its name is written."""
    return resolve(url).get_secret_value() if REFERENCE.fullmatch(url) else url
