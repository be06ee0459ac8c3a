"""What senders told of changes, as a source of the changes port beside those that `nexus.yaml` names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from incidents.changes import Change, ChangeKind, is_elsewhere
from incidents.errors import SettingsError, ToolFailed
from incidents.findings import Window
from nexus.config.service_aliases import aliases_beside, load_aliases
from nexus.config.site import Site
from nexus.store.port import Intake
from tools.alerts.matching.match import Matcher
from tools.alerts.matching.names import ServiceNames
from tools.live.changes.same_change import merged

#: So far back it is looked for what ran before.
BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class SentChanges:
    """The changes port over what was sent to one site.

    Args:
        store: where what was sent is kept.
        site: whose changes, its environment, whether it asks other sources as well.
        aliases: the file of confirmed names.
    """

    store: Intake
    site: Site
    aliases: Path

    @classmethod
    def of(cls, store: Intake, site: Site, path: Path) -> Self:
        """Those of the site that a `nexus.yaml` describes."""
        return cls(store, site, aliases_beside(path))

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The changes of a window, oldest first, each with its sender and what ran before it.

        Raises:
            ToolFailed: nothing else is configured, and nobody has told of any change for a month.
        """
        whole = Window(start=window.start - BEFORE, end=window.end)
        told = await self.store.changes(self.site.site, whole)
        if not told and not self.site.backends.changes:
            raise ToolFailed(
                "nexus.yaml names no changes backend (backends.changes), and no sender has told of a change "
                f"in the {BEFORE.days} days before"
            )
        ours = [self._named(one) for one in told if not is_elsewhere(one, self.site.environment)]
        found = merged((one.sent.sender if one.sent else "", one) for one in ours)
        return tuple(one for one in _after_another(_told_apart(found)) if window.start <= one.time)

    async def check(self) -> str:
        """Nothing is asked."""
        return "what senders tell"

    async def aclose(self) -> None:
        """Nothing is open."""

    def _named(self, change: Change) -> Change:
        """With the service that its name means by now; people may have said so since it was told."""
        if self.site.catalogue.find(change.service) is not None:
            return change
        try:
            aliases = load_aliases(self.aliases)
        except SettingsError:
            aliases = ()
        matcher = Matcher(ServiceNames(self.site.services, aliases))
        found = matcher.match({}, change.sent.sender if change.sent else "", change.service).service
        return change.model_copy(update={"service": found}) if found is not None else change


def _told_apart(changes: Sequence[Change]) -> list[Change]:
    """Ids of their own: who deploys the same version twice may call it the same twice."""
    seen: set[str] = set()
    found = []
    for one in changes:
        own = one.id
        if own in seen and one.sent is not None:
            own = f"{one.id}#{one.sent.delivery}"
        seen.add(own)
        found.append(one.model_copy(update={"id": own}))
    return found


def _after_another(changes: Sequence[Change]) -> list[Change]:
    """Each deployment that does not say what ran before it, with the one before it that did not fail."""
    ran: dict[str, list[str]] = {}
    found = []
    for one in changes:
        if one.kind is ChangeKind.DEPLOY and one.version_to:
            versions = ran.setdefault(one.service, [])
            before = next((version for version in reversed(versions) if version != one.version_to), "")
            one = one.model_copy(update={"version_from": one.version_from or before})
            if one.healthy is not False:
                versions.append(one.version_to)
        found.append(one)
    return found
