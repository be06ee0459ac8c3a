"""Nexus itself is watched from outside: a watchdog is told that it lives, and raises the alarm when not."""

from dataclasses import dataclass
from datetime import timedelta

import httpx2

from incidents.errors import NexusError
from nexus.config.server import WatchdogSettings
from nexus.service.intake import AlertIntake
from tools.live.link_local import guarded
from tools.live.trust import system_trust
from tools.wording import length

#: Work that is due and that nobody does for longer: it does not live, whatever its processes say.
LATE = timedelta(minutes=2)
#: How long the watchdog may take, in seconds.
PATIENCE = 10.0


class WatchdogFailed(NexusError):
    """It was not told; the sentence says why, without its address, which is a secret."""


@dataclass(frozen=True)
class Watchdog:
    """What tells it, for one live world.

    Args:
        intake: whose store is asked whether work goes on.
        settings: where it is.
    """

    intake: AlertIntake
    settings: WatchdogSettings

    async def look(self) -> None:
        """Tell it once, if what is due is done: a watchdog that hears nothing is the alarm.

        Raises:
            WatchdogFailed: nothing drives, or it was not reached.
        """
        home, now = self.intake.home, self.intake.clock.now()
        since = await home.store.due_since(now, self.intake.site.site)
        if since is not None and now - since > LATE:
            late = length((now - since).total_seconds() / 60)
            raise WatchdogFailed(f"the watchdog is not told: work has been due for {late} with nobody at it")
        address = home.secrets(self.settings.url).get_secret_value()
        try:
            async with httpx2.AsyncClient(
                timeout=PATIENCE, verify=system_trust(), event_hooks=guarded()
            ) as client:
                answer = await client.get(address, headers={"User-Agent": "nexus-incident"})
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
            raise WatchdogFailed(f"the watchdog does not answer ({type(error).__name__})") from None
        if not answer.is_success:
            raise WatchdogFailed(f"the watchdog answered {answer.status_code}")
