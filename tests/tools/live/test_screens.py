"""Pictures of real local pages by a real browser, where one is installed; a clear sentence where none is."""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from incidents.action import Approval, Verdict
from incidents.errors import ToolFailed, UnknownName
from incidents.events import DecisionMade, Event
from incidents.incident import Incident
from incidents.severity import Status
from incidents.timeline import EntryKind
from tests.cases import case_sources
from tests.graph.harness import bench, incident
from tests.tools.live.fakes.server import Answer, Asked, serving
from tools.clock import VirtualClock
from tools.live.process import PATH
from tools.live.screens import BrowserScreens
from tools.live.settings_tools import BrowserSpec
from tools.memory import MemoryEvidence
from tools.pictures.screenshots import screenshots
from tools.ports import Shot
from tools.toolbox import SCREENS, available
from tools.toolbox.arguments import NoArgs
from tools.toolset import Toolset

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n"
PAGES = {
    "/": (
        200,
        "<title>Shop token=abcdef0123456789</title><h1>Shop</h1><p id=total>3 items, 42.00</p>"
        "<style>body{font:28px sans-serif;margin:3em}</style>",
    ),
    "/ill": (503, "<title>Sorry</title><h1>We will be back</h1>"),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    def answer(asked: Asked) -> Answer:
        status, body = PAGES.get(asked.path, (404, "nothing here"))
        return Answer(body, status, {"Content-Type": "text/html"})

    with serving(answer) as server:
        yield server.url


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def browser(**given: object) -> BrowserSpec:
    return BrowserSpec.model_validate({"kind": "browser", "timeout": "3s", **given})


def page(name: str, url: str, **given: object) -> dict[str, object]:
    return {"name": name, "url": url, "service": "web", **given}


@pytest.fixture
def installed() -> None:
    pytest.importorskip("playwright", reason="the extra `browser` is not installed")
    if not any(shutil.which(name, path=PATH) for name in ("chromium", "google-chrome")):
        pytest.skip("no browser is installed; apt-get install chromium has one")


@pytest.mark.usefixtures("installed")
async def test_pages_become_pictures_and_evidence_and_the_tool_tells_what_was_seen(
    url: str, silent: str, shop: Path, ledger: Path
) -> None:
    spec = browser(
        pages=[
            page("cart", f"{url}/", wait_for="#total"),
            page("ill", f"{url}/ill", wait_for="#total"),
            page("hangs", f"{silent}/?token=abcdef0123456789"),
        ],
        timeout="3s",
    )
    clock = VirtualClock(NOW)
    sources, _ = case_sources(shop, ledger)
    world = replace(sources.world, screens=BrowserScreens(spec, clock))
    store = MemoryEvidence()
    toolset = Toolset(
        replace(sources, world=world), store, "evidence_collector", available((SCREENS.name,), world)
    )  # fmt: skip

    said = (await toolset.ask(SCREENS, NoArgs())).evidence.summary
    assert "cart (web) [HTTP 200]" in said
    assert "ill (web) [HTTP 503]" in said
    assert "did not appear" in said
    assert "the page hangs could not be opened: Page.goto: Timeout 3000ms exceeded" in said
    assert "abcdef0123456789" not in said

    taken = await screenshots(toolset)
    assert [(one.shot.page, one.shot.status, one.shot.complete) for one in taken.kept] == [
        ("cart", 200, True), ("ill", 503, False),
    ]  # fmt: skip
    (gap,) = taken.gaps
    assert "hangs" in gap
    with pytest.raises(UnknownName):
        await BrowserScreens(spec, clock).shoot("card")
    for one in taken.kept:
        assert one.shot.png.startswith(PNG)
        assert await store.body("INC-1", one.evidence.id) == one.shot.png
        assert one.shot.at == NOW  # the tool's picture is the one that is kept


async def test_without_a_browser_there_is_a_sentence(shop: Path, ledger: Path, tmp_path: Path) -> None:
    pytest.importorskip("playwright", reason="the extra `browser` is not installed")
    spec = browser(
        pages=[page("cart", "http://127.0.0.1:9/"), page("pay", "http://127.0.0.1:9/")],
        executable=tmp_path / "none",
    )
    sources, _ = case_sources(shop, ledger)
    world = replace(sources.world, screens=BrowserScreens(spec, VirtualClock(NOW)))
    taken = await screenshots(Toolset(replace(sources, world=world), MemoryEvidence(), "r", ()))
    assert taken.kept == ()
    assert taken.gaps == (f"pictures are not available: there is no {tmp_path / 'none'}",)


async def test_a_recording_has_no_pages(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger)
    assert available((SCREENS.name,), sources.world) == ()
    assert (await screenshots(Toolset(sources, MemoryEvidence(), "r", ()))).gaps == ()


def approve(now_incident: Incident, now: datetime) -> Event | None:
    for one in now_incident.pending:
        approval = Approval(action=one.id, digest=one.digest, verdict=Verdict.APPROVE, by="ana", at=now)
        return DecisionMade(id=f"approve:{one.id}", incident="INC-1", at=now, approval=approval)
    return None


async def test_pictures_are_kept_as_files_once_the_recovery_is_confirmed() -> None:
    class Pages:
        pages = ("cart", "pay")

        async def shoot(self, page: str) -> Shot:
            if page == "pay":
                raise ToolFailed("the page pay could not be opened: ERR_TEST")
            return Shot(page=page, service="web", title="Cart", status=200, complete=True, at=NOW, png=PNG)

    files: dict[str, bytes] = {}

    class Kept:
        async def write(self, incident: str, name: str, data: bytes) -> str:
            files[name] = data
            return name

    made = bench()
    made.people.decides = approve
    world = replace(made.deps.world, screens=Pages())
    made = replace(made, deps=replace(made.deps, files=Kept(), world=world))
    done = await made.run(incident())
    assert done.status is Status.RESOLVED
    entries = await made.store.entries("INC-1")
    (kept,) = [one for one in entries if "kept in screens/" in one.text]
    assert "cart (HTTP 200, title 'Cart')" in kept.text
    assert kept.role == "Evidence Collector"
    assert await made.store.body("INC-1", kept.evidence[0]) == PNG
    (gap,) = [one for one in entries if "ERR_TEST" in one.text]
    assert gap.kind is EntryKind.GAP
    assert files["screens/cart.png"] == PNG
    assert files["charts/recovery.png"].startswith(PNG)
    assert files["charts/recovery.svg"].startswith(b"<?xml")


def test_mistakes_in_the_configuration_are_named() -> None:
    for pages in (
        [page("../x", "http://x/")],
        [page("a", "http://x/"), page("a", "http://y/")],
        [page("a", "http://u:hunter2@x/")],
        [page("a", "file:///etc/passwd")],
    ):
        with pytest.raises(ValidationError):
            browser(pages=pages)
