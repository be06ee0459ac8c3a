"""The incident's folder, `$NEXUS_HOME/incidents/<id>/`."""

import os
import shutil
from pathlib import Path

from incidents.errors import NexusError, UsageError
from nexus.sanitize import clean
from tools.redaction.tree import redact_body


class IncidentFiles:
    """Implements `graph.ports.Files`: every file is whole or not there."""

    def __init__(self, home: Path) -> None:
        self._root = (home / "incidents").absolute()

    async def write(self, incident: str, name: str, data: bytes) -> str:
        """Write a file, replacing one of that name.

        Raises:
            UsageError: the name leads out of the incident's folder.
            NexusError: the file cannot be written.
        """
        path = self.path(incident, name)
        if path.parent == self._root:
            raise _outside(incident, name)
        _replace(path, redact_body(data))
        return str(path)

    def keep(self, incident: str, name: str, data: bytes) -> None:
        """Write a file only if it is not there or differs."""
        path = self.path(incident, name)
        harmless = redact_body(data)
        if not path.is_file() or path.read_bytes() != harmless:
            _replace(path, harmless)

    def sizes(self, incident: str) -> tuple[int, ...]:
        """The bytes of each of an incident's files."""
        folder = self.path(incident, ".")
        return tuple(file.stat().st_size for file in folder.rglob("*") if file.is_file())

    def remove(self, incident: str) -> None:
        """Delete an incident's folder; none is left of it, or the error says what is in the way.

        Raises:
            NexusError: a file cannot be deleted.
        """
        folder = self.path(incident, ".")
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except OSError as error:
            raise NexusError(f"{folder} cannot be deleted: {error}") from error

    def path(self, incident: str, name: str) -> Path:
        """Where a file of an incident lies; the name `.` is the folder itself.

        Raises:
            UsageError: the name leads out of the incident's folder.
        """
        folder = Path(os.path.normpath(self._root / incident))
        path = Path(os.path.normpath(folder / name))
        if folder.parent != self._root or not path.is_relative_to(folder) or clean(name) != name:
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
