"""What a game day is held on: the shop, its customers and its monitoring, and the site that they are."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.actions import carry_out
from demo.changes import Change
from demo.gameday.site import write_site
from demo.launcher import Shop
from demo.monitoring.stack import FAST, Monitoring
from demo.scenarios import Scenario
from incidents.action import Action
from nexus.config.people import Person

RATE = 10.0
#: Before the fault, in seconds: the windows of the shop's `nexus.yaml` lie in it, with room to warm up.
WARM_SECONDS, CALM_SECONDS = 65.0, 6.0


@dataclass
class Stage:
    """The shop and its monitoring; use it as a context manager so that nothing outlives it.

    Whatever is done to them is done in a thread, one after the other, and its end is waited for before they
    are stopped: what is interrupted in the middle of a start leaves nothing behind.
    """

    path: Path
    shop: Shop
    monitoring: Monitoring
    say: Callable[[str], None]
    _running: ExitStack = field(default_factory=ExitStack)
    _one_after_the_other: threading.Lock = field(default_factory=threading.Lock)
    _over: bool = False

    @classmethod
    def built(
        cls,
        work: Path,
        receiver_port: int,
        say: Callable[[str], None],
        people: tuple[Person, ...] = (),
        on: type[Shop] = Shop,
        shadow: bool = False,
        unsigned: bool = False,
    ) -> Self:
        """One that stands and does not run yet; its `nexus.yaml` is written.

        Args:
            work: a folder for everything that runs.
            receiver_port: where alerts are posted.
            say: is told what happens, in one line each.
            people: of the site.
            on: what the shop runs on.
            shadow: whether Nexus only watches.
            unsigned: whether a kind of change may begin without a person.
        """
        work.mkdir(parents=True, exist_ok=True)
        shop = on(work / "shop")
        monitoring = Monitoring(
            work / "monitoring", targets=shop.targets, receiver_port=receiver_port, settings=FAST
        )
        path = work / "nexus.yaml"
        write_site(path, shop, monitoring, people, shadow=shadow, unsigned=unsigned)
        return cls(path, shop, monitoring, say)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        with self._one_after_the_other:
            self._running.close()

    async def begin(self, scenario: Scenario) -> None:
        """Start everything, let quiet time pass, and do what comes before the fault.

        Raises:
            NotReadyError: something does not run as it should.
        """
        await self._do(self._start)
        self.say(f"quiet time ({WARM_SECONDS:.0f} s)")
        deadline = time.monotonic() + WARM_SECONDS
        while time.monotonic() < deadline:
            await self._do(self._check)
            await asyncio.sleep(1)
        await self._do(lambda: scenario.prelude(self.shop))
        await asyncio.sleep(CALM_SECONDS)

    async def break_by(self, scenario: Scenario) -> Change | None:
        """The fault; the change that brings it, if it is one."""
        self.say(f"fault: {scenario.title}")
        brought: list[Change | None] = []
        await self._do(lambda: brought.append(scenario.fault(self.shop)))
        return brought[0] if brought else None

    async def mend(self, action: Action) -> None:
        """What a person does with a shell, without Nexus."""
        await self._do(lambda: carry_out(self.shop, action))

    def _start(self) -> None:
        self.say("starting the shop, its customers, Prometheus and Alertmanager")
        self._running.enter_context(self.monitoring)
        self._running.enter_context(self.shop)
        self.shop.crowd("customers", "customers", rate=RATE)

    def _check(self) -> None:
        self.shop.check()
        self.monitoring.check()

    async def _do(self, act: Callable[[], object]) -> None:
        await asyncio.to_thread(self._unless_over, act)

    def _unless_over(self, act: Callable[[], object]) -> None:
        with self._one_after_the_other:
            if not self._over:
                act()
