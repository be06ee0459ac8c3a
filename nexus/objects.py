"""What an incident's steps write for people, in an object store that several machines reach."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, TypeVar

from incidents.errors import NexusError, SettingsError
from nexus.config.object_store import ObjectStore
from nexus.files import inside
from nexus.store.records import FileSize
from tools.live.secrets import without
from tools.redaction.tree import redact_body

T = TypeVar("T")

#: How long a bucket may take to be reached and to answer, in seconds.
_REACHED, _ANSWERED = 10, 30


class FileSystem(Protocol):
    """What is used of a file system of fsspec's; each raises whatever its own library does."""

    def pipe_file(self, path: str, value: bytes) -> object:
        """Write an object: whole or not at all."""
        ...

    def cat_file(self, path: str) -> bytes:
        """Read one, or FileNotFoundError."""
        ...

    def find(self, path: str, *, detail: bool) -> dict[str, dict[str, object]]:
        """Everything below a path, by name."""
        ...

    def rm(self, path: str, *, recursive: bool) -> object:
        """Delete everything below a path."""
        ...


@dataclass(frozen=True)
class IncidentObjects:
    """Implements `IncidentFiles`: an object for each file, below its incident's name.

    Args:
        system: where they lie.
        root: the bucket and what stands before every name in it.
        scheme: as people write the address.
        secrets: what no message may repeat.
    """

    system: FileSystem
    root: str
    scheme: str
    secrets: tuple[str, ...] = ()

    @classmethod
    def open(cls, where: ObjectStore) -> Self:
        """The objects at an address.

        Raises:
            SettingsError: what it needs is not installed, or it does not take an option.
        """
        import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415 - teams without one have none of it

        options: dict[str, object] = {name: value.get_secret_value() for name, value in where.options.items()}
        if where.scheme == "s3":
            options["config_kwargs"] = {"connect_timeout": _REACHED, "read_timeout": _ANSWERED}
        secrets = tuple(value.get_secret_value() for value in where.options.values())
        try:
            system = fsspec.filesystem(where.scheme, use_listings_cache=False, **options)
        except (ImportError, ValueError, TypeError) as error:
            raise SettingsError(f"store.files: {without(str(error), secrets)}") from None
        return cls(system, where.root, where.scheme, secrets)

    async def write(self, incident: str, name: str, data: bytes) -> str:
        """Write a file, replacing one of that name."""
        key, harmless = self._key(incident, name), redact_body(data)
        await self._asked("written", key, lambda: self.system.pipe_file(key, harmless))
        return self.where(incident, name)

    async def keep(self, incident: str, name: str, data: bytes) -> None:
        """Write a file only if it is not there or differs."""
        if await self.read(incident, name) != redact_body(data):
            await self.write(incident, name, data)

    async def read(self, incident: str, name: str) -> bytes | None:
        """What a file holds, or None."""
        key = self._key(incident, name)
        return await self._asked("read", key, lambda: self._found(key))

    def _found(self, key: str) -> bytes | None:
        try:
            return self.system.cat_file(key)
        except FileNotFoundError:
            return None

    async def listed(self, incident: str) -> tuple[FileSize, ...]:
        """The files of an incident by name."""
        folder = self._key(incident, "")
        rows = await self._asked("listed", folder, lambda: self.system.find(folder, detail=True))
        sizes = (
            FileSize(name=key.lstrip("/").removeprefix(f"{folder}/"), size=int(str(row["size"])))
            for key, row in rows.items()
        )
        return tuple(sorted(sizes, key=lambda one: one.name))

    async def remove(self, incident: str) -> None:
        """Delete all of an incident's."""
        folder = self._key(incident, "")
        if await self.listed(incident):
            await self._asked("deleted", folder, lambda: self.system.rm(folder, recursive=True))

    def where(self, incident: str, name: str) -> str:
        """Its address."""
        return f"{self.scheme}://{self._key(incident, name)}"

    def _key(self, incident: str, name: str) -> str:
        return f"{self.root}{inside(Path('/'), incident, name or '.')}"

    async def _asked(self, done: str, key: str, ask: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(ask)
        except Exception as error:  # each library of fsspec has its own
            told = without(f"{type(error).__name__}: {error}", self.secrets)
            raise NexusError(f"{self.scheme}://{key} cannot be {done}: {told}") from error
