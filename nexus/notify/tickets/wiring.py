"""The one place where what `nexus.yaml` says of a tracker becomes one."""

from collections.abc import Callable

from pydantic import SecretStr

from incidents.errors import SettingsError
from nexus.notify.tickets.port import Tracker
from nexus.notify.tickets.settings import (
    AnyTracker,
    GitHubSettings,
    GitLabSettings,
    JiraDataCenterSettings,
    JiraSettings,
    LinearSettings,
)
from nexus.notify.wiring import address_of
from tools.clock import Clock
from tools.live.secrets import SecretRef


def tracker_of(settings: AnyTracker, secrets: Callable[[SecretRef], SecretStr], clock: Clock) -> Tracker:
    """A tracker, which holds no connection yet.

    Raises:
        SettingsError: a secret is missing.
    """
    try:
        token, url = secrets(settings.token), address_of(settings.url, secrets)
    except SettingsError as error:
        raise SettingsError(f"tickets: {error}") from None
    match settings:
        case JiraSettings() | JiraDataCenterSettings():
            from nexus.notify.tickets.jira import Jira  # noqa: PLC0415 - a site pays for what it names

            return Jira(settings, token, url, clock)
        case GitHubSettings():
            from nexus.notify.tickets.github import GitHub  # noqa: PLC0415 - as above

            return GitHub(settings, token, url, clock)
        case GitLabSettings():
            from nexus.notify.tickets.gitlab import GitLab  # noqa: PLC0415 - as above

            return GitLab(settings, token, url, clock)
        case LinearSettings():
            from nexus.notify.tickets.linear import Linear  # noqa: PLC0415 - as above

            return Linear(settings, token, url, clock)
