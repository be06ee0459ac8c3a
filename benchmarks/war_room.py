"""What open pages cost: memory of many event streams, how soon an entry is seen, a page of a long timeline.

    python -m benchmarks.war_room [--streams 500] [--entries 2000]

It serves a home of its own (doors alone, SQLite) in another process, logs in, and speaks HTTP with it.
"""

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2

from incidents.alert import Alert
from incidents.incident import Incident
from incidents.timeline import Entry, EntryKind
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tools.clock import WallClock

SITE = "services: [{name: checkout}, {name: web}]\npeople: [{name: dana, token: 'env:DANA'}]\n"
TOKEN = "the-token-of-dana"  # noqa: S105 - of this home alone
#: So many entries are written while the streams are open, and so many streams say when each came.
SEEN, WATCHED = 20, 25
#: So often a page is asked for.
TIMES = 15


def incident(identity: str) -> Incident:
    """An open incident of one alert."""
    now = WallClock().now()
    alert = Alert(
        source="benchmark", title="HighErrorRate: web: 40% of requests fail", service="web", received_at=now,
        starts_at=now, fingerprint=identity,
    )  # fmt: skip
    return Incident.opened(identity, (alert,), now, "playbook", None)


def entry(identity: str, number: int) -> Entry:
    """A line of a usual length."""
    text = f"number {number}: the errors of checkout are as they were a minute ago, nothing else changed"
    return Entry(
        id=f"b{number}", incident=identity, at=WallClock().now(), step="investigation",
        role="Backend Architect", engine="playbook", kind=EntryKind.NOTE, text=text,
    )  # fmt: skip


@dataclass
class Served:
    """A server in another process."""

    process: subprocess.Popen[str]
    root: str

    @property
    def resident(self) -> float:
        """What it holds in memory, in MB."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", told)
        return int(found[1]) / 1024 if found else 0.0


def serve(home: Path, config: Path) -> Served:
    """Serve a home's doors."""
    words = ["-m", "nexus", "serve", "--no-worker", "--port", "0", "--config", str(config)]
    settings = os.environ | {"NEXUS_HOME": str(home), "DANA": TOKEN}
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True, env=settings)  # noqa: S603
    first = process.stdout.readline() if process.stdout is not None else ""
    return Served(process, first.split(" at ")[1].strip().removesuffix("/alerts"))


def logged_in(root: str) -> httpx2.Client:
    """A browser in which somebody has logged in."""
    browser = httpx2.Client(base_url=root, timeout=60, headers={"Origin": root})
    answer = browser.post("/login", data={"name": "dana", "secret": TOKEN})
    if answer.status_code != httpx2.codes.SEE_OTHER:
        raise SystemExit(f"nobody could log in: {answer.text}")
    return browser


async def stream(
    root: str, path: str, headers: str, arrived: "dict[int, list[float]] | None", ready: asyncio.Semaphore
) -> asyncio.StreamWriter:
    """Open a stream; of a watched one the moments are kept at which entries came."""
    host, _, port = root.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    ready.release()

    async def read() -> None:
        while line := await reader.readline():
            found = re.search(rb"number (\d+):", line)
            if found and arrived is not None:
                arrived.setdefault(int(found[1]), []).append(time.monotonic())

    writer.reading = asyncio.create_task(read())  # type: ignore[attr-defined]  # kept as long as it is open
    return writer


async def many(served: Served, browser: httpx2.Client, store: Store, identity: str, streams: int) -> None:
    """Open many streams of one incident, write, and say what it cost."""
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = f"Cookie: {cookie}\r\nUser-Agent: {browser.headers['user-agent']}"
    last = await store.last_sequence()
    path = f"/incidents/{identity}/stream?after={last}-"
    before, ready = served.resident, asyncio.Semaphore(0)
    arrived: dict[int, list[float]] = {}
    opened = [
        await stream(served.root, path, headers, arrived if number < WATCHED else None, ready)
        for number in range(streams)
    ]
    await asyncio.sleep(2)
    idle = served.resident
    delays: list[float] = []
    for number in range(10_000, 10_000 + SEEN):
        await asyncio.sleep(0.35)
        await store.write(entry(identity, number))
        written = time.monotonic()
        await asyncio.sleep(1.0)
        delays += [came - written for came in arrived.get(number, ())]
    busy = served.resident
    for writer in opened:
        writer.reading.cancel()  # type: ignore[attr-defined]
        writer.close()
    more = f"{idle - before:.1f} MB more at rest, {busy - before:.1f} MB after {SEEN} entries"
    print(f"{streams} streams: {more}")  # noqa: T201
    seen, slowest = statistics.median(delays) * 1000, max(delays) * 1000
    told = f"{len(delays)} of {SEEN * min(WATCHED, streams)} arrivals within a second of the writing"
    print(f"{told}: median {seen:.0f} ms, slowest {slowest:.0f} ms")  # noqa: T201


def page(browser: httpx2.Client, path: str) -> tuple[float, int]:
    """The median of how long a page takes in ms, and how large it is in bytes."""
    took, size = [], 0
    for _ in range(TIMES):
        begun = time.monotonic()
        answer = browser.get(path)
        took.append((time.monotonic() - begun) * 1000)
        answer.raise_for_status()
        size = len(answer.content)
    return statistics.median(took), size


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--entries", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, config = Path(folder, "home"), Path(folder, "nexus.yaml")
        home.mkdir()
        config.write_text(SITE)
        empty, long, watched = (f"INC-2026-11-23-{number:03}" for number in (1, 2, 3))
        with Store.open(home) as store:
            world = WorldRef(kind=WorldKind.LIVE, path=str(config))
            for identity in (empty, long, watched):
                asyncio.run(store.register(incident(identity), world, WallClock().now(), "default"))
            for number in range(asked.entries):
                asyncio.run(store.write(entry(long, number)))
            served = serve(home, config)
            try:
                browser = logged_in(served.root)
                base, size = page(browser, f"/incidents/{empty}")
                print(f"a page without entries: {base:.1f} ms, {size / 1024:.0f} kB")  # noqa: T201
                full, size = page(browser, f"/incidents/{long}")
                many_times = f"{full / base:.2f} times as long"
                print(f"one of {asked.entries} entries: {full:.1f} ms, {size / 1024:.0f} kB: {many_times}")  # noqa: T201
                asyncio.run(many(served, browser, store, watched, asked.streams))
            finally:
                served.process.terminate()
                served.process.wait()


if __name__ == "__main__":
    main()
