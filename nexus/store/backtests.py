"""The store's door for replays of past alerts. They belong to a site and to no incident."""

from collections.abc import Sequence
from typing import Protocol

from incidents.replays import Replay


class Backtests(Protocol):
    """A row for each past alert that was played."""

    async def keep_replays(self, site: str, replays: Sequence[Replay]) -> None:
        """Keep replays, each in place of what was kept of the same past alert."""
        ...

    async def replays(self, site: str | None = None) -> tuple[Replay, ...]:
        """Those of a site, or of all, the oldest alert first."""
        ...
