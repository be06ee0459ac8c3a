"""Whoever is disabled in nexus.yaml, or leaves it, is outside with the next request; nothing is restarted."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nexus.server.rooms import Room, csrf_of, room, shown


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "nexus.yaml"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


def doors(made: Room, api_token: str, browser_status: int) -> tuple[int, int, int]:
    mine = made.client.get("/api/v1/me", headers=shown("dana")).status_code
    theirs = made.client.get("/api/v1/me", headers={"Authorization": f"Bearer {api_token}"}).status_code
    return mine, theirs, browser_status


@pytest.mark.parametrize("how", ["disabled", "gone"])
def test_every_door_closes_at_once(made: Room, file: Path, how: str) -> None:
    browser = made.browser("dana")
    fields = {"purpose": "x", "scopes": "viewer", "days": "1", "csrf": csrf_of(browser.get("/").text)}
    page = browser.post("/you/tokens", data=fields).text
    token = re.findall(r"nxs_[0-9a-f]{12}_[\w-]{43}", page)[0]

    def tried() -> tuple[int, int, int]:
        return doors(made, token, browser.get("/", follow_redirects=False).status_code)

    assert tried() == (200, 200, 200)
    text = file.read_text()
    dana = "{name: dana, token: 'env:DANA'}"
    assert dana in text
    changed = dana.replace("}", ", disabled: true}") if how == "disabled" else "{name: somebody}"
    file.write_text(text.replace(dana, changed))
    assert tried() == (401, 401, 303)
    assert made.get("/me", "viewer").status_code == 200
    file.write_text(text)
    assert tried() == (200, 200, 303), "what has ended stays ended; who is back comes in again"


def test_a_file_that_cannot_be_read_lets_nobody_in_who_was_outside_and_nobody_out(
    made: Room, file: Path
) -> None:
    browser = made.browser("dana")
    text = file.read_text()
    for broken in ("services: [", "people: []", ""):
        file.write_text(broken)
        assert browser.get("/you", follow_redirects=False).status_code == 200
    file.write_text(text.replace("{name: viewer,", "{name: viewer, disabled: true,"))
    assert made.get("/me", "viewer").status_code == 401
    file.write_text("nothing of ours")
    assert made.get("/me", "viewer").status_code == 401
    file.unlink()
    assert made.get("/me", "viewer").status_code == 401
    assert browser.get("/you", follow_redirects=False).status_code == 200
