"""The sources of a recorded system: git bundles in the case, `code/<service>.bundle`, which are read."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from incidents.errors import ToolFailed
from tools.live.code.git import GitCode, Source
from tools.live.process import Ran
from tools.live.repository import Repository

#: The folder of a case in which they lie.
CODE = "code"


def recorded_code(case: Path, place: Path, services: Sequence[str]) -> GitCode | None:
    """The code port over the bundles of a case, or None where it has none. A recording is read, not tested.

    Args:
        case: the case's folder.
        place: the folder beneath which they are unpacked when they are first asked for; made where it is not.
        services: the catalogue's names; bundles of others are left alone.
    """
    bundles = {name: case / CODE / f"{name}.bundle" for name in services}
    sources = {
        name: Source(Bundled(file, place / CODE / name), "HEAD")
        for name, file in bundles.items()
        if file.is_file()
    }
    return GitCode(sources) if sources else None


class Bundled(Repository):
    """A repository that comes out of a bundle.

    Args:
        bundle: the file, as `git bundle create FILE HEAD main` writes it, with the tags that matter.
        path: where it is unpacked, once.
    """

    def __init__(self, bundle: Path, path: Path) -> None:
        super().__init__(path)
        self._bundle = bundle
        self._lock = asyncio.Lock()

    async def ran(
        self,
        *argv: str,
        folder: Path | None = None,
        text: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """What git did; raises like a repository's own, also where the bundle is none."""
        async with self._lock:
            if not self.path.is_dir():
                await self._unpack()
        return await super().ran(*argv, folder=folder, text=text, environment=environment)

    async def _unpack(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(mkdtemp(dir=self.path.parent))  # what a killed process left half done is never read
        made = await super().ran("clone", "--bare", "--quiet", str(self._bundle), str(fresh), folder=fresh)
        if made.status:
            rmtree(fresh, ignore_errors=True)
            raise ToolFailed(f"{self._bundle.name} of the recording cannot be read: {made.complaint}")
        self._settle(fresh)

    def _settle(self, fresh: Path) -> None:
        fresh.replace(self.path)
