"""What every place for an incident's files does: the folder of one machine, the store of many."""

from collections.abc import Callable
from pathlib import Path

import pytest

from incidents.errors import UnknownName, UsageError
from nexus.files import IncidentFiles, IncidentFolder, InStore
from nexus.store.port import IncidentStore
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.sample import ID, at

CHART, SECRET = bytes(range(256)) * 20, "password=hunter2hunter2"


@pytest.fixture(params=["folder", "store"])
async def files(request: pytest.FixtureRequest, tmp_path: Path, store: IncidentStore) -> IncidentFiles:
    """Every implementation, with one incident."""
    await store.register(sample.opened(), WORLD, at(0), "shop")
    return IncidentFolder(tmp_path / "home") if request.param == "folder" else InStore(store)


async def test_a_file_is_read_as_it_was_written_and_the_last_one_counts(files: IncidentFiles) -> None:
    await files.write(ID, "charts/recovery.png", b"first")
    where = await files.write(ID, "charts/recovery.png", CHART)
    assert where == files.where(ID, "charts/recovery.png")
    assert where.endswith(f"{ID}/charts/recovery.png")
    assert await files.read(ID, "charts/recovery.png") == CHART
    assert [(one.name, one.size) for one in await files.listed(ID)] == [("charts/recovery.png", len(CHART))]


async def test_what_is_not_there_is_none(files: IncidentFiles) -> None:
    assert await files.read(ID, "post-mortem.md") is None
    assert await files.listed(ID) == ()


async def test_they_are_listed_by_name_and_go_together(files: IncidentFiles) -> None:
    for name in ("updates/002-monitoring.md", "channel.md", "updates/001-investigating.md"):
        await files.keep(ID, name, b"text")
    listed = [one.name for one in await files.listed(ID)]
    assert listed == ["channel.md", "updates/001-investigating.md", "updates/002-monitoring.md"]
    await files.remove(ID)
    assert await files.listed(ID) == ()


async def test_secrets_stay_outside(files: IncidentFiles) -> None:
    await files.write(ID, "channel.md", SECRET.encode())
    assert b"hunter2" not in (await files.read(ID, "channel.md") or b"")


@pytest.mark.parametrize("name", ["../INC-2026-11-23-002/x.md", "/etc/passwd", "a/../../x", "bell\x07.md"])
async def test_no_name_leads_out_of_the_incident(files: IncidentFiles, name: str) -> None:
    with pytest.raises(UsageError, match="it must stay in its folder"):
        await files.write(ID, name, b"x")


async def test_files_of_no_incident_are_not_kept(stores: Callable[[], IncidentStore]) -> None:
    with pytest.raises(UnknownName):
        await stores().put_file("INC-2026-11-23-404", "x.md", b"x")
