"""The frame of the pages: what it forbids the browser, what it says where there is nothing to show."""

import asyncio
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.server.headers import POLICY
from nexus.server.pages.words import span
from nexus.server.static_files import StaticFiles
from tests.nexus import sample
from tests.nexus.server.rooms import ENDED, Room, room

STATIC = Path(__file__).parents[4] / "nexus" / "server" / "static"
#: htmx.org 2.0.11 and htmx-ext-sse 2.2.4, as the npm registry has them (0BSD).
VENDORED = {
    "htmx.min.js": "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    "sse.min.js": "98a46496de0c3605fbffdce9167ba427bdd9553184f83f149c261891a92c0136",
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


@pytest.mark.parametrize("name", VENDORED)
def test_what_comes_from_others_is_exactly_what_they_published(name: str) -> None:
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == VENDORED[name]


@pytest.mark.parametrize("path", ["/", "/login", "/nothing", "/healthz", "/api/v1/me"])
def test_every_answer_forbids_what_pages_do_not_need(made: Room, path: str) -> None:
    headers = made.browser("dana").get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_no_template_holds_anything_inline() -> None:
    templates = list((STATIC.parents[1] / "templates" / "pages").rglob("*.html"))
    assert templates
    for template in templates:
        text = template.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", text), (
            template
        )
        assert not re.search(r"(src|href|action)=.https?:", text), template
        assert "| safe" not in text, template


def test_files_are_kept_for_good_under_what_they_hold(made: Room) -> None:
    browser = made.browser()
    urls = re.findall(r"/static/[0-9a-f]{12}/[a-z.]+", browser.get("/login").text)
    assert {url.rpartition("/")[2] for url in urls} == {*VENDORED, "nexus.css", "nexus.svg"}
    for url in urls:
        answer = browser.get(url)
        assert answer.content == (STATIC / url.rpartition("/")[2]).read_bytes()
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    outdated = browser.get("/static/000000000000/nexus.css")
    assert (outdated.status_code, outdated.headers["cache-control"]) == (200, "no-cache")
    for wrong in ("/static/0/app.py", "/static/0/..%2fapp.py", "/static/0/__init__.py"):
        assert browser.get(wrong).status_code == 404


def test_a_path_that_there_is_not_is_a_page_for_people_and_a_problem_for_programs(made: Room) -> None:
    page = made.browser().get("/no/such/page")
    assert page.status_code == 404
    assert "<h1>There is nothing here</h1>" in page.text
    program = made.client.get("/no/such/page")
    assert program.headers["content-type"] == "application/problem+json"


def test_what_breaks_is_a_plain_page_that_tells_nothing_of_the_inside(made: Room) -> None:
    async def broken(request: Request) -> Response:
        raise RuntimeError("the-inside")

    async def gone(request: Request) -> Response:
        raise NexusError("the disk is full")

    pages = made.app.state.pages
    made.app.router.routes[:0] = [
        Route("/broken", pages.guarded(broken)),
        Route("/gone", pages.guarded(gone)),
    ]
    answer = made.browser().get("/broken")
    assert (answer.status_code, "This page is broken" in answer.text) == (500, True)
    assert "the-inside" not in answer.text
    answer = made.browser().get("/gone")
    assert (answer.status_code, "the disk is full" in answer.text) == (503, True)


def test_what_people_wrote_is_shown_as_text(tmp_path: Path) -> None:
    with room(tmp_path, people={"dana": ", roles: [viewer]"}) as made:
        title = "<script>alert(1)</script> \u202eevil\x1b[31m"
        evil = sample.opened("INC-2026-11-23-003").evolve(title=title)
        world = asyncio.run(made.home.store.world_of(sample.ID))
        asyncio.run(made.home.store.register(evil, world, sample.at(0), "default"))
        page = made.browser("dana").get("/").text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &lt;U+202E&gt;evil&lt;U+001B&gt;[31m" in page
        assert "\u202e" not in page
        assert "\x1b" not in page


def test_the_first_page_lists_what_is_open(made: Room) -> None:
    page = made.browser("viewer").get("/").text
    assert "One open, one waits for people" in page
    assert f"/incidents/{sample.ID}" in page
    assert f"/incidents/{ENDED}" in page  # it is resolved, and owes its post-mortem


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (4800, "1 h 20 min"),
        (86400, "1 d"), (86400 + 59, "1 d"), (97200, "1 d 3 h"), (90061, "1 d 1 h"),
    ],
)  # fmt: skip
def test_spans_have_two_units_at_most(seconds: float, said: str) -> None:
    assert span(seconds) == said


#: What is written on what.
_PAIRS = [
    (ink, on)
    for on in ("paper", "card", "soft")
    for ink in ("ink", "quiet", "p0", "good", "act", "wait")
] + [("on", badge) for badge in ("p0", "p1", "p2", "p3", "good", "act", "wait", "quiet")]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(theme: str) -> None:
    css = StaticFiles.read()._files["nexus.css"].body.decode()
    light, dark = (dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", part)) for part in css.split("@media", 2)[:2])
    colours = light if theme == "light" else light | dark
    poor = {pair: contrast(*(colours[one] for one in pair)) for pair in _PAIRS}
    assert not {pair: found for pair, found in poor.items() if found < 4.5}


def contrast(one: str, other: str) -> float:
    """As WCAG 2 reckons it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
