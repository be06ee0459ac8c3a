"""The timeline as events over the API: nothing is missed or comes twice, it ends with what opened it."""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from incidents.access import AccessRole
from nexus.service.identity import Credential
from nexus.service.tokens import TokenAsked, Tokens
from tests import patient
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at
from tests.nexus.served import Serving
from tests.nexus.server.pages.test_stream import OTHER, TOKEN, Page, entry, folder, serving
from tests.patience import PATIENCE
from tools.clock import WallClock

__all__ = ["folder"]  # the fixture of the room next door

PATH = f"/api/v1/incidents/{ID}/timeline"
EVENTS = {"Accept": "text/event-stream"}
DANA = Credential(name="dana", place="people[0]", person="dana")
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def opened(nexus: Serving, last: str = "", token: str = TOKEN) -> Iterator[Page]:
    headers = EVENTS | {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last} if last else {})
    with httpx2.stream("GET", f"{nexus.root}{PATH}", timeout=PATIENCE, headers=headers) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield Page(stream)


def read(page: Page, many: int) -> list[str]:
    """The texts of so many entries; the id of each is its number."""
    texts = []
    for _ in range(many):
        (one,) = page.until("entry")
        told = json.loads(one.data)
        assert str(told["sequence"]) == one.identity
        texts.append(told["text"])
    return texts


def test_it_resumes_by_the_number_nothing_missed_nothing_twice(folder: Path) -> None:
    with serving(folder) as (nexus, store):
        asyncio.run(store.write(entry(1)))
        with opened(nexus) as page:
            assert read(page, 1) == ["note 1"]
            asyncio.run(store.write(entry(9, OTHER)))
            asyncio.run(store.write(entry(2)))
            assert read(page, 1) == ["note 2"]
        nexus.kill()
    with serving(folder) as (nexus, store):
        for number in (3, 4):
            asyncio.run(store.write(entry(number)))
        with opened(nexus, page.place) as again:
            assert read(again, 2) == ["note 3", "note 4"]


def test_it_ends_at_once_with_the_server(folder: Path) -> None:
    with serving(folder) as (nexus, store), opened(nexus) as page:
        asyncio.run(store.write(entry(1)))
        assert read(page, 1) == ["note 1"]
        begun = time.monotonic()
        nexus.end(signal.SIGTERM)
        assert list(page.events) == []
        assert time.monotonic() - begun < 5  # what runs may take ten


def test_it_ends_with_the_incident_once_all_of_it_was_told(folder: Path) -> None:
    with serving(folder) as (nexus, store), opened(nexus) as page:
        asyncio.run(store.write(entry(1)))
        assert read(page, 1) == ["note 1"]
        over = sample.resolved().evolve(closed=True)
        asyncio.run(store.write(entry(2)))
        asyncio.run(saved(store, over, at(50)))
        assert [one.name for one in page.events] == ["entry", "end"]


def test_it_ends_with_the_login_that_opened_it(folder: Path) -> None:
    with (
        serving(folder) as (nexus, store),
        httpx2.Client(base_url=nexus.root, timeout=PATIENCE, headers={"Origin": nexus.root}) as browser,
    ):
        assert browser.post("/login", data={"name": "dana", "secret": TOKEN}).status_code == 303
        with browser.stream("GET", PATH, headers=EVENTS) as stream:
            page = Page(stream)
            asyncio.run(store.write(entry(1)))
            assert read(page, 1) == ["note 1"]
            (session,) = asyncio.run(store.sessions(WallClock().now()))
            asyncio.run(store.end_session(session.id))
            asyncio.run(store.write(entry(2)))
            assert list(page.events) == [], "nothing more is told"


def test_it_ends_with_the_token_that_opened_it(folder: Path) -> None:
    with serving(folder) as (nexus, store):
        tokens = Tokens(store, WallClock())
        asked = TokenAsked(purpose="a screen on the wall", scopes=(AccessRole.VIEWER,))
        made = asyncio.run(tokens.make(asked, DANA, by=None))
        with opened(nexus, token=made.secret) as page:
            asyncio.run(store.write(entry(1)))
            assert read(page, 1) == ["note 1"]
            asyncio.run(tokens.revoke(made.token.id, by=None))
            asyncio.run(store.write(entry(2)))
            assert list(page.events) == [], "nothing more is told"


@pytest.mark.parametrize(("asked", "status"), [
    ({"headers": SHOWN | EVENTS | {"Last-Event-ID": "x"}}, 400),
    ({"headers": EVENTS}, 401), ({"headers": SHOWN | EVENTS, "path": "INC-2026-11-23-404"}, 404),
])  # fmt: skip
def test_what_cannot_be_streamed_is_a_problem(folder: Path, asked: dict[str, object], status: int) -> None:
    with serving(folder) as (nexus, _):
        path = PATH.replace(ID, str(asked.pop("path", ID)))
        answer = patient.get(f"{nexus.root}{path}", **asked)  # type: ignore[arg-type]
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
