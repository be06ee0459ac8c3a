"""The API by the cookie of a browser: what reads needs nothing more, what writes a page of ours."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.nexus.sample import DIGEST, ID
from tests.nexus.server.rooms import Room, csrf_of, room, shown

NOTE = f"/api/v1/incidents/{ID}/note"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with room(tmp_path_factory.mktemp("room")) as one:
        yield one


@pytest.fixture
def browser(made: Room) -> TestClient:
    return made.browser("dana")


def test_a_browser_reads_as_its_person(browser: TestClient) -> None:
    assert browser.get("/api/v1/me").json()["name"] == "dana"


def test_a_browser_writes_with_the_token_of_its_page(made: Room, browser: TestClient) -> None:
    token = {"X-CSRF-Token": csrf_of(browser.get("/").text)}
    assert browser.post(NOTE, json={"text": "by cookie"}, headers=token).status_code == 200
    assert "note by dana" in made.inbox()


@pytest.mark.parametrize("path", [NOTE, f"/incidents/{ID}/decisions"])
@pytest.mark.parametrize("how", ["no token", "another token", "another site", "no origin"])
def test_a_cookie_alone_writes_nothing(made: Room, browser: TestClient, how: str, path: str) -> None:
    before, token = made.inbox(), {"X-CSRF-Token": csrf_of(browser.get("/").text)}
    match how:
        case "no token":
            token = {}
        case "another token":
            token = {"X-CSRF-Token": "f" * 64}
        case "another site":
            browser.headers["Origin"] = "https://evil.example"
        case _:
            del browser.headers["Origin"]
    body = {"text": "x"} if path == NOTE else {"verdict": "approve", "action": "A1", "digest": DIGEST}
    answer = browser.post(path, json=body, headers=token)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert made.inbox() == before


def test_a_bearer_token_outweighs_the_cookie(browser: TestClient) -> None:
    del browser.headers["Origin"]
    assert browser.get("/api/v1/me", headers=shown("viewer")).json()["name"] == "viewer"
    assert browser.post(NOTE, json={"text": "x"}, headers=shown("viewer")).status_code == 403
    wrong = browser.get("/api/v1/me", headers={"Authorization": "Bearer nobodys"})
    assert wrong.status_code == 401


def test_a_cookie_of_nobody_is_asked_for_a_token(made: Room) -> None:
    answer = made.browser(nexus="nobodys").get("/api/v1/me")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_viewer_with_a_browser_approves_nothing(made: Room) -> None:
    browser, before = made.browser("viewer"), made.inbox()
    token = {"X-CSRF-Token": csrf_of(browser.get("/").text)}
    said = {"verdict": "approve", "action": "A1", "digest": DIGEST}
    answer = browser.post(f"/api/v1/incidents/{ID}/decisions", json=said, headers=token)
    assert answer.status_code == 403
    assert "viewer may not decide on changes" in answer.json()["detail"]
    assert made.inbox() == before
