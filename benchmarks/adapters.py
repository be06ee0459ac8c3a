"""What adapters cost beside a bare client: `python -m benchmarks.adapters [NAME ...] [--rounds 5]`.

For each adapter a stand-in of its backend answers one question: 12,000 log lines of 2 kB, a window of traces,
a window of samples. The answers are kept, and given again by a server in another process, as fast as it can.
Then, by turns, the adapter asks its question, and a bare client (httpx2 and `json.loads`) asks for the very
same answers. Told are the best of the rounds of each, their ratio, that of the processor's time in user mode
(the goal is 1.5 at most; other programs on the machine disturb it less), the bytes, and by how much the
first round of the adapter raised what its process had in memory at most, its rows included.

The bare client makes no rows: it reads no time and no level, looks at no text, keeps nothing. It does load
the system's certificates, which the adapters leave alone where there is no TLS (0.05 s).
"""

import argparse
import asyncio
import json
import logging
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import polars as pl
import structlog

from incidents.findings import Window
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving
from tests.tools.live.ports import ADAPTERS, NO_SECRETS
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA
from tools.clock import VirtualClock

NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=30), end=NOW)
SERVICES = tuple(f"service-{n}" for n in range(10))
GOAL = 1.5
#: How lines come in: some over one connection and some over another is not what is measured.
_LINES = frozenset({"victorialogs", "journal"})


@dataclass(frozen=True)
class Exchange:
    """One question of an adapter, and what it was answered."""

    asked: Asked
    answer: Answer

    @property
    def key(self) -> tuple[str, str, str, bytes]:
        """What tells questions apart."""
        fields = json.dumps(sorted(self.asked.query.items()))
        return self.asked.method, self.asked.path, fields + _range(self.asked.headers), self.asked.body


def _range(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "range"), "")


def frame_of(channel: str) -> pl.DataFrame:
    """What a backend holds: lines of 2 kB, traces of eight spans, samples of ten services."""
    if channel == "logs":
        count = 12_000
        rows: list[tuple[object, ...]] = [
            (NOW - timedelta(milliseconds=100 * (count - n)), SERVICES[n % 10], f"pod-{n % 20}", "info",
             f"request {n} took {n % 977} ms " + "x" * 1_960, f"{n:032x}", "")
            for n in range(count)
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=LOGS_SCHEMA, orient="row")
    if channel == "traces":
        rows = [
            (NOW - timedelta(seconds=1200 - n, microseconds=-k), 1_000, f"{n:032x}", f"{n * 8 + k:016x}",
             f"{n * 8:016x}" if k else "", SERVICES[k], f"operation {k}", "ok")
            for n in range(600) for k in range(8)
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=TRACES_SCHEMA, orient="row")
    rows = [
        (NOW - timedelta(seconds=15 * n), service, f"{service}-{pod}", f"metric_{m}", "", n * 0.37, "count")
        for m in range(12) for service in SERVICES for pod in range(4) for n in range(120)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def recorded(handler: Handler, kept: list[Exchange]) -> Handler:
    """The same answers, kept."""

    def handle(asked: Asked) -> Answer:
        answer = handler(asked)
        kept.append(Exchange(asked, answer))
        return answer

    return handle


async def ask(name: str, url: str, series: pl.DataFrame) -> int:
    """The adapter's question; how many rows it is answered."""
    port = ADAPTERS[name].port(url, SERVICES, VirtualClock(NOW), NO_SECRETS, frame=series)
    try:
        return (await port.ask(WINDOW, ())).height
    finally:
        await port.aclose()


async def ask_barely(name: str, url: str, kept: list[Exchange]) -> None:
    """The same answers by a bare client, which parses them; as many at once as the adapter asks."""
    at_once = asyncio.Semaphore(1 if ADAPTERS[name].channel == "logs" else 8)
    async with httpx2.AsyncClient(timeout=60) as client:

        async def one(exchange: Exchange) -> None:
            asked = exchange.asked
            form = {"content-type": "application/x-www-form-urlencoded"} if _is_form(asked) else {}
            body = {"content-type": "application/json"} if asked.body and not form else {}
            headers = form or body
            if span := _range(asked.headers):
                headers = {**headers, "range": span, "accept": "application/json"}
            query = "" if form else urlencode(asked.query, doseq=True)
            async with at_once:
                got = await client.request(
                    asked.method, f"{url}{asked.path}?{query}", content=asked.body or None, headers=headers
                )
                lines = got.text.split("\n") if name in _LINES else [got.text]
                for line in filter(None, lines):
                    json.loads(line)

        await asyncio.gather(*map(one, kept))


def _is_form(asked: Asked) -> bool:
    return any("form" in value for name, value in asked.headers.items() if name.lower() == "content-type")


def measure(name: str, url: str, rounds: int, kept_in: Path) -> dict[str, float]:
    """The best times of the adapter and of the bare client, by turns, and the memory that the first took."""
    kept, series = pickle.loads(kept_in.read_bytes())  # noqa: S301 - written by ourselves a moment ago
    before = _most_memory()
    grown = 0.0
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    for _ in range(rounds):
        began = _clocks()
        asyncio.run(ask(name, url, series))
        ours.append(_since(began))
        grown = grown or _most_memory() - before
        began = _clocks()
        asyncio.run(ask_barely(name, url, kept))
        bare.append(_since(began))
    taken, barely = (tuple(map(min, zip(*times, strict=True))) for times in (ours, bare))
    return {"ours": taken[0], "bare": barely[0], "processor": taken[1] / barely[1], "grown": grown}


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime


def _since(began: tuple[float, float]) -> tuple[float, float]:
    wall, processor = _clocks()
    return wall - began[0], processor - began[1]


def _most_memory() -> float:
    """What this process had at most until now, in MB; `ru_maxrss` begins with that of whoever started it."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def compare(name: str, rounds: int) -> str:
    """One row of the table."""
    frame, kept = frame_of(ADAPTERS[name].channel), list[Exchange]()
    with serving(recorded(ADAPTERS[name].handler(frame), kept)) as server:
        rows = asyncio.run(ask(name, server.url, frame))
    answers = {exchange.key: exchange.answer for exchange in kept}

    def again(asked: Asked) -> Answer:
        return answers[Exchange(asked, Answer()).key]

    with tempfile.NamedTemporaryFile() as file, serving(again) as server:
        series = (
            frame.select("metric", "unit", "peer").unique() if "metric" in frame.columns else frame.head(0)
        )
        Path(file.name).write_bytes(pickle.dumps((kept, series)))
        words = ("--measure", name, "--at", server.url, "--kept", file.name, "--rounds", str(rounds))
        command = [sys.executable, "-m", "benchmarks.adapters", *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    found = json.loads(done.stdout)
    ratio, size = found["ours"] / found["bare"], sum(len(one.answer.body) for one in kept)
    verdict = "" if found["processor"] <= GOAL else f"  over {GOAL}"
    return (
        f"{name:14}{rows:>9,}{len(kept):>7}{size / 1e6:>8.1f}{found['bare']:>8.2f}{found['ours']:>8.2f}"
        f"{ratio:>7.2f}{found['processor']:>7.2f}{found['grown']:>8.0f}{verdict}"
    )


def main() -> None:
    """Print the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=sorted(ADAPTERS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--at", help=argparse.SUPPRESS)
    parser.add_argument("--kept", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        sys.stdout.write(json.dumps(measure(given.measure, given.at, given.rounds, given.kept)))
        return
    titles = ("adapter", "rows", "asked", "MB", "bare s", "ours s", "ratio", "cpu", "MB more")
    widths = (14, 9, 7, 8, 8, 8, 7, 7, 8)
    head = "".join(
        f"{t:>{w}}" if n else f"{t:{w}}" for n, (t, w) in enumerate(zip(titles, widths, strict=True))
    )
    sys.stdout.write(f"{head}\n")
    for name in given.names:
        sys.stdout.write(f"{compare(name, given.rounds)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
