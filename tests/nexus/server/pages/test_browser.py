"""The war room in a real browser: what is written appears by itself, also after the server was away."""

import asyncio
import shutil
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from demo.processes import free_port
from incidents.paging import held_by_person
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at
from tests.nexus.served import Serving, served
from tests.nexus.server.pages.test_stream import SITE, TOKEN, entry
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

T = TypeVar("T")

CHROMIUM = shutil.which("chromium")
#: How it is started where nothing else is running.
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync"]  # fmt: skip
_MS = PATIENCE * 1000


def run(asked: Coroutine[Any, Any, T]) -> T:
    """Ask the store from a thread of its own: what drives the browser has a loop in this one."""
    with ThreadPoolExecutor(1) as hand:
        return hand.submit(asyncio.run, asked).result()


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    pytest.importorskip("playwright", reason="the extra `browser` is not installed")
    if CHROMIUM is None:
        pytest.skip("no browser is installed; apt-get install chromium has one")
    # Imported here: who has no browser need not have what drives one.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playing:
        browser = playing.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


@dataclass
class WarRoom:
    """A home, the server of its pages on one port, and what a page complained of."""

    folder: Path
    port: int
    stack: ExitStack
    said: list[str] = field(default_factory=list)
    nexus: Serving | None = None

    @property
    def home(self) -> Path:
        return self.folder.with_name("home")

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        words = ("--no-worker", "--port", str(self.port))
        self.nexus = self.stack.enter_context(served(self.folder, self.home, *words, DANA=TOKEN))

    def kill(self) -> None:
        assert self.nexus is not None
        self.nexus.kill()

    def write(self, number: int) -> None:
        with Store.existing(self.home) as store:
            run(store.write(entry(number)))

    def open(self, browser: "Browser", width: int = 1200) -> "Page":
        """Somebody's page of the incident, from the link in a message: they log in on the way."""
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(_MS)
        page.on("console", lambda told: self.said.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(f"{self.root}/incidents/{ID}")
        page.fill("input[name=name]", "dana")
        page.fill("input[name=secret]", TOKEN)
        page.press("input[name=secret]", "Enter")
        page.locator("#entries").wait_for()
        return page


@contextmanager
def war_room(tmp_path: Path, site: str = SITE) -> Iterator[WarRoom]:
    port = free_port()
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "nexus.yaml").write_text(site)
    with ExitStack() as stack:
        room = WarRoom(folder, port, stack)
        room.home.mkdir()
        with Store.open(room.home) as store:
            world = WorldRef(kind=WorldKind.LIVE, path=str(folder / "nexus.yaml"))
            run(store.register(sample.waiting(), world, at(12), "default"))
            for one in sample.ENTRIES:
                run(store.write(one))
        room.serve()
        yield room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[WarRoom]:
    with war_room(tmp_path) as made:
        yield made


def notes(page: "Page") -> list[str]:
    texts = page.locator("#entries > li bdi").all_inner_texts()
    return [text for text in texts if text.startswith("note ")]


def test_what_is_written_appears_without_a_reload(room: WarRoom, chromium: "Browser") -> None:
    page = room.open(chromium)
    room.write(1)
    page.get_by_text("note 1", exact=True).wait_for()
    with Store.existing(room.home) as store:
        kept = run(store.load(ID))
        assert kept is not None
        taken = kept.evolve(title="Payments are lost", alerts=(*kept.alerts, sample.alert().model_copy(
            update={"fingerprint": "b2", "title": "PaymentsLost"})))  # fmt: skip
        run(saved(store, taken, at(15)))
    page.locator("#card-alerts").get_by_text("PaymentsLost").wait_for()
    page.get_by_role("heading", name="Payments are lost").wait_for()
    assert notes(page) == ["note 1"]
    assert room.said == []


def test_a_page_resumes_by_itself_nothing_missed_nothing_twice(room: WarRoom, chromium: "Browser") -> None:
    page = room.open(chromium)
    room.write(1)
    page.get_by_text("note 1", exact=True).wait_for()
    room.kill()
    page.locator("#offline").wait_for(state="visible")
    room.write(2)
    room.write(3)
    room.serve()
    page.get_by_text("note 3", exact=True).wait_for()
    page.locator("#offline").wait_for(state="hidden")
    room.write(4)
    page.get_by_text("note 4", exact=True).wait_for()
    assert notes(page) == ["note 4", "note 3", "note 2", "note 1"]


@pytest.mark.parametrize("width", [360, 1600])
def test_nothing_is_wider_than_the_page(room: WarRoom, chromium: "Browser", width: int) -> None:
    page = room.open(chromium, width)
    for path in ("/", f"/incidents/{ID}", f"/incidents/{ID}/regroup"):
        page.goto(f"{room.root}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert room.said == []


def test_evidence_opens_by_keyboard_alone(room: WarRoom, chromium: "Browser") -> None:
    with Store.existing(room.home) as store:
        for number in range(4):
            run(store.put(sample.evidence(number), b'{"lines": 1204}'))
    page = room.open(chromium)
    page.locator("#card-causes a").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="The question").wait_for()
    assert "/evidence/" in page.url


def test_who_has_it_is_seen_by_everybody_as_it_changes(room: WarRoom, chromium: "Browser") -> None:
    page = room.open(chromium, 390)
    page.locator("#holds").get_by_text("No person has it yet").wait_for()
    page.locator("#actions").get_by_role("button", name="I have it").click()
    page.locator("#actions").wait_for()
    with Store.existing(room.home) as store:
        (said,) = [event for event in run(store.events(ID)) if event.kind == "acknowledge"]
        kept = run(store.load(ID))
        assert kept is not None
        run(saved(store, held_by_person(kept, getattr(said, "by", ""), at(15)), at(15)))
    page.locator("#holds").get_by_text("dana has it; the agents work on it.").wait_for()
    page.reload()
    page.locator("#actions").get_by_role("button", name="I am still at it").wait_for()
    page.locator("#actions").locator("summary", has_text="Hand it to somebody else").click()
    page.locator("#actions input[name=to]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert room.said == []
