"""Implements `nexus.store.backtests.Backtests`."""

from collections.abc import Sequence

from incidents.replays import Replay
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run


class BacktestRows(Tables):
    """A row for each past alert that was played."""

    async def keep_replays(self, site: str, replays: Sequence[Replay]) -> None:
        """Keep replays."""
        rows = [{"id": one.id, "at": sortable(one.at), "body": as_json(one)} for one in replays]

        def work(run: Run) -> None:
            for row in rows:
                run("keep_replay_of", site=site, **row)

        await self._database.atomically(work)

    async def replays(self, site: str | None = None) -> tuple[Replay, ...]:
        """Those of a site."""
        return await self._all(Replay, "replays_of", site=site)
