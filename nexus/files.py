"""What an incident's steps write for people: charts, updates, briefs, the post-mortem.

In a home of one machine each incident has its folder, `$NEXUS_HOME/incidents/<id>/`; where several machines
share a database the files lie in that (`nexus files`).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from incidents.errors import NexusError, UsageError
from nexus.sanitize import clean
from nexus.store.keeping import StoredFiles
from nexus.store.records import FileSize
from tools.redaction.tree import redact_body


class IncidentFiles(Protocol):
    """Implements `graph.ports.Files`: every file is whole or not there."""

    async def write(self, incident: str, name: str, data: bytes) -> str:
        """Write a file, replacing one of that name; where people find it.

        Raises:
            UsageError: the name leads out of the incident's folder.
            NexusError: the file cannot be written.
        """
        ...

    async def keep(self, incident: str, name: str, data: bytes) -> None:
        """Write a file only if it is not there or differs; raises as `write`."""
        ...

    async def read(self, incident: str, name: str) -> bytes | None:
        """What a file holds, or None."""
        ...

    async def listed(self, incident: str) -> tuple[FileSize, ...]:
        """The files of an incident by name."""
        ...

    async def remove(self, incident: str) -> None:
        """Delete all of an incident's.

        Raises:
            NexusError: one cannot be deleted.
        """
        ...

    def where(self, incident: str, name: str) -> str:
        """Where people find a file; raises UsageError as `write`."""
        ...


class IncidentFolder:
    """Implements `IncidentFiles` in a folder for each incident."""

    def __init__(self, home: Path) -> None:
        self._root = (home / "incidents").absolute()

    async def write(self, incident: str, name: str, data: bytes) -> str:
        """Write a file, replacing one of that name."""
        path = self.path(incident, name)
        if path.parent == self._root:
            raise _outside(incident, name)
        _replace(path, redact_body(data))
        return str(path)

    async def keep(self, incident: str, name: str, data: bytes) -> None:
        """Write a file only if it is not there or differs."""
        path = self.path(incident, name)
        harmless = redact_body(data)
        if not path.is_file() or path.read_bytes() != harmless:
            _replace(path, harmless)

    async def read(self, incident: str, name: str) -> bytes | None:
        """What a file holds, or None."""
        path = self.path(incident, name)
        return path.read_bytes() if path.is_file() else None

    async def listed(self, incident: str) -> tuple[FileSize, ...]:
        """The files of an incident by name."""
        folder = self.path(incident, ".")
        found = (file for file in folder.rglob("*") if file.is_file())
        sizes = (FileSize(name=str(file.relative_to(folder)), size=file.stat().st_size) for file in found)
        return tuple(sorted(sizes, key=lambda one: one.name))

    async def remove(self, incident: str) -> None:
        """Delete an incident's folder; none is left of it, or the error says what is in the way."""
        import shutil  # noqa: PLC0415 - with every form of archive, for the one verb that deletes

        folder = self.path(incident, ".")
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except OSError as error:
            raise NexusError(f"{folder} cannot be deleted: {error}") from error

    def where(self, incident: str, name: str) -> str:
        """Its path."""
        return str(self.path(incident, name))

    def path(self, incident: str, name: str) -> Path:
        """Where a file of an incident lies; the name `.` is the folder itself.

        Raises:
            UsageError: the name leads out of the incident's folder.
        """
        return inside(self._root, incident, name)


@dataclass(frozen=True)
class InStore:
    """Implements `IncidentFiles` in the database that the machines share."""

    store: StoredFiles

    async def write(self, incident: str, name: str, data: bytes) -> str:
        """Write a file, replacing one of that name."""
        where = self.where(incident, name)
        await self.store.put_file(incident, name, data)
        return where

    async def keep(self, incident: str, name: str, data: bytes) -> None:
        """Write a file only if it is not there or differs."""
        if await self.read(incident, name) != redact_body(data):
            await self.write(incident, name, data)

    async def read(self, incident: str, name: str) -> bytes | None:
        """What a file holds, or None."""
        self.where(incident, name)
        return await self.store.file(incident, name)

    async def listed(self, incident: str) -> tuple[FileSize, ...]:
        """The files of an incident by name."""
        return await self.store.files(incident)

    async def remove(self, incident: str) -> None:
        """Delete all of an incident's."""
        await self.store.erase_files(incident)

    def where(self, incident: str, name: str) -> str:
        """As `nexus files` names it."""
        root = Path("/")
        return str(inside(root, incident, name).relative_to(root))


@dataclass(frozen=True)
class Relocated:
    """Implements `IncidentFiles` where files lie elsewhere than before; what was written there is read."""

    now: IncidentFiles
    before: IncidentFiles

    async def write(self, incident: str, name: str, data: bytes) -> str:
        """Write a file, replacing one of that name."""
        return await self.now.write(incident, name, data)

    async def keep(self, incident: str, name: str, data: bytes) -> None:
        """Write a file only if it is not there or differs."""
        await self.now.keep(incident, name, data)

    async def read(self, incident: str, name: str) -> bytes | None:
        """What a file holds, or None."""
        found = await self.now.read(incident, name)
        return found if found is not None else await self.before.read(incident, name)

    async def listed(self, incident: str) -> tuple[FileSize, ...]:
        """The files of an incident by name."""
        rows = (*await self.before.listed(incident), *await self.now.listed(incident))
        found = {one.name: one for one in rows}
        return tuple(found[name] for name in sorted(found))

    async def remove(self, incident: str) -> None:
        """Delete all of an incident's."""
        await self.now.remove(incident)
        await self.before.remove(incident)

    def where(self, incident: str, name: str) -> str:
        """Where it is written."""
        return self.now.where(incident, name)


def inside(root: Path, incident: str, name: str) -> Path:
    """Where a file of an incident lies below a root; raises UsageError where it does not."""
    folder = Path(os.path.normpath(root / incident))
    path = Path(os.path.normpath(folder / name))
    if folder.parent != root or not path.is_relative_to(folder) or clean(name) != name:
        raise _outside(incident, name)
    return path


def _outside(incident: str, name: str) -> UsageError:
    return UsageError(f"{name!r} is no name for a file of {incident!r}: it must stay in its folder")


def _replace(path: Path, data: bytes) -> None:
    """Write beside it, then move: a reader sees the old file or the new one, a crash leaves one of them."""
    beside = path.with_name(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise NexusError(f"{path} cannot be written: {error}") from error
    finally:
        beside.unlink(missing_ok=True)
