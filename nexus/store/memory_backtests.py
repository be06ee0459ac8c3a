"""The replays of the store's twin in memory."""

from collections.abc import Sequence

from incidents.replays import Replay
from nexus.store.memory_drills import MemoryDrills
from tools.redaction.tree import redact_value


class MemoryBacktests(MemoryDrills):
    """Implements `nexus.store.backtests.Backtests` in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._replays: dict[tuple[str, str], Replay] = {}

    async def keep_replays(self, site: str, replays: Sequence[Replay]) -> None:
        """Keep replays."""
        self._replays |= {(site, one.id): redact_value(one) for one in replays}

    async def replays(self, site: str | None = None) -> tuple[Replay, ...]:
        """Those of a site."""
        mine = (one for (its, _), one in self._replays.items() if site in {None, its})
        return tuple(sorted(mine, key=lambda one: (one.at, one.id)))
