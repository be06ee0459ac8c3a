"""Finds the services of a live world's alerts: by its catalogue, confirmed names, and what is known."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from incidents.alert import Alert
from incidents.catalogue import Service
from incidents.changes import Change
from incidents.errors import SettingsError
from incidents.match import Match
from nexus.config.service_aliases import aliases_beside, load_aliases
from nexus.config.site import Site
from nexus.home import Home
from nexus.runtime.topology_watch import TopologyWatch
from tools.alerts.matching.match import Matcher
from tools.alerts.matching.names import Alias, ServiceNames
from tools.alerts.matching.topology import NOTHING_KNOWN, Topology
from tools.clock import Clock
from tools.live.metrics.topology import live_topology

#: As many different alerts are remembered with what they matched.
MOST_REMEMBERED = 10_000

log = structlog.get_logger(__name__)
_Asked = tuple[object, ...]


@dataclass
class SiteMatcher:
    """Matches alerts; nothing is asked of a backend while one waits.

    Args:
        services: the catalogue's.
        aliases: the file of confirmed names; it is read again when it has changed.
        topology: what the backends are known to say, at once.
        watching: keeps that up to date while its block lasts.
    """

    services: Sequence[Service]
    aliases: Path
    topology: Callable[[], Topology] = lambda: NOTHING_KNOWN
    watching: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    _version: tuple[int, int] | None = None
    _matcher: Matcher | None = None
    _known: dict[_Asked, Match] = field(default_factory=dict)

    @classmethod
    def of(cls, home: Home, site: Site, path: Path, clock: Clock) -> Self:
        """Of the site that a `nexus.yaml` describes; its metrics' backend is asked what runs where."""
        matcher = cls(site.services, aliases_beside(path))
        if site.backends.prometheus is not None:
            port = live_topology(site.backends.prometheus, lambda: matcher.names, home.secrets, clock)
            watch = TopologyWatch(port, clock)
            matcher.topology, matcher.watching = watch.now, watch.running
        return matcher

    def use(self, services: Sequence[Service]) -> None:
        """Another catalogue from now on; what was matched before is matched again."""
        self.services = services
        self._version = self._matcher = None
        self._known.clear()

    @property
    def names(self) -> ServiceNames:
        """By which services are called now."""
        return self._present().names

    @property
    def known(self) -> Matcher:
        """By what alerts are matched now: another one as soon as more is known."""
        return self._present()

    def matched(self, alerts: Sequence[Alert]) -> tuple[Alert, ...]:
        """The alerts, each with its service (None: not known) and with how it was found."""
        return tuple(
            alert.model_copy(update={"service": match.service, "matched_by": match})
            for alert, match in zip(alerts, self.matches(alerts), strict=True)
        )

    def matches(self, alerts: Sequence[Alert]) -> tuple[Match, ...]:
        """How the service of each alert is found."""
        matcher = self._present()
        return tuple(self._one(alert, matcher) for alert in alerts)

    def changed(self, changes: Sequence[Change], source: str) -> tuple[Change, ...]:
        """The changes, each of the service that its name means, or of the name as it was told."""
        names = {one.service for one in changes}
        found = {name: self._present().match({}, source, name).service for name in names}
        return tuple(one.model_copy(update={"service": found[one.service] or one.service}) for one in changes)

    def _one(self, alert: Alert, matcher: Matcher) -> Match:
        sent = alert.service
        if sent is None and alert.matched_by is not None:  # it was matched before, and is again
            sent = alert.matched_by.named or None
        labels = tuple((label.name, label.value) for label in alert.labels)
        asked: _Asked = (alert.source, sent, labels)
        match = self._known.get(asked)
        if match is None:
            match = matcher.match(dict(labels), alert.source, sent)
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[asked] = match
        return match

    def _present(self) -> Matcher:
        """By what is known now: what was remembered before counts no more once something has changed."""
        version, topology = _version(self.aliases), self.topology()
        before = self._matcher
        if before is not None and version == self._version and topology is before.topology:
            return before
        names = before.names if before is not None and version == self._version else self._names()
        self._version, self._matcher = version, Matcher(names, topology)
        self._known.clear()
        return self._matcher

    def _names(self) -> ServiceNames:
        aliases: Sequence[Alias] = ()
        try:
            aliases = load_aliases(self.aliases)
        except SettingsError as error:
            log.warning("confirmed names are not used", why=str(error))
        return ServiceNames(self.services, aliases)


def _version(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)
