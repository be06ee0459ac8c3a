"""The backends of a live world: opened once for all, by the present text of the file, closed when idle."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.errors import SettingsError
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.runtime.connections import SiteConnections
from tests.nexus.runtime.hands import until
from tools.clock import WallClock

ONE = "services: [{name: web}]\n"
TWO = "services: [{name: web}, {name: shop}]\n"


@pytest.fixture
async def connections(tmp_path: Path) -> AsyncIterator[SiteConnections]:
    (tmp_path / "nexus.yaml").write_text(ONE)
    home = open_home(Settings(home=tmp_path / "home"), create=True)
    made = SiteConnections(home, tmp_path / "nexus.yaml", WallClock(), idle=timedelta(0))
    yield made
    await made.aclose()
    home.store.close()


def write(folder: Path, text: str) -> None:
    """Another text, at another moment even where the file system's are coarse."""
    file = folder / "nexus.yaml"
    file.write_text(text)
    stamp = file.stat().st_mtime_ns + 1_000_000_000
    os.utime(file, ns=(stamp, stamp))


async def test_all_that_are_driven_at_once_share_one(connections: SiteConnections) -> None:
    async with connections.use() as one, connections.use() as two:
        assert one is two


async def test_they_are_closed_when_nobody_uses_them(connections: SiteConnections) -> None:
    async with connections.use() as one:
        pass
    await until(lambda: connections.open is False)
    async with connections.use() as two:
        assert two is not one


async def test_a_changed_file_is_read_for_whoever_comes_next(
    connections: SiteConnections, tmp_path: Path
) -> None:
    async with connections.use() as before:
        write(tmp_path, TWO)
        async with connections.use() as after:
            names = [len(live.site.services) for live in (before, after)]
    assert names == [1, 2]


async def test_a_file_that_cannot_be_used_changes_nothing(
    connections: SiteConnections, tmp_path: Path
) -> None:
    async with connections.use() as before:
        write(tmp_path, "services: [}")
        async with connections.use() as after:
            assert after is before
        (tmp_path / "nexus.yaml").unlink()
        async with connections.use() as after:
            assert after is before


async def test_one_that_never_could_be_used_is_an_error(tmp_path: Path) -> None:
    home = open_home(Settings(home=tmp_path / "home"), create=True)
    missing = SiteConnections(home, tmp_path / "nexus.yaml", WallClock())
    with pytest.raises(SettingsError):
        async with asyncio.timeout(10), missing.use():
            pass
    home.store.close()
