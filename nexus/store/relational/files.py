"""Implements `nexus.store.keeping.StoredFiles`."""

from nexus.store.records import FileSize
from nexus.store.relational.rows import packed, unpacked
from nexus.store.relational.table import Tables


class FileRows(Tables):
    """A row for each file; what can be made smaller is."""

    async def put_file(self, incident: str, name: str, body: bytes) -> None:
        """Keep a file whole, in place of one of that name."""
        kept, encoding = packed(body)
        await self._insert("put_file", incident, name=name, body=kept, encoding=encoding, size=len(body))

    async def file(self, incident: str, name: str) -> bytes | None:
        """What a file holds, or None."""
        for body, encoding in await self._database.read("file", incident=incident, name=name):
            return unpacked(body, encoding)  # type: ignore[arg-type]  # the one column that is no text
        return None

    async def files(self, incident: str) -> tuple[FileSize, ...]:
        """The files of an incident by name."""
        rows = await self._database.read("files", incident=incident)
        return tuple(FileSize(name=name, size=size) for name, size in rows)

    async def erase_files(self, incident: str) -> None:
        """Delete all of them."""
        await self._database.write("erase_files", incident=incident)
