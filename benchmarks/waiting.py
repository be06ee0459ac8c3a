"""What ten thousand waiting incidents cost one server: `python -m benchmarks.waiting [--incidents 10000]`.

One incident is brought to a proposal by a real server over real backends; its rows and its checkpoint are
then copied under other ids, and a server is started on that home. What is told, and what is asked for: memory
(under 1 GB), threads (under 20), the share of a core in which nothing happens (under 1 %), the start until it
answers (under 10 s), and from the HTTP answer to a decision until the incident's timeline has it (under 1 s),
for incidents picked at random. Linux only: the figures are those of /proc.
"""

import argparse
import os
import random
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx2

from demo.processes import wait_for
from tests.nexus.live import TOKENS, Live, live
from tests.nexus.served import Serving, served

TABLES = ("incidents", "timeline", "checkpoints", "writes", "incident_keys")
#: How long the process is watched while nothing happens, in seconds.
IDLE = 20.0
GOALS = {"memory, MB": 1000, "threads": 20, "% of a core": 1, "start, s": 10, "decision, s": 1}


def main() -> None:
    """Make the home, start a server on it, watch it, decide."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--decisions", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with live(intake={"join_within": "0m"}) as one:
        one.alert()
        one.nexus.until("for a person to decide on A1")
        one.saved("A1")
        wait_for("a parked incident", lambda: _parked(one.home) or None, seconds=30)
        one.nexus.stop()
        ids = copies(one, given.incidents)
        began = time.monotonic()
        with served(one.made.folder, one.home, **TOKENS) as nexus:
            httpx2.get(f"{nexus.root}/healthz", timeout=60).raise_for_status()
            seen = {"start, s": time.monotonic() - began}
            chosen = random.Random(given.seed).sample(ids, given.decisions)  # noqa: S311
            seen |= watched(nexus) | decided(replace(one, nexus=nexus), chosen)
            seen |= {"memory, MB after decisions": _memory(nexus.pid)}
    for name, value in seen.items():
        goal = f"  (goal: under {GOALS[name]})" if name in GOALS else ""
        print(f"{name:28} {value:10.2f}{goal}")  # noqa: T201
    missed = [name for name, goal in GOALS.items() if seen[name] >= goal]
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def _parked(home: Path) -> bool:
    with closing(sqlite3.connect(home / "nexus.db")) as database:
        (parked,) = database.execute("select lease_owner is null and wake_at is not null from incidents")
        return bool(parked[0])


def names() -> Iterator[str]:
    """Ids as long as that of the incident that is copied: they replace it in a checkpoint's bytes."""
    day = date(2025, 1, 1)
    while True:
        yield from (f"INC-{day:%Y-%m-%d}-{number:03d}" for number in range(1, 1000))
        day += timedelta(days=1)


def copies(one: Live, count: int) -> list[str]:
    """Copy what is kept of the incident, so that there are so many; all wait for an hour or for people."""
    new = [name for _, name in zip(range(count - 1), names(), strict=False)]
    with closing(sqlite3.connect(one.home / "nexus.db")) as database, database:
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="microseconds")
        database.execute("update incidents set wake_at = ?", (later,))
        database.execute("drop trigger if exists parent_is_there")  # the server makes it again
        for table in TABLES:
            columns = [row[1] for row in database.execute(f"pragma table_info({table})") if row[1] != "seq"]
            listed = ", ".join(columns)
            rows = database.execute(f"select {listed} from {table}").fetchall()  # noqa: S608
            into = f"insert into {table} ({listed}) values ({', '.join('?' * len(columns))})"  # noqa: S608
            database.executemany(into, (_renamed(row, one.incident, name) for name in new for row in rows))
    return [one.incident, *new]


def _renamed(row: tuple[object, ...], old: str, new: str) -> tuple[object, ...]:
    return tuple(
        value.replace(old, new) if isinstance(value, str)
        else value.replace(old.encode(), new.encode()) if isinstance(value, bytes)
        else value
        for value in row
    )  # fmt: skip


def watched(nexus: Serving) -> dict[str, float]:
    """What the process holds and uses while nothing happens."""
    pid = nexus.pid
    time.sleep(5)  # its start is over
    before = _cpu(pid)
    time.sleep(IDLE)
    used = _cpu(pid) - before
    status = Path(f"/proc/{pid}/status").read_text()
    threads = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Threads"))
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return {
        "memory, MB": _memory(pid), "threads": threads, "open files": files, "% of a core": 100 * used / IDLE,
    }  # fmt: skip


def decided(one: Live, incidents: list[str]) -> dict[str, float]:
    """From the answer to a rejection until the incident's timeline has it, in seconds."""
    took = []
    for identity in incidents:
        mine = replace(one, incident=identity)
        status, said = mine.decide("reject")
        if status != 200:
            raise SystemExit(f"the decision was refused: {said}")
        began = time.monotonic()
        wait_for("the decision", lambda: _heard(mine) or None, seconds=60, pause=0.005)  # noqa: B023
        took.append(time.monotonic() - began)
    return {"decision, s": max(took), "decision, median s": statistics.median(took)}


def _heard(one: Live) -> bool:
    with closing(sqlite3.connect(one.home / "nexus.db")) as database:
        found = database.execute(
            "select 1 from timeline where incident = ? and body like '%dana rejected%'", (one.incident,)
        )
        return found.fetchone() is not None


def _cpu(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """The resident set of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
