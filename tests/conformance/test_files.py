"""What every place for an incident's files does: a folder of one machine, the store or a bucket of many."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from incidents.errors import NexusError, UnknownName, UsageError
from nexus.config.object_store import ObjectStore
from nexus.files import IncidentFiles, IncidentFolder, InStore, Relocated
from nexus.objects import IncidentObjects
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.postgres.store import PostgresStore
from nexus.store.sqlite.store import Store
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.s3 import BUCKET, s3_options, s3_server

CHART, SECRET = bytes(range(256)) * 20, "password=hunter2hunter2"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


def bucket(address: str) -> IncidentObjects:
    options = {name: SecretStr(value) for name, value in s3_options(address).items()}
    return IncidentObjects.open(ObjectStore(scheme="s3", root=f"{BUCKET}/{uuid4().hex}", options=options))


def memory() -> IncidentObjects:
    return IncidentObjects.open(ObjectStore(scheme="memory", root=f"nexus/{uuid4().hex}"))


PLACES = ["twin", "sqlite", "postgres", "folder", "memory", "s3", "relocated"]


@pytest.fixture(params=PLACES)
async def files(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[IncidentFiles]:
    """Every implementation, with one incident."""
    folder = IncidentFolder(tmp_path / "home")
    with ExitStack() as opened:
        match request.param:
            case "folder":
                yield folder
            case "memory":
                yield memory()
            case "s3":
                yield bucket(request.getfixturevalue("s3"))
            case "relocated":
                yield Relocated(memory(), folder)
            case kind:
                store = _store(kind, request, tmp_path, opened)
                await store.register(sample.opened(), WORLD, at(0), "shop")
                yield InStore(store)


def _store(kind: str, request: pytest.FixtureRequest, folder: Path, opened: ExitStack) -> IncidentStore:
    if kind == "twin":
        return MemoryStore()
    if kind == "sqlite":
        return opened.enter_context(Store.open(folder))
    address = request.getfixturevalue("postgres").empty()
    return opened.enter_context(PostgresStore.open(address, create=False))


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


async def test_what_was_written_before_files_lie_elsewhere_is_read_and_goes_with_the_rest(
    tmp_path: Path,
) -> None:
    before, now = IncidentFolder(tmp_path), memory()
    await before.write(ID, "channel.md", b"old")
    await before.write(ID, "pages.md", b"pages")
    files = Relocated(now, before)
    await files.write(ID, "channel.md", b"newer")
    assert [(one.name, one.size) for one in await files.listed(ID)] == [("channel.md", 5), ("pages.md", 5)]
    assert (await files.read(ID, "channel.md"), await files.read(ID, "pages.md")) == (b"newer", b"pages")
    assert await before.read(ID, "channel.md") == b"old"
    await files.remove(ID)
    assert await files.listed(ID) == await before.listed(ID) == ()


async def test_two_machines_see_one_bucket_and_each_incident_its_own(s3: str) -> None:
    one, prefix = bucket(s3), "INC-2026-11-23-0012"
    other = IncidentObjects(bucket(s3).system, one.root, one.scheme)
    await one.write(ID, "channel.md", b"text")
    await one.write(prefix, "channel.md", b"of another whose name begins alike")
    assert await other.read(ID, "channel.md") == b"text"
    await other.remove(ID)
    assert await one.listed(ID) == ()
    assert len(await one.listed(prefix)) == 1


async def test_a_bucket_that_does_not_answer_is_said_without_its_secrets() -> None:
    nowhere = bucket("http://127.0.0.1:9")
    # At once: each of them is tried again for seconds.
    asked = (nowhere.read(ID, "a.md"), nowhere.write(ID, "a.md", b"x"), nowhere.listed(ID))
    for refused in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(refused, NexusError)
        assert re.search(f"s3://{BUCKET}/.*{ID}.* cannot be ", str(refused))
        assert "a-secret-of-the-bucket" not in str(refused)
