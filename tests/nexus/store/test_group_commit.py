"""What waits together is committed together, and nothing that fails takes its neighbours with it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from nexus.store.relational.transactions import Run
from nexus.store.sqlite.database import Database

COUNT = "next_number"


def number(run: Run) -> int:
    return int(run(COUNT, day="2026-11-23").fetchone()[0])


def breaks(run: Run) -> int:
    number(run)
    raise RuntimeError("no")


async def test_what_fails_is_taken_back_by_itself_whatever_it_waits_with(tmp_path: Path) -> None:
    database = Database(tmp_path / "nexus.db", create=True)
    works = [number, breaks, number, breaks, number]
    results = await asyncio.gather(*map(database.atomically, works), return_exceptions=True)
    assert [one if isinstance(one, int) else str(one) for one in results] == [1, "no", 2, "no", 3]
    assert await database.atomically(number) == 4
    with pytest.raises(RuntimeError, match="no"):
        await database.atomically(breaks)
    assert await database.atomically(number) == 5, "alone, too, it is taken back"
    database.close()


async def test_many_that_wait_share_a_few_commits(tmp_path: Path) -> None:
    database = Database(tmp_path / "nexus.db", create=True)
    commits: list[str] = []

    def listen(run: Run) -> None:
        rows = run(COUNT, day="2026-11-22")
        assert isinstance(rows, sqlite3.Cursor)
        rows.connection.set_trace_callback(
            lambda statement: commits.append(statement) if statement.lower().startswith("begin") else None
        )

    await database.atomically(listen)
    numbers = await asyncio.gather(*(database.atomically(number) for _ in range(200)))
    assert sorted(numbers) == list(range(1, 201))
    assert len(commits) < 100, "one wait for the disk serves several"
    database.close()


async def test_who_is_cancelled_disturbs_nobody(tmp_path: Path) -> None:
    database = Database(tmp_path / "nexus.db", create=True)
    tasks = [asyncio.create_task(database.atomically(number)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    assert isinstance(await tasks[0], int)
    assert isinstance(await tasks[2], int)
    assert tasks[1].cancelled()
    database.close()
