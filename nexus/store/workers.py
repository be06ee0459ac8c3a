"""Who works: a row for each process that drives incidents, which says so every few seconds."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from incidents.value import Moment, Value
from nexus.store.leases import is_alive
from nexus.store.records import Process

#: Whoever has not said so for as long as this is lost, in seconds.
SILENT = 30.0
#: And is no longer listed after as long as this, in seconds: a day.
FORGOTTEN = 24 * 3600.0


class WorkerBeat(Value):
    """What a worker says of itself.

    Attributes:
        owner: as its leases name it.
        at_once: how many incidents it drives at the same time.
        version: of Nexus.
    """

    owner: str
    name: str = Field(description="host and process, as people know it")
    site: str
    process: Process
    at_once: int
    version: str


class WorkerSeen(Value):
    """A worker as others see it, by the store's clock.

    Attributes:
        state: lost: it has not said so for 30 s, or its process is proven dead on this machine.
        seen_at: when it last said so.
        drives: the incidents of which it holds the lease.
        oldest_due_seconds: of its site: for how long an incident has been due at most with nobody at it.
    """

    name: str
    site: str
    state: Literal["live", "lost"]
    started_at: Moment
    seen_at: Moment
    at_once: int
    version: str
    drives: tuple[str, ...] = ()
    oldest_due_seconds: float = 0.0


def seen(
    worker: WorkerBeat, started_at: datetime | str, at: datetime | str, silent: float, drives: Iterable[str],
    oldest_due: float,
) -> WorkerSeen:  # fmt: skip
    """What others see of a worker that has been silent for so many seconds."""
    lost = silent > SILENT or is_alive(worker.process) is False
    return WorkerSeen.model_validate(
        {
            "name": worker.name, "site": worker.site, "state": "lost" if lost else "live",
            "started_at": started_at, "seen_at": at, "at_once": worker.at_once, "version": worker.version,
            "drives": tuple(drives), "oldest_due_seconds": oldest_due,
        }
    )  # fmt: skip


def ages(since: Mapping[str, datetime], now: datetime) -> dict[str, float]:
    """How many seconds ago that was, by site."""
    return {site: round(max(0.0, (now - at).total_seconds()), 3) for site, at in since.items()}
