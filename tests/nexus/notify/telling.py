"""The delivery loop as tests meet it: a store, a clock that stands until it is moved, scripted destinations.

A destination expects what is said there: at the end of a test what came and was not expected fails it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from incidents.incident import Incident
from incidents.language import Language
from incidents.severity import Severity
from nexus.config.runbook import runbook_of
from nexus.config.settings import Settings
from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.file.settings import FileSettings
from nexus.notify.loop import DeliveryLoop
from nexus.notify.notice import Notice, Purpose
from nexus.notify.rules import Rules
from nexus.notify.setup import Setup, nobody_known
from nexus.notify.wiring import Opened
from nexus.store.memory import MemoryStore
from nexus.store.outbox import DeliveryState, MessageDelivery
from nexus.store.port import IncidentStore
from nexus.store.records import Message, MessageKind, WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at
from tools.clock import VirtualClock

SITE = "shop"
BOUNDS = runbook_of(Settings()).bounds
LIVE = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")
TAKEN = Attempt(outcome=Outcome.ACCEPTED)
DOWN = Attempt(outcome=Outcome.FAILED_FOR_NOW, reason="it cannot be reached")
LOST = Attempt(outcome=Outcome.UNKNOWN, reason="the connection broke off")
REFUSED = Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason="it answered 401", disables=True)

Answer = Callable[[Notice], Awaitable[Attempt]] | Attempt


@dataclass
class Scripted:
    """A destination that answers as the next of its script, and as `always` behind that."""

    name: str
    script: list[Answer] = field(default_factory=list)
    always: Answer = TAKEN
    can: frozenset[Can] = frozenset()
    carries: frozenset[Purpose] = frozenset(Purpose)
    said: list[Notice] = field(default_factory=list)
    edited: list[tuple[str, Notice]] = field(default_factory=list)

    async def send(self, notice: Notice) -> Attempt:
        """Note it, and answer."""
        self.said.append(notice)
        return await self._answer(notice)

    async def edit(self, reference: str, notice: Notice) -> Attempt:
        """Note it, and answer."""
        assert Can.EDIT in self.can
        self.edited.append((reference, notice))
        return await self._answer(notice)

    async def _answer(self, notice: Notice) -> Attempt:
        answer = self.script.pop(0) if self.script else self.always
        return answer if isinstance(answer, Attempt) else await answer(notice)

    async def aclose(self) -> None:
        """Nothing is held."""

    def expects(self, *texts: str) -> None:
        """Just these were said, in this order."""
        assert [one.text for one in self.said] == list(texts)

    @property
    def keys(self) -> list[str]:
        return [one.key for one in self.said]


async def hangs(notice: Notice) -> Attempt:
    await asyncio.Event().wait()
    raise AssertionError


async def throws(notice: Notice) -> Attempt:
    raise RuntimeError("a bug")


@dataclass
class Telling:
    """One loop over one incident."""

    destinations: tuple[Scripted, ...]
    rules: Rules = field(default_factory=Rules)
    store: IncidentStore = field(default_factory=MemoryStore)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(at(0)))
    at_once: int = 4
    per_minute: int | None = None
    limit: str = "10s"
    public_url: str | None = "https://nexus.example"
    chat: bool = True
    on_duty: Callable[[Sequence[str], Language], Awaitable[str | None]] = nobody_known
    loop: DeliveryLoop = field(init=False)

    def __post_init__(self) -> None:
        self.loop = self.another()

    def another(self) -> DeliveryLoop:
        """A loop of another process over the same store."""
        opened = {one.name: Opened(one, self._settings(one.name), frozenset()) for one in self.destinations}
        setup = Setup(BOUNDS, self.rules, opened, self.public_url, self.chat, self.on_duty)
        return DeliveryLoop(self.store, SITE, lambda: setup, self.clock.now, lambda: 0.5)

    def _settings(self, name: str) -> FileSettings:
        return FileSettings.model_validate(
            {
                "kind": "file",
                "name": name,
                "path": "x",
                "at_once": self.at_once,
                "limit": self.limit,
                "per_minute": self.per_minute,
            }
        )

    async def opens(self, severity: Severity | None = Severity.P1, identity: str = ID) -> Incident:
        """A live incident of a severity."""
        incident = sample.opened(identity).model_copy(update={"severity": severity})
        await self.store.register(incident, LIVE, at(0), SITE)
        return incident

    async def says(
        self, text: str, kind: MessageKind = MessageKind.PAGE, key: str | None = None, incident: str = ID
    ) -> None:
        """Something is kept that is to be told."""
        message = Message(
            incident=incident, kind=kind, key=key or text, at=self.clock.now(), title="t", text=text
        )
        assert await self.store.send(message)

    async def saves(self, incident: Incident) -> None:
        """The incident goes on."""
        await saved(self.store, incident, self.clock.now())

    async def goes_on(self, loop: DeliveryLoop | None = None) -> None:
        """Do whatever is due now, to its end."""
        doing = loop or self.loop
        for _ in range(5000):
            await doing.look()
            await doing.dispatch()
            if not doing.busy:
                return
            await doing.settle_down()
        raise AssertionError("it never comes to an end")

    async def later(self, seconds: float) -> None:
        """So much time passes, second by second, and what becomes due is done."""
        for _ in range(int(seconds)):
            self.clock.advance(timedelta(seconds=1))
            await self.goes_on()

    async def kept(self, incident: str = ID) -> list[MessageDelivery]:
        """Every delivery of the incident."""
        return list(await self.store.deliveries_of(incident))

    async def states(self, incident: str = ID) -> list[DeliveryState]:
        return [one.state for one in await self.kept(incident)]


def outcomes(one: MessageDelivery) -> Iterable[str]:
    return [attempt.outcome.value for attempt in one.attempts]
