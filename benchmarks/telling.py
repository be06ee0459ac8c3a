"""How fast people are told behind a long queue: `python -m benchmarks.telling [--waiting 2000 --pages 100]`.

So many messages of P2 and P3 wait for one destination, whose server answers in 50 ms. While they are sent,
pages of a P0 and a P1 are written by another connection to the same file, ten a second. What is told, and
what is asked for: from the commit of a page to its arrival (99 of 100 within 1 s), and how old the oldest
other message is when it arrives (60 s at most). The loop is that of `nexus serve`, in a thread of its own.
"""

import argparse
import asyncio
import base64
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from incidents.severity import Severity
from nexus.config.settings import Settings
from nexus.config.site import Site
from nexus.home import open_home
from nexus.runtime.delivering import delivering
from nexus.store.records import Message, MessageKind, WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.notify.receiver import Behaviour, Receiver, beside

SITE = "benchmark"
ANSWERS_IN = 0.05
GOALS = {"page, p99 s": 1.0, "oldest other, s": 60.0}


def main() -> None:
    """Fill the queue, let it be sent, write pages meanwhile, and tell how long everything took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--waiting", type=int, default=2000)
    parser.add_argument("--pages", type=int, default=100)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        beside(Receiver(always=Behaviour(wait=ANSWERS_IN))) as server,
    ):
        seen = asyncio.run(measured(Path(folder), server, given.waiting, given.pages))
    for name, value in seen.items():
        goal = f"  (goal: under {GOALS[name]:g})" if name in GOALS else ""
        print(f"{name:20} {value:8.2f}{goal}")  # noqa: T201
    missed = [name for name, goal in GOALS.items() if seen[name] >= goal]
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


async def measured(folder: Path, server: Receiver, waiting: int, pages: int) -> dict[str, float]:
    """The figures, by name."""
    (folder / "secret").write_text("whsec_" + base64.b64encode(b"a secret for this benchmark").decode())
    hook = {"kind": "webhook", "name": "ops", "url": server.url, "secret": f"file:{folder / 'secret'}"}
    site = Site.model_validate(
        {
            "site": SITE, "services": [{"name": "web"}], "backends": {},
            "notify": {"destinations": [hook], "repeat": {"every": {}}},
        }
    )  # fmt: skip
    with (
        open_home(Settings(home=folder / "home"), create=True) as home,
        Store.open(folder / "home") as writer,
    ):
        mild, severe = await _opened(writer, "P2", "P3"), await _opened(writer, "P0", "P1")
        for number in range(waiting):
            await _says(writer, mild[number % 2], MessageKind.CHANNEL, f"line {number}")
        async with delivering(home, lambda: site):
            await _until(server, 1)
            for number in range(pages):
                await _says(writer, severe[number % 2], MessageKind.PAGE, f"page {number}")
                await asyncio.sleep(0.1)
            await _until(server, waiting + pages)
    return _figures(server, waiting, pages)


async def _until(server: Receiver, many: int) -> None:
    """So many have come, or two minutes are over."""
    until = time.monotonic() + 120
    while len(server.taken) < many and time.monotonic() < until:  # noqa: ASYNC110 - another thread's list
        await asyncio.sleep(0.02)


async def _opened(store: Store, *severities: str) -> list[str]:
    made = []
    for severity in severities:
        identity = f"INC-2026-11-23-{severity[1]}00"
        incident = sample.opened(identity).model_copy(update={"severity": Severity(severity)})
        await store.register(incident, WorldRef(kind=WorldKind.LIVE, path="nexus.yaml"), _now(), SITE)
        made.append(identity)
    return made


async def _says(store: Store, incident: str, kind: MessageKind, text: str) -> None:
    await store.send(Message(incident=incident, kind=kind, key=text, at=_now(), title="t", text=text))


def _now() -> datetime:
    return datetime.now(UTC)


def _figures(server: Receiver, waiting: int, pages: int) -> dict[str, float]:
    ages: dict[str, list[float]] = {"page": [], "line": []}
    for one in server.taken:
        told = one.json["data"]
        age = one.at - datetime.fromisoformat(told["at"])
        ages[told["text"].split()[0]].append(age / timedelta(seconds=1))
    came = {kind: len(found) for kind, found in ages.items()}
    if came != {"page": pages, "line": waiting}:
        raise SystemExit(f"of {pages} pages and {waiting} lines came {came}")
    return {
        "page, median s": statistics.median(ages["page"]),
        "page, p99 s": statistics.quantiles(ages["page"], n=100)[98],
        "page, worst s": max(ages["page"]),
        "oldest other, s": max(ages["line"]),
    }


if __name__ == "__main__":
    main()
