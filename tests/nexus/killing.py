"""Two servers on one home, killed at random: what comes of their incidents, what stood still how long."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from incidents.action import ActionState, Approval, Proposal, Verdict
from incidents.errors import Refused
from incidents.events import Resolved, decision
from incidents.incident import Incident
from nexus.runtime.giving_up import Retries
from nexus.store.records import DEFAULT_SITE
from nexus.store.sqlite.store import Store
from tests import patient
from tests.nexus.live import SITE, TOKENS
from tests.nexus.rig import BAD, GOOD, Rig, rig
from tests.nexus.served import Serving, served
from tests.patience import PATIENCE

#: How long a lease lasts here, in seconds.
LEASE = 2.0
#: A server is killed after so many seconds, at random; most of an incident is over within ten.
LIVES = (0.05, 1.5)


@dataclass
class Killed:
    """What was seen: how often a server was killed, the longest restart, and how long an incident lay.

    `half` counts the changes that were cut in the middle: a process was stopped and not started again, or the
    link switched and nothing restarted. Such a change counts as failed and is undone, and people end it.
    `longest` is the longest time in which one was due and nobody drove it, less a restart for every server
    that was killed meanwhile: whoever was about to take it may have been that server.
    """

    kills: int = 0
    restart: float = 0.0
    longest: float = 0.0
    half: int = 0
    incidents: list[str] = field(default_factory=list)


@dataclass
class Pair:
    """Two servers on one home, and the system that they look after."""

    made: Rig
    home: Path
    store: Store
    stack: ExitStack
    chance: random.Random
    seen: Killed
    servers: list[Serving] = field(default_factory=list)
    due_since: dict[str, tuple[float, int]] = field(default_factory=dict)

    def start(self) -> None:
        """Start one server more."""
        began = time.monotonic()
        self.servers.append(self.stack.enter_context(served(self.made.folder, self.home, **TOKENS)))
        self.seen.restart = max(self.seen.restart, time.monotonic() - began)

    def kill(self) -> None:
        """Kill one of them with SIGKILL and start another in its place."""
        self.servers.pop(self.chance.randrange(2)).kill()
        self.seen.kills += 1
        self.start()

    def open(self) -> str:
        """Break the system and alert a server that lives."""
        self.made.broken(**SITE, intake={"join_within": "0m"}, worker={"lease": f"{LEASE:g}s"})
        url = self.chance.choice(self.servers).url
        answer = patient.post(url, json=self.made.alert()).json()
        assert answer["taken"] == "opened", answer
        self.seen.incidents.append(answer["incident"])
        return str(answer["incident"])

    def ended(self, incident: str, kills: int) -> Incident:
        """Kill at random until an incident has ended, approving what waits; at most so many kills in all."""
        deadline, life = time.monotonic() + PATIENCE, self._life()
        while not (known := self._known(incident)).closed:
            assert time.monotonic() < deadline, self._told(known)
            self._look()
            for proposal in known.pending:
                self._approve(incident, proposal)
            if known.in_peoples_hands:
                self._end(known)
            if self.seen.kills < kills and time.monotonic() > life and self._may_die(incident):
                self.kill()
                life = self._life()
            time.sleep(0.02)
        return known

    def _may_die(self, incident: str) -> bool:
        """Whether it is not yet given up if one more of its processes dies: that is another test's matter."""
        lease = asyncio.run(self.store.lease_of(incident))
        return lease is None or lease.tries < Retries().deaths - 1

    def _told(self, known: Incident) -> str:
        """Where an incident stands that never ends."""
        lines = [f"{one.at:%H:%M:%S} {one.text}" for one in asyncio.run(self.store.entries(known.id))]
        waits = asyncio.run(self.store.lease_of(known.id)), asyncio.run(self.store.broken_off())
        return "\n".join([f"{known.id} never ends: {known.step}, {waits}", *lines[-15:]])

    def _life(self) -> float:
        return time.monotonic() + self.chance.uniform(*LIVES)

    def _known(self, incident: str) -> Incident:
        found = asyncio.run(self.store.load(incident))
        assert found is not None
        return found

    def _look(self) -> None:
        """How long what is due has been due, without anybody who drives it."""
        now = time.monotonic()
        due = {one.incident for one in asyncio.run(self.store.due(datetime.now(UTC), 100, DEFAULT_SITE))}
        self.due_since = {one: self.due_since.get(one, (now, self.seen.kills)) for one in due}
        for since, kills in self.due_since.values():
            lay = now - since - (self.seen.kills - kills) * self.seen.restart
            self.seen.longest = max(self.seen.longest, lay)

    def _approve(self, incident: str, proposal: Proposal) -> None:
        now = datetime.now(UTC)
        signed = Approval(
            action=proposal.id,
            digest=proposal.digest,
            verdict=Verdict.APPROVE,
            by="dana",
            authenticated=True,
            at=now,
        )
        try:
            asyncio.run(self.store.record_approval(decision(incident, signed)))
        except Refused:
            return  # it was signed a moment ago

    def _end(self, known: Incident) -> None:
        """What people do with an incident whose change was cut in the middle; no other would be theirs."""
        assert _cut(known), self._told(known)
        said = Resolved(
            id=f"{known.id}:resolve", incident=known.id, at=datetime.now(UTC), by="dana", note="by hand"
        )
        asyncio.run(self.store.add_event(said))

    def sound(self, ended: Incident) -> None:
        """Nothing was lost, and nothing was done twice."""
        if _cut(ended):
            self.seen.half += 1
            assert self.made.switches in ([GOOD], [GOOD, BAD]), "the releases log has change and undo once"
        else:
            assert [one.state for one in ended.proposals if one.undo_of is None] == [ActionState.DONE]
            assert self.made.switches == [GOOD], "the releases log has the change once"
        assert asyncio.run(self.store.events(ended.id)) == ()
        lines = [entry.id for entry in asyncio.run(self.store.entries(ended.id))]
        assert len(lines) == len(set(lines))
        assert ended.post_mortem is not None


def _cut(known: Incident) -> bool:
    """Whether the first change of an incident failed half-way."""
    first = known.proposals[0] if known.proposals else None
    told = first.outcome.detail if first is not None and first.outcome is not None else ""
    return first is not None and first.state is ActionState.FAILED and told.startswith("not healthy within")


@contextmanager
def pair(seed: int) -> Iterator[Pair]:
    """Two servers on one home."""
    with TemporaryDirectory(prefix="nx-") as place, ExitStack() as stack:
        folder = Path(place)
        made = stack.enter_context(rig(folder))
        made.broken(**SITE, intake={"join_within": "0m"}, worker={"lease": f"{LEASE:g}s"})
        store = stack.enter_context(Store.open(folder / "home"))
        both = Pair(made, folder / "home", store, stack, random.Random(seed), Killed())  # noqa: S311
        both.start()
        both.start()
        yield both


def killed(kills: int, seed: int) -> Killed:
    """Open one incident after the other and kill servers until so many were; every incident ends well."""
    with pair(seed) as both:
        while both.seen.kills < kills:
            both.sound(both.ended(both.open(), kills))
        return both.seen
