"""Who is still among the people of `nexus.yaml`: whoever is disabled there is outside at once."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from incidents.actor import Actor
from incidents.errors import NexusError
from nexus.config.site import load_site

#: When a file was changed last, and its size.
_Stamp = tuple[int, int]


@dataclass
class Present:
    """Looks at the file's stamp with each request, and reads it again where that has changed.

    Only to let nobody in any more: what else the file says waits for SIGHUP. While it cannot be read, what it
    said before counts.

    Args:
        path: of the file.
    """

    path: Path
    _stamp: _Stamp | None = None
    _there: frozenset[str] | None = None
    _disabled: frozenset[str] = frozenset()
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def lets_in(self, actor: Actor) -> bool:
        """Whether somebody is still there; one whom a provider names must not be disabled."""
        if (stamp := self._now()) != self._stamp:
            async with self._one_at_a_time:
                if stamp != self._stamp:
                    await asyncio.to_thread(self._read, stamp)
        named = self._there is None or actor.id in self._there
        return actor.id not in self._disabled and (actor.of_provider or named)

    def _now(self) -> _Stamp | None:
        try:
            found = self.path.stat()
        except OSError:
            return self._stamp
        return found.st_mtime_ns, found.st_size

    def _read(self, stamp: _Stamp | None) -> None:
        try:
            people = load_site(self.path).people
        except NexusError:
            return
        self._stamp = stamp
        self._there = frozenset(one.identity for one in people if not one.disabled)
        self._disabled = frozenset(one.identity for one in people if one.disabled)
