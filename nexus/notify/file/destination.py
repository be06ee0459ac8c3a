"""Appends notices to a file, one JSON object a line, on disk before it counts as taken."""

import asyncio
import os
from pathlib import Path

from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.notice import Notice, Purpose


class FileDestination:
    """Implements `nexus.notify.destination.Destination`.

    Args:
        name: as `nexus.yaml` calls it.
        path: the file; its folder is there.
    """

    carries = frozenset(Purpose)
    can = frozenset[Can]()

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path

    async def send(self, notice: Notice) -> Attempt:
        """Try once to hand a notice over."""
        line = notice.model_dump_json() + "\n"
        try:
            await asyncio.to_thread(self._append, line.encode())
        except OSError as error:
            return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason=f"{self._path}: {error.strerror}")
        return Attempt(outcome=Outcome.DELIVERED)

    def _append(self, line: bytes) -> None:
        # In one write: several processes may append to the file, and no line stands inside another.
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)

    async def aclose(self) -> None:
        """Nothing is held."""
