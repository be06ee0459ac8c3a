"""A real server in a storm: senders that try again as theirs do, one kill -9, and what became of it all."""

import asyncio
import json
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import yaml

from tests.forks import forked
from tests.nexus.served import Serving, served
from tests.nexus.storm import LEVELS, URGENT, Delivery, Storm, backend, body_of
from tests.patience import PATIENCE

#: What a sender waits before it tries again, at first and at most, in seconds, and how often it does.
PAUSES, MOST_TRIES = (0.5, 5.0), 100
FIRST_FINDING = """select min(json_extract(body, '$.at')) from timeline
    where incident = ? and json_extract(body, '$.kind') = 'finding'"""


@dataclass
class Answered:
    """What senders were told: which delivery has which number, how often what, and in how many seconds."""

    numbers: dict[int, Delivery] = field(default_factory=dict)
    waits: dict[Delivery, float] = field(default_factory=dict)
    said: Counter[str] = field(default_factory=Counter)
    given_up: list[Delivery] = field(default_factory=list)


@dataclass
class Urgent:
    """How the P0 fared: when it was sent, in how many seconds it was answered and had its first finding."""

    sent_at: datetime
    answer: float
    incident: str
    finding: float | None = None


@dataclass
class Stormed:
    """A server in a storm, killed once in it and started again."""

    storm: Storm
    home: Path
    start: Callable[[], Serving]
    answered: Answered = field(default_factory=Answered)
    urgent: Urgent | None = None
    peak: int = 0

    def __post_init__(self) -> None:
        self.nexus = self._started()

    def _started(self) -> Serving:
        nexus = self.start()
        nexus.drain()
        return nexus

    async def blow(self, senders: int, kill_at: float, urgent_at: float) -> float:
        """Send everything at its time, kill the server, send the P0; the seconds until all was answered."""
        began = time.monotonic()
        due: asyncio.Queue[Delivery | None] = asyncio.Queue()
        sending = [asyncio.create_task(self._sender(due)) for _ in range(senders)]
        beside = [
            asyncio.create_task(work)
            for work in (self._kill(began + kill_at), self._send_urgent(began + urgent_at), self._measure())
        ]
        for one in self.storm.deliveries():
            await asyncio.sleep(max(0.0, began + one.at - time.monotonic()))
            due.put_nowait(one)
        for _ in sending:
            due.put_nowait(None)
        await asyncio.gather(*sending)
        took = time.monotonic() - began
        await asyncio.gather(*beside[:2])
        beside[2].cancel()
        return took

    async def _sender(self, due: "asyncio.Queue[Delivery | None]") -> None:
        async with httpx2.AsyncClient(timeout=10, verify=False) as client:
            while (one := await due.get()) is not None:
                await self._deliver(client, one)

    async def _deliver(self, client: httpx2.AsyncClient, one: Delivery) -> httpx2.Response | None:
        """Until it is taken: without an answer, on 5xx, and but for Alertmanager on 429 it is sent again."""
        pause = PAUSES[0]
        for _ in range(MOST_TRIES):
            answer = await self._post(client, one)
            if answer is not None and answer.is_success:
                self.answered.numbers[answer.json()["delivery"]] = one
                return answer
            if answer is not None and not _again(one.sender, answer.status_code):
                break
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, PAUSES[1])
        self.answered.given_up.append(one)
        return None

    async def _post(self, client: httpx2.AsyncClient, one: Delivery) -> httpx2.Response | None:
        began = time.monotonic()
        try:
            answer = await client.post(f"{self.nexus.url}/{one.sender}", content=one.body)
        except httpx2.HTTPError as error:
            self.answered.said[type(error).__name__] += 1
            return None
        self.answered.said[str(answer.status_code)] += 1
        self.answered.waits[one] = time.monotonic() - began
        return answer

    async def _kill(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        self.nexus.kill()
        self.nexus = await asyncio.to_thread(self._started)

    async def _send_urgent(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        body = json.dumps(body_of("alertmanager", URGENT, ["TillDown"], ["till-down"], "emergency")).encode()
        sent = Delivery(at, "alertmanager", body, ("till-down",), URGENT)
        async with httpx2.AsyncClient(timeout=60, verify=False) as client:
            answer = await self._deliver(client, sent)
        assert answer is not None
        took = self.answered.waits[sent]
        sent_at = datetime.now(UTC) - timedelta(seconds=took)
        self.urgent = Urgent(sent_at, took, answer.json()["incident"])
        deadline = time.monotonic() + PATIENCE
        while self.urgent.finding is None and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            found = self.rows(FIRST_FINDING, self.urgent.incident)[0][0]
            if found is not None:
                self.urgent.finding = (datetime.fromisoformat(found) - sent_at).total_seconds()

    async def _measure(self) -> None:
        """The most memory that a server has had, in bytes; Linux only."""
        while True:
            with suppress(OSError, StopIteration):
                self.peak = max(self.peak, _peak(self.nexus.pid))
            await asyncio.sleep(0.5)

    def rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        """Rows of the store, read beside the server."""
        file = f"file:{self.home / 'nexus.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True, timeout=20)) as database:
            return database.execute(query, given).fetchall()

    def lost(self) -> list[str]:
        """What was answered and is not kept: an alert without a disposition, or not in its incident."""
        kept: dict[int, dict[str, str | None]] = defaultdict(dict)
        for number, key, incident in self.rows(
            "select delivery, fingerprint, incident from alert_dispositions"
        ):
            kept[number][key] = incident
        incidents = {
            identity: {alert["fingerprint"] for alert in json.loads(body)["alerts"]}
            for identity, body in self.rows("select id, body from incidents")
        }
        for incident, body in self.rows("select incident, body from inbox where handled = 0"):
            incidents[incident] |= {alert["fingerprint"] for alert in json.loads(body).get("alerts", [])}
        return [
            f"{key} of delivery {number}"
            for number, delivery in self.answered.numbers.items()
            for key in delivery.alerts
            if key not in incidents.get(kept[number].get(key) or "", ())
        ]

    def incidents_of_causes(self) -> list[int]:
        """How many incidents each cause became, the fewest first."""
        known = self.rows("select fingerprint, incident from alert_dispositions where incident is not null")
        of, found = defaultdict[str, set[str]](set), dict(known)
        for one in self.storm.deliveries():
            of[one.cause].update(found[key] for key in one.alerts if key in found)
        return sorted(len(incidents) for incidents in of.values())


def _again(sender: str, status: int) -> bool:
    return status >= 500 or (status == 429 and sender != "alertmanager")


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@contextmanager
def stormed(storm: Storm, **site: object) -> Iterator[Stormed]:
    """A server and its world, in folders of their own; nothing is sent yet."""
    names = [str(one["name"]) for one in storm.catalogue]
    with (
        TemporaryDirectory(prefix="nx-") as place,
        forked(backend, names, time.time() - 120) as (_, lines),
        ExitStack() as stack,
    ):
        series = [{"metric": m, "unit": unit, "query": m} for m, (unit, _, _) in LEVELS.items()]
        url = f"http://127.0.0.1:{int(lines.readline())}"
        backends = {"metrics": {"kind": "prometheus", "url": url, "series": series}}
        text = {"services": storm.catalogue, "backends": backends, **site}
        folder, home = Path(place), Path(place) / "home"
        (folder / "nexus.yaml").write_text(yaml.safe_dump(text))
        one = Stormed(storm, home, lambda: stack.enter_context(served(folder, home)))
        try:
            yield one
        finally:
            one.nexus.kill()
