"""Moves a home of one machine into a database that many share; waiting incidents go on where they were."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from incidents.errors import Refused
from nexus.files import IncidentFolder
from nexus.runtime.checkpoints.postgres import FencedSaver, PostgresCheckpoints
from nexus.runtime.checkpoints.sqlite import SqliteCheckpoints
from nexus.runtime.sharing import WORLD
from nexus.runtime.stored_replay import KEEP
from nexus.store.leases import in_other_hands, is_alive
from nexus.store.moving import move_rows
from nexus.store.postgres.address import Address
from nexus.store.postgres.migrate import migrate
from nexus.store.postgres.transaction import Connection
from nexus.store.records import Moved, Summary
from nexus.store.relational.rows import packed
from nexus.store.sqlite.opening import FILE
from nexus.store.sqlite.store import Store
from tools.recorded.replay_log import Deed, ReplayLog

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

#: What was done to recorded worlds has rows of its own there.
_LOCAL = (WORLD, "world.lock")
_PUT_FILE = """insert into files (incident, name, body, encoding, size) values (%s, %s, %s, %s, %s)
on conflict (incident, name) do nothing"""


async def move_to(home: Path, url: SecretStr, now: datetime) -> tuple[str, tuple[Moved, ...]]:
    """Move everything to a database; how it is called without its secrets, and what was moved.

    Raises:
        SettingsError: `url` is no address of a PostgreSQL.
        NexusError: as `move`.
    """
    address = Address(url)
    return str(address), await move(home, address, now)


async def move(home: Path, address: Address, now: datetime) -> tuple[Moved, ...]:
    """Move everything; afterwards the home's file is called `nexus.db.moved`, and nothing is read of it.

    Returns:
        Each table with how many rows of it were moved, and the digest that both sides have.

    Raises:
        Refused: somebody works in the home, a change is under way, or the database is not empty.
        NothingYet: there is nothing in the home.
        NexusError: one of the two cannot be used, or they differ afterwards; nothing counts then.
    """
    with Store.open(home, create=False) as store:
        await _must_rest(store, now)
        incidents = tuple([one.id for one in await _all(store)])
        await asyncio.to_thread(migrate, address)
        async with (
            SqliteCheckpoints.open(store.lender) as ours,
            PostgresCheckpoints.open(address, create=True) as theirs,
        ):
            for incident in incidents:
                await _move_thread(ours, theirs.saver(), incident)
    folder = IncidentFolder(home)
    files = {incident: await _files(folder, incident) for incident in incidents}
    deeds = {incident: ReplayLog(folder.path(incident, WORLD)).deeds() for incident in incidents}
    moved = await asyncio.to_thread(move_rows, home, address, _writing(files, deeds))
    (home / FILE).rename(home / f"{FILE}.moved")
    return moved


async def _must_rest(store: Store, now: datetime) -> None:
    if working := [one.name for one in await store.workers(now) if one.state == "live"]:
        raise Refused(f"{', '.join(working)} works in this home: end it first; nothing was moved")
    for one in await _all(store):
        lease = await store.lease_of(one.id)
        if lease is not None and lease.until > now and is_alive(lease.process) is not False:
            raise in_other_hands(lease)
        if begun := await store.unfinished(one.id):
            raise Refused(
                f"{one.id}: what became of {begun[0].proposal} is not known yet; let it end, or say it with "
                "`nexus settle`; nothing was moved"
            )


async def _all(store: Store) -> list[Summary]:
    found: list[Summary] = []
    while page := await store.page(after=found[-1].id if found else None):
        found.extend(page)
    return found


async def _move_thread(ours: SqliteCheckpoints, theirs: FencedSaver, incident: str) -> None:
    """The head with its writes: nothing before it matters any more."""
    await theirs.adelete_thread(incident)  # of a move that did not come to its end
    head = await ours.saver().aget_tuple({"configurable": {"thread_id": incident, "checkpoint_ns": ""}})
    if head is None:
        return
    place: RunnableConfig = {"configurable": {"thread_id": incident, "checkpoint_ns": ""}}
    versions = head.checkpoint["channel_versions"]
    at = await theirs.aput(place, head.checkpoint, head.metadata, versions)
    writes: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for task, channel, value in head.pending_writes or ():
        writes[task].append((channel, value))
    for task, written in writes.items():
        await theirs.aput_writes(at, written, task)


async def _files(folder: IncidentFolder, incident: str) -> dict[str, bytes]:
    listed = await folder.listed(incident)
    wanted = (one.name for one in listed if one.name not in _LOCAL and not one.name.startswith("alerts/"))
    return {name: await folder.read(incident, name) or b"" for name in wanted}


def _writing(
    files: dict[str, dict[str, bytes]], deeds: dict[str, tuple[Deed, ...]]
) -> Callable[[Connection], None]:
    def write(connection: Connection) -> None:
        for incident, bodies in files.items():
            for name, body in bodies.items():
                connection.execute(_PUT_FILE, (incident, name, *packed(body), len(body)))
        for incident, done in deeds.items():
            for deed in done:
                connection.execute(KEEP, (incident, deed.key, deed.model_dump_json(exclude_none=True)))

    return write
