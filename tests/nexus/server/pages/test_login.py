"""Logging in and out with a browser: who may, for how long, and what does not count."""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from nexus.server.limits import HttpLimits
from tests.nexus.server.rooms import Room, csrf_of, room, token_of


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


def cookie_of(browser: TestClient) -> str:
    return next(cookie.value for cookie in browser.cookies.jar if cookie.value)


def test_a_link_opens_after_the_login_that_it_led_to(made: Room) -> None:
    browser = made.browser()
    asked = browser.get("/incidents/INC-1?tab=log", follow_redirects=False)
    if asked.status_code == 404:  # until that page is built
        asked = browser.get("/", follow_redirects=False)
    login = browser.get(asked.headers["location"])
    assert login.status_code == 200
    assert "Log in" in login.text
    fields = {"name": "Dana", "secret": token_of("dana"), "next": "/?tab=log"}
    entered = browser.post("/login", data=fields, follow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, "/?tab=log")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=43200" in cookie
    assert "dana" in browser.get("/").text


def test_of_the_cookie_only_its_hash_is_kept(made: Room) -> None:
    secret = cookie_of(made.browser("dana"))
    kept = asyncio.run(made.home.store.sessions(made.home.clock.now()))
    assert [one.id for one in kept] == [hashlib.sha256(secret.encode()).hexdigest()]
    assert secret not in repr(kept)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "", "/\n/x"]
)
def test_a_login_leads_nowhere_else(made: Room, elsewhere: str) -> None:
    fields = {"name": "dana", "secret": token_of("dana"), "next": elsewhere}
    assert made.browser().post("/login", data=fields, follow_redirects=False).headers["location"] == "/"


@pytest.mark.parametrize(
    ("name", "secret"), [("dana", "guessed-it"), ("nobody", token_of("dana")), ("", ""), ("dana", "")]
)
def test_a_wrong_login_does_not_say_what_was_wrong(made: Room, name: str, secret: str) -> None:
    browser = made.browser()
    answer = browser.post("/login", data={"name": name, "secret": secret})
    assert answer.status_code == 401
    assert "The name or what you showed is wrong." in answer.text
    assert not secret or secret not in answer.text
    assert not browser.cookies


def test_another_persons_token_does_not_open_an_account(made: Room) -> None:
    assert (
        made.browser().post("/login", data={"name": "admin", "secret": token_of("dana")}).status_code == 401
    )


def test_a_session_that_was_ended_or_has_ended_is_none(made: Room) -> None:
    browser = made.browser("dana")
    secret, page = cookie_of(browser), browser.get("/").text
    left = browser.post("/logout", data={"csrf": csrf_of(page)}, follow_redirects=False)
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    assert not browser.cookies
    again = made.browser(nexus=secret)
    assert again.get("/", follow_redirects=False).status_code == 303

    (lasting,) = asyncio.run(_sessions(made, made.browser("dana")))
    assert asyncio.run(made.home.store.session(lasting, made.home.clock.now() + timedelta(hours=12))) is None


async def _sessions(made: Room, browser: TestClient) -> list[str]:
    return [one.id for one in await made.home.store.sessions(made.home.clock.now())]


def test_a_cookie_in_another_browser_ends_the_session(made: Room) -> None:
    browser = made.browser("dana")
    stolen = made.browser(nexus=cookie_of(browser))
    stolen.headers["User-Agent"] = "curl/8"
    assert stolen.get("/", follow_redirects=False).status_code == 303
    assert browser.get("/", follow_redirects=False).status_code == 303


def test_an_update_of_the_browser_does_not(made: Room) -> None:
    browser = made.browser("dana")
    browser.headers["User-Agent"] = "Firefox/143.1.2"
    assert browser.get("/", follow_redirects=False).status_code == 200


def test_a_second_login_ends_the_first_one_of_a_browser(made: Room) -> None:
    browser = made.browser("dana")
    first = cookie_of(browser)
    browser.post("/login", data={"name": "viewer", "secret": token_of("viewer")})
    assert cookie_of(browser) != first
    assert made.browser(nexus=first).get("/", follow_redirects=False).status_code == 303


def test_a_token_of_another_session_signs_no_form(made: Room) -> None:
    one, other = made.browser("dana"), made.browser("dana")
    foreign = csrf_of(other.get("/").text)
    refused = one.post("/logout", data={"csrf": foreign})
    assert refused.status_code == 403
    assert "belongs to another login" in refused.text


def test_another_site_cannot_log_a_browser_in(made: Room) -> None:
    browser = made.browser()
    fields = {"name": "dana", "secret": token_of("dana")}
    answer = browser.post("/login", data=fields, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "not from http://testserver; nothing was changed" in answer.text
    assert not browser.cookies


def test_a_flood_of_logins_is_told_to_wait(tmp_path: Path) -> None:
    with room(tmp_path, HttpLimits(wrong_tokens=5)) as made:
        browser = made.browser()
        answers = [browser.post("/login", data={"name": "dana", "secret": str(n)}) for n in range(7)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
        assert int(answers[-1].headers["retry-after"]) > 0
        assert "wait a moment" in answers[-1].text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=1&" * 200_000, "application/x-www-form-urlencoded", 400),
        (b"name=" + b"x" * 10_000_000, "application/x-www-form-urlencoded", 413),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"name=\xff", "application/x-www-form-urlencoded", 400),
        (b"[" * 10_000, "application/json", 415),
        (b"--x", "multipart/form-data; boundary=x", 415),
    ],
)
def test_a_form_that_is_none_is_refused(made: Room, body: bytes, kind: str, status: int) -> None:
    answer = made.browser().post("/login", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_whoever_is_gone_from_the_file_is_logged_out(made: Room) -> None:
    browser = made.browser("dana")
    door = made.app.state.authenticator
    others = tuple(one for one in door.people.credentials if one.name != "dana")
    door.use(type(door.people)(others))
    assert browser.get("/", follow_redirects=False).status_code == 303
    assert asyncio.run(_sessions(made, browser)) == []


def test_behind_tls_the_cookie_never_leaves_it(tmp_path: Path) -> None:
    with room(tmp_path, more="server: {public_url: 'https://nexus.example', session: 8h}") as made:
        browser = made.browser()
        fields = {"name": "dana", "secret": token_of("dana")}
        wrong = browser.post("/login", data=fields, follow_redirects=False)
        assert wrong.status_code == 403
        browser.headers["Origin"] = "https://nexus.example"
        entered = browser.post("/login", data=fields, follow_redirects=False)
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith("__Host-nexus=")
        assert "; Secure" in cookie
        assert "Max-Age=28800" in cookie
        assert "max-age=31536000" in entered.headers["strict-transport-security"]


def test_without_people_the_login_says_how_to_begin(tmp_path: Path) -> None:
    with room(tmp_path, people={}) as made:
        page = made.browser().get("/login").text
        assert "names no <code>people</code>" in page
        assert "<form" not in page
