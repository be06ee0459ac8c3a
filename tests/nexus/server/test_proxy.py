"""A reverse proxy that has logged people in: heard from its own address alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from nexus.server.limits import HttpLimits
from tests.nexus.server.rooms import BROWSER, LIMITS, Room, room, token_of

MORE = "server: {proxy: {addresses: [192.0.2.0/24], user_header: X-Forwarded-User}}"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path, more=MORE) as one:
        yield one


def browser(made: Room, peer: str, **headers: str) -> TestClient:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return TestClient(
        made.app,
        raise_server_exceptions=False,
        headers=BROWSER | named,
        client=(peer, 1),
        follow_redirects=True,
    )


def test_whom_the_proxy_names_is_logged_in(made: Room) -> None:
    page = (
        browser(made, "192.0.2.7", x_forwarded_user="Dana", x_forwarded_for="evil, 203.0.113.9")
        .get("/you")
        .text
    )
    assert "<h1>dana</h1>" in page
    assert "reverse proxy" in page
    assert "203.0.113.9" in page


@pytest.mark.parametrize("peer", ["192.0.3.7", "127.0.0.1", "testclient"])
def test_nobody_else_is_heard(made: Room, peer: str) -> None:
    page = browser(made, peer, x_forwarded_user="dana").get("/").text
    assert "<h1>Log in</h1>" in page


@pytest.mark.parametrize("name", ["nobody", "", "dana\x00"])
def test_who_is_none_of_the_people_stays_outside(made: Room, name: str) -> None:
    assert "<h1>Log in</h1>" in browser(made, "192.0.2.7", x_forwarded_user=name).get("/").text


def test_another_person_behind_the_proxy_is_not_the_one_before(made: Room) -> None:
    one = browser(made, "192.0.2.7", x_forwarded_user="dana")
    assert "<h1>dana</h1>" in one.get("/you").text
    one.headers["X-Forwarded-User"] = "viewer"
    assert "<h1>viewer</h1>" in one.get("/you").text


def test_behind_a_proxy_each_address_has_its_own_limit(tmp_path: Path) -> None:
    with room(tmp_path, HttpLimits(wrong_tokens=2, requests=LIMITS.requests), more=MORE) as made:

        def enter(address: str, secret: str, name: str = "dana") -> int:
            client = browser(made, "192.0.2.7", x_forwarded_for=address)
            return client.post("/login", data={"name": name, "secret": secret}).status_code

        assert [enter("203.0.113.9", "wrong", str(n)) for n in range(3)] == [401, 401, 429]
        assert enter("203.0.113.10", token_of("dana")) == 200
