"""Reads `nexus.yaml` again while the server goes on: for its intake, its senders and who may come."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import SecretStr

from incidents.errors import NexusError, SettingsError
from nexus.config.site import Site
from nexus.config.site_changes import changed_parts
from nexus.server.auth import Authenticator
from nexus.server.senders import SenderDoor
from nexus.service.identity import People
from nexus.service.intake import AlertIntake
from nexus.service.metrics import ServerMetrics

#: What a server holds that was made of these at its start: its incidents' name, its hands, its store.
AT_THE_START = ("site", "worker", "server", "store")


@dataclass
class SiteReload:
    """One server's; a file that cannot be used changes nothing at all.

    Args:
        intake: gets the services, the forms, the heartbeats, how alerts join.
        door: gets the senders and the token.
        people: gets who may come; whoever is gone from the file is no longer known.
        metrics: gets the names that may stand in a label.
        read: what the file says now, checked as at the start.
        of_this_machine: whether only this machine reaches the server: others have to show something.
        tell: hears what changed, or why nothing did.
    """

    intake: AlertIntake
    door: SenderDoor
    people: Authenticator
    metrics: ServerMetrics
    read: Callable[[], Site]
    of_this_machine: bool
    tell: Callable[[str], None]
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def again(self) -> None:
        """Read it, and say in a sentence what of it is used from now on."""
        async with self._one_at_a_time:
            old = self.intake.site
            try:
                wanted = await asyncio.to_thread(self.read)
                token, people = await asyncio.to_thread(self._proofs, wanted)
            except NexusError as error:
                self.tell(f"nexus.yaml cannot be used, what it said before stays in force: {error}")
                return
            kept = {part: getattr(old, part) for part in AT_THE_START}
            self._use(wanted.model_copy(update=kept), token, people)
            self.tell(f"nexus.yaml was read again; {_told(old, wanted)}")

    def _proofs(self, site: Site) -> tuple[SecretStr | None, People]:
        resolve = self.intake.home.secrets
        token = resolve(site.intake.token) if site.intake.token else None
        if token is None and not site.intake.proves_senders and not self.of_this_machine:
            raise SettingsError("intake.token: listening beyond this machine needs one; put it back")
        return token, People.checked(site, resolve)

    def _use(self, site: Site, token: SecretStr | None, people: People) -> None:
        """All in one step of the loop: no request sees a half of it."""
        self.intake.use(site)
        self.door.use(site.intake.senders, token)
        self.people.use(people)
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
