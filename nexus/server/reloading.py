"""Reads `nexus.yaml` again while the server goes on: for its intake, its senders and who may come."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from incidents.errors import NexusError, SettingsError
from nexus.config.site import Site
from nexus.config.site_changes import changed_parts
from nexus.server.auth import Authenticator
from nexus.server.senders import SenderDoor
from nexus.service.identity import People
from nexus.service.intake import AlertIntake
from nexus.service.metrics import ServerMetrics
from tools.live.secrets import Secrets

#: What a server holds that was made of these at its start: its incidents' name, its hands, its store.
AT_THE_START = ("site", "worker", "server", "store")


@dataclass(frozen=True)
class Doors:
    """What comes in shows something there.

    Attributes:
        senders: gets the senders and the token.
        people: gets who may come; whoever is gone from the file is no longer known.
        of_this_machine: whether only this machine reaches the server: others have to show something.
    """

    senders: SenderDoor
    people: Authenticator
    of_this_machine: bool

    def prepared(self, site: Site, secrets: Secrets) -> Callable[[], None]:
        """What uses the file from its call on; raises NexusError where a proof is missing or shown twice."""
        token = secrets(site.intake.token) if site.intake.token else None
        if token is None and not site.intake.proves_senders and not self.of_this_machine:
            raise SettingsError("intake.token: listening beyond this machine needs one; put it back")
        people = People.checked(site, secrets)

        def use() -> None:
            self.senders.use(site.intake.senders, token)
            self.people.use(people)

        return use


@dataclass
class SiteReload:
    """One process's; a file that cannot be used changes nothing at all.

    Args:
        intake: gets the services, the forms, the heartbeats, how alerts join.
        metrics: gets the names that may stand in a label.
        read: what the file says now, checked as at the start.
        tell: hears what changed, or why nothing did.
        doors: of one that has any.
    """

    intake: AlertIntake
    metrics: ServerMetrics
    read: Callable[[], Site]
    tell: Callable[[str], None]
    doors: Doors | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def again(self) -> None:
        """Read it, and say in a sentence what of it is used from now on."""
        async with self._one_at_a_time:
            old = self.intake.site
            try:
                wanted = await asyncio.to_thread(self.read)
                use = await asyncio.to_thread(self._prepared, wanted)
            except NexusError as error:
                self.tell(f"nexus.yaml cannot be used, what it said before stays in force: {error}")
                return
            kept = {part: getattr(old, part) for part in AT_THE_START}
            self._use(wanted.model_copy(update=kept), use)
            self.tell(f"nexus.yaml was read again; {_told(old, wanted)}")

    def _prepared(self, site: Site) -> Callable[[], None]:
        return self.doors.prepared(site, self.intake.home.secrets) if self.doors else lambda: None

    def _use(self, site: Site, use: Callable[[], None]) -> None:
        """All in one step of the loop: no request sees a half of it."""
        self.intake.use(site)
        use()
        self.metrics.use(site)


def _told(old: Site, new: Site) -> str:
    changed = changed_parts(old, new)
    later = [part for part in changed if part in AT_THE_START]
    now = [part for part in changed if part not in AT_THE_START]
    told = f"changed: {', '.join(now)}" if now else "nothing that is used at once has changed"
    if later:
        told += f"; only a restart brings: {', '.join(later)}"
    if old.backends.metrics != new.backends.metrics:
        told += "; where services run is asked of the metrics of before until a restart"
    return told
