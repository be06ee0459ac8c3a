"""The static copy of the status page, which goes on telling when Nexus does not."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import structlog

from incidents.errors import NexusError, UsageError
from incidents.language import Language
from nexus.server.static_files import StaticFiles
from nexus.server.status_page import StatusDoor
from nexus.server.status_rendering import ICON, SHEETS, StatusRendering
from nexus.service.status_page import StatusPage

log = structlog.get_logger(__name__)

#: How often it is looked whether anything was published, in seconds; one look at an index.
LOOK_EVERY = 1.0
#: Where it could not be written it is tried again after so many seconds.
TRIED_AGAIN = 30.0


@dataclass
class StatusCopy:
    """The copy of one server: each that has doors keeps its own, for they may share no disk."""

    door: StatusDoor
    _copied: tuple[int, date, Path] | None = None

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Write it anew with every update while the block lasts."""
        task = asyncio.create_task(self._again_and_again())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _again_and_again(self) -> None:
        while True:
            pause = LOOK_EVERY
            try:
                await self.look()
            except NexusError as error:
                log.warning("the copy of the status page is not written", why=str(error))
                pause = TRIED_AGAIN
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """Write it if anything has changed.

        Raises:
            NexusError: the folder cannot be written, or the store not be read.
        """
        page, now = self.door.page, self.door.intake.clock.now()
        folder = page.site.status.export
        if folder is None:
            return
        # A day that begins moves the ninety days on.
        state = (await page.store.last_place(page.site.site), now.date(), folder)
        if state != self._copied:
            url, language = page.site.server.public_url or "", page.site.language
            files = copy_of(await page.shown(now), url, self.door.static, language)
            await asyncio.to_thread(write_copy, folder, files)
            self._copied = state


def copy_of(
    view: StatusPage, home: str, static: StaticFiles, language: Language = Language.EN
) -> Mapping[str, bytes]:
    """The files of a static copy, which needs nothing else."""
    made = StatusRendering(home, SHEETS, copy=True, language=language).documents(view)
    return {name: one.body for name, one in made.items()} | {
        name: static.body(name) for name in (*SHEETS, ICON)
    }


def write_copy(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file whole or not at all; the page itself comes last.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(files, key=lambda name: name == "index.html"):
            fresh = folder / f".{name}.{os.getpid()}"
            fresh.write_bytes(files[name])
            fresh.replace(folder / name)
    except OSError as error:
        raise UsageError(f"status.export: {folder} cannot be written: {error.strerror or error}") from None
