"""A process that writes to a store until it is done or killed; prints each id once it is on disk."""

import asyncio
import sys
from datetime import date
from pathlib import Path

from incidents.events import DecisionMade
from incidents.timeline import EntryKind
from nexus.store import Store, WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import at


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(home: str, name: str, count: str, *flags: str) -> None:
    with Store.open(Path(home)) as store:
        identity = await store.next_id(date(2026, 11, 23))
        incident = sample.opened(identity)
        await store.register(incident, WorldRef(kind=WorldKind.CASE, path=name), at(0))
        if "--claim" in flags:
            await store.claim(identity, name, at(0))
        say(identity)
        for number in range(int(count)):
            approval = sample.approval(by=f"person {number}")
            await store.record_approval(
                DecisionMade(id=f"{identity}-{number}", incident=identity, at=at(number), approval=approval)
            )
            line = sample.entry(f"{name}-{number}", number, EntryKind.NOTE, "", "x" * 2000)
            await store.write(line.model_copy(update={"incident": identity}))
            await store.save(incident.evolve(turn=number), at(number))
            say(line.id)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
