"""The shop, its customers, its monitoring and who hears its alerts: what a scenario runs on."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.launcher import Shop
from demo.monitoring.receiver import Receiver, Webhook
from demo.monitoring.stack import Monitoring, Settings, require_programs

Say = Callable[[str], None]


class Scene:
    """One running shop; use it as a context manager so that nothing outlives it.

    Args:
        work: A fresh folder for everything that runs.
        settings: How closely Prometheus looks.
        rate: Requests of customers per second.

    Attributes:
        shop: The shop.
        monitoring: Its Prometheus and Alertmanager.
        receiver: Hears every alert.
    """

    def __init__(self, work: Path, settings: Settings, *, rate: float) -> None:
        require_programs()
        work.mkdir(parents=True)
        self._rate = rate
        self._running = ExitStack()
        self.shop = Shop(work / "shop")
        self.receiver = Receiver()
        self.monitoring = Monitoring(
            work / "monitoring",
            targets=self.shop.targets,
            receiver_port=self.receiver.port,
            settings=settings,
        )

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self.receiver)
            starting.enter_context(self.monitoring)
            starting.enter_context(self.shop)
            self.shop.crowd("customers", "customers", rate=self._rate, seconds=4 * 3600)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def wait(self, seconds: float) -> None:
        """Lets time pass.

        Raises:
            NotReadyError: Something that was started has failed.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.shop.check()
            self.monitoring.check()
            time.sleep(min(left, 1.0))

    def heard(self, status: str, alert: str, *, since: datetime, seconds: float) -> Webhook:
        """Waits for the first delivery of an alert with this status that came later than `since`.

        Raises:
            NotReadyError: There was none within `seconds`.
        """
        return self.receiver.wait_for(status, after=since, seconds=seconds, alert=alert)
