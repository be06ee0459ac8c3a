"""A process that writes to a store until it is done or killed; prints each id once it is on disk."""

import asyncio
import sys
from datetime import date
from pathlib import Path

from incidents.events import DecisionMade
from incidents.timeline import EntryKind
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.sample import at

#: The site of what is written here.
SITE = "shop"


def run(home: Path, name: str, count: int) -> None:
    """Write so many entries; each is acknowledged by its id."""
    asyncio.run(_write(home, name, count))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def _write(home: Path, name: str, count: int) -> None:
    with Store.open(home) as store:
        identity = await store.next_id(date(2026, 11, 23))
        incident = sample.opened(identity)
        await store.register(incident, WorldRef(kind=WorldKind.LIVE, path=name), at(0), SITE)
        lease = await store.lease(identity, name, at(60), at(0))
        assert lease is not None  # nobody else knows of it
        _say(identity)
        for number in range(count):
            approval = sample.approval(by=f"person {number}")
            await store.record_approval(
                DecisionMade(id=f"{identity}-{number}", incident=identity, at=at(number), approval=approval)
            )
            line = sample.entry(f"{name}-{number}", number, EntryKind.NOTE, "", "x" * 2000)
            await store.write(line.model_copy(update={"incident": identity}))
            await store.save(incident.evolve(turn=number), at(number), lease)
            _say(line.id)
