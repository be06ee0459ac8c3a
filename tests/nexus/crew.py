"""Doors and several workers over one store, and a fleet of services whose incidents they drive."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx2

from incidents.action import ActionState, Approval, Proposal, Verdict
from incidents.errors import NexusError, Refused
from incidents.events import decision
from incidents.incident import Incident
from incidents.severity import Status
from nexus.store.lists import IncidentFilter
from nexus.store.records import DEFAULT_SITE, Lease
from nexus.store.relational.store import RelationalStore
from nexus.store.sqlite.store import Store
from tests import patient
from tests.nexus.fleet import Fleet, fleet
from tests.nexus.live import PEOPLE, SITE, TOKENS
from tests.nexus.rig import WATCH
from tests.nexus.served import Serving, served, working
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from nexus.store.postgres.address import Address


@dataclass
class Crew:
    """Who works on the incidents of a fleet.

    `incidents` names the service of each; `oldest` is for how long one was due and in no hand at most, in
    seconds, as far as `look` has seen.
    """

    fleet: Fleet
    home: Path
    store: RelationalStore
    doors: Serving
    stack: ExitStack
    environment: Mapping[str, str]
    engine: str
    workers: list[Serving] = field(default_factory=list)
    incidents: dict[str, str] = field(default_factory=dict)
    oldest: float = 0.0

    def hire(self) -> Serving:
        """Start one worker more."""
        worker = self.stack.enter_context(
            working(self.fleet.folder, self.home, engine=self.engine, **self.environment)
        )
        worker.drain()
        self.workers.append(worker)
        return worker

    def send(self, service: str) -> httpx2.Response:
        """A service fails, and the doors are told."""
        alert = self.fleet.alert(service, f"{service}-{len(self.incidents)}")
        return patient.post(self.doors.url, json=alert)

    def open(self, service: str) -> str:
        """A service fails, and an incident is opened."""
        answer = self.send(service).json()
        assert answer["taken"] == "opened", answer
        self.incidents[answer["incident"]] = service
        return str(answer["incident"])

    def look(self) -> None:
        """Sign what waits; see since when something is due, and whether two drove one thread."""
        try:
            self.approve()
            now = self.store.now()
            since = asyncio.run(self.store.due_since(now, DEFAULT_SITE))
        except NexusError:
            return  # the database has a bad day
        if since is not None:
            self.oldest = max(self.oldest, (now - since).total_seconds())

    def known(self, incident: str) -> Incident:
        """The incident as it is stored."""
        found = asyncio.run(self.store.load(incident))
        assert found is not None
        return found

    def approve(self) -> int:
        """Sign whatever waits; how many did."""
        waiting = asyncio.run(self.store.page(IncidentFilter(undecided=True), 1000))
        for summary in waiting:
            for proposal in self.known(summary.id).pending:
                self.sign(summary.id, proposal)
        return len(waiting)

    def sign(self, incident: str, proposal: Proposal) -> None:
        """One person approves a change."""
        signed = Approval(
            action=proposal.id, digest=proposal.digest, verdict=Verdict.APPROVE, by="dana",
            authenticated=True, at=datetime.now(UTC),
        )  # fmt: skip
        try:
            asyncio.run(self.store.record_approval(decision(incident, signed)))
        except Refused:
            return  # it was signed a moment ago

    def decide(self, incident: str) -> None:
        """One person approves over HTTP what waits."""
        (proposal,) = self.known(incident).pending
        answer = patient.post(
            f"{self.doors.root}/incidents/{incident}/decisions",
            json={"verdict": "approve", "action": proposal.id, "digest": proposal.digest},
            headers={"Authorization": f"Bearer {PEOPLE['dana']}"},
        )
        assert answer.is_success, answer.text

    def until(
        self, true: Callable[[], bool], each: Callable[[], object], patience: float = PATIENCE, *,
        pause: float = 0.05,
    ) -> None:  # fmt: skip
        """Do something again and again until something is true; `patience` and `pause` in seconds."""
        deadline = time.monotonic() + patience
        while not true():
            assert time.monotonic() < deadline, self.standing()
            each()
            time.sleep(pause)

    def open_ones(self) -> tuple[str, ...]:
        """Those that run still, or owe something."""
        return tuple(one.id for one in asyncio.run(self.store.page(IncidentFilter(not_closed=True), 1000)))

    def ended(self) -> bool:
        """Whether there are none of those."""
        return not asyncio.run(self.store.open_counts())

    def lease(self, incident: str) -> Lease | None:
        """Who drives an incident."""
        return asyncio.run(self.store.lease_of(incident))

    def sound(self, incident: str) -> Incident:
        """It is resolved, nothing of it is lost, and nothing was done twice."""
        ended = self.known(incident)
        assert ended.status is Status.RESOLVED, self.told(incident)
        assert ended.closed
        assert ended.post_mortem is not None
        assert [one.state for one in ended.proposals] == [ActionState.DONE], self.told(incident)
        deeds = [line for line in self.fleet.deeds(self.incidents[incident]) if line.startswith(incident)]
        assert [line.rpartition(" ")[2] for line in deeds] == ["begins", "ends"], deeds
        assert asyncio.run(self.store.events(incident)) == ()
        entries = [entry.id for entry in asyncio.run(self.store.entries(incident))]
        assert len(entries) == len(set(entries))
        return ended

    def told(self, incident: str) -> str:
        """The end of an incident's timeline."""
        lines = [f"{one.at:%H:%M:%S} {one.text}" for one in asyncio.run(self.store.entries(incident))]
        return "\n".join(lines[-12:])

    def complaints(self) -> str:
        """What the processes said on stderr."""
        file = self.home.with_name("complaints")
        return file.read_text() if file.exists() else ""

    def standing(self) -> str:
        """Where those stand that are open still."""
        ends = (f"{one} never ends: {self.lease(one)}\n{self.told(one)}" for one in self.open_ones())
        return "\n".join((*ends, self.complaints()[-4000:]))


@contextmanager
def crew(
    workers: int, size: int, database: "Address | None" = None, *,
    engine: str = "playbook", environment: Mapping[str, str] | None = None, takes: float = 0.0,
    watch: Mapping[str, str] = WATCH, **site: object,
) -> Iterator[Crew]:  # fmt: skip
    """So many workers on a fleet of so many services.

    Args:
        workers: how many processes drive.
        size: how many services can fail, once each.
        database: what holds the incidents; None: a file of the home.
        engine: `playbook` or `llm`.
        environment: what else every process has.
        takes: how long a change takes, in seconds.
        watch: the runbook's.
        site: what else stands in nexus.yaml.
    """
    store = _named(database)
    variables = {**TOKENS, **(environment or {})}
    with TemporaryDirectory(prefix="nx-") as place, ExitStack() as stack:
        folder = Path(place)
        home = folder / "home"
        made = stack.enter_context(fleet(folder, size, takes=takes, watch=watch, **SITE, **store, **site))
        doors = stack.enter_context(served(folder, home, "--engine", engine, "--no-worker", **variables))
        doors.drain()
        opened = stack.enter_context(_opened(home, database))
        one = Crew(made, home, opened, doors, stack, variables, engine)
        try:
            for _ in range(workers):
                one.hire()
            yield one
        finally:
            for serving in (doors, *one.workers):
                serving.kill()


def _named(database: "Address | None") -> dict[str, object]:
    if database is None:
        return {}
    urls = {"url": database.url, "direct_url": database.direct_url}
    return {"store": {name: url.get_secret_value() for name, url in urls.items() if url is not None}}


def _opened(home: Path, database: "Address | None") -> RelationalStore:
    if database is None:
        return Store.open(home)
    # Imported here: most tests of the live system have a file.
    from nexus.store.postgres.store import PostgresStore  # noqa: PLC0415

    return PostgresStore.open(database, create=False)
