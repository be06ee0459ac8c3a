"""The files of the store's twin in memory."""

from nexus.store.memory_leases import MemoryLeases
from nexus.store.records import FileSize
from tools.redaction.tree import redact_body


class MemoryFiles(MemoryLeases):
    """Implements `nexus.store.keeping.StoredFiles` in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[tuple[str, str], bytes] = {}

    async def put_file(self, incident: str, name: str, body: bytes) -> None:
        """Keep a file whole, in place of one of that name."""
        self._known(incident)
        self._files[incident, name] = redact_body(body)

    async def file(self, incident: str, name: str) -> bytes | None:
        """What a file holds, or None."""
        return self._files.get((incident, name))

    async def files(self, incident: str) -> tuple[FileSize, ...]:
        """The files of an incident by name."""
        own = ((name, body) for (key, name), body in self._files.items() if key == incident)
        return tuple(FileSize(name=name, size=len(body)) for name, body in sorted(own))

    async def erase_files(self, incident: str) -> None:
        """Delete all of them."""
        for key in [one for one in self._files if one[0] == incident]:
            del self._files[key]
