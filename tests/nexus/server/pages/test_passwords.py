"""Passwords, one-time links and the break-glass account, as a browser meets them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.actor import Via
from nexus.service.identity import hash_of
from nexus.service.logins import Logins
from nexus.store.audit import DeedKind
from nexus.store.records import MessageKind
from tests.nexus.sample import ID
from tests.nexus.server.rooms import QUICK, Room, room, token_of

GOOD = "correct horse battery staple"
PEOPLE = {"dana": "", "kim": ", roles: [viewer]", "emergency": ", break_glass: true"}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path, people=PEOPLE) as one:
        yield one


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Room]:
    """A room whose people have nothing to show yet."""
    with room(tmp_path, people={}, more="people: [{name: dana}, {name: kim}]") as one:
        yield one


def logins(made: Room) -> Logins:
    return Logins(made.home.store, made.home.clock)


def give(made: Room, name: str, password: str) -> None:
    found = made.app.state.authenticator.people.find(name)
    asyncio.run(logins(made).set_password(found, hash_of(password, QUICK), by="", via=Via.CLI))


def link(made: Room, name: str | None) -> str:
    found = made.app.state.authenticator.people.find(name) if name else None
    return f"/setup/{asyncio.run(logins(made).link_for(found))}"


def enters(made: Room, name: str, secret: str) -> int:
    fields = {"name": name, "secret": secret}
    return made.browser().post("/login", data=fields, follow_redirects=False).status_code


def deeds(made: Room) -> list[tuple[str, str, str]]:
    rows = asyncio.run(made.home.store.audit())
    return [(row.deed.kind, row.deed.person or row.deed.about, row.deed.said) for row in rows]


def test_a_password_opens_its_person_and_no_other(made: Room) -> None:
    give(made, "dana", GOOD)
    assert enters(made, "Dana", GOOD) == 303
    assert enters(made, "kim", GOOD) == 401
    assert enters(made, "dana", GOOD.upper()) == 401
    assert enters(made, "dana", token_of("dana")) == 303, "their token stays theirs"
    assert deeds(made) == [
        (DeedKind.RIGHTS, "dana", "password"), (DeedKind.LOGIN, "dana", "password"),
        (DeedKind.LOGIN_REFUSED, "kim", ""), (DeedKind.LOGIN_REFUSED, "dana", ""),
        (DeedKind.LOGIN, "dana", "token"),
    ]  # fmt: skip


def test_a_new_password_logs_out_everywhere(made: Room) -> None:
    browser = made.browser("dana")
    give(made, "dana", GOOD)
    assert browser.get("/", follow_redirects=False).status_code == 303


def test_an_invitation_sets_a_password_once_and_logs_in(made: Room) -> None:
    path, browser = link(made, "kim"), made.browser()
    assert "For <b>kim</b>" in browser.get(path).text, "to look at it does not use it up"
    fields = {"name": "kim", "password": GOOD, "again": GOOD}
    done = browser.post(path, data=fields, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert "kim" in browser.get("/").text
    assert enters(made, "kim", GOOD) == 303
    for again in (made.browser().get(path), made.browser().post(path, data=fields)):
        assert again.status_code == 409
        assert "this link was used, or is older than a day" in again.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "short", "again": "short"}, "it has 5 characters"),
        ({"password": GOOD, "again": "another"}, "the two differ"),
        ({"password": "a" * 20, "again": "a" * 20}, "too easy to guess"),
        ({"password": "kim and a few more", "again": "kim and a few more"}, "too easy to guess"),
        ({"password": "x" * 2000, "again": "x" * 2000}, "it has 2000 characters"),
        ({}, "it has 0 characters"),
    ],
)
def test_a_bad_password_does_not_use_the_link_up(made: Room, fields: dict[str, str], said: str) -> None:
    path = link(made, "kim")
    wrong = made.browser().post(path, data={"name": "kim"} | fields)
    assert (wrong.status_code, said in wrong.text) == (400, True)
    good = {"name": "kim", "password": GOOD, "again": GOOD}
    assert made.browser().post(path, data=good, follow_redirects=False).status_code == 303


def test_an_invitation_is_for_nobody_else(made: Room) -> None:
    fields = {"name": "dana", "password": GOOD, "again": GOOD}
    path = link(made, "kim")
    refused = made.browser().post(path, data=fields)
    assert (refused.status_code, "dana cannot set a password with this link" in refused.text) == (409, True)
    assert enters(made, "dana", GOOD) == 401
    mine = made.browser().post(path, data=fields | {"name": "KIM"}, follow_redirects=False)
    assert mine.status_code == 303


def test_another_site_cannot_set_a_password(made: Room) -> None:
    fields = {"name": "kim", "password": GOOD, "again": GOOD}
    path = link(made, "kim")
    answer = made.browser().post(path, data=fields, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert enters(made, "kim", GOOD) == 401


def test_the_first_link_is_for_whoever_sets_up_and_for_nobody_once_somebody_can_log_in(fresh: Room) -> None:
    assert asyncio.run(logins(fresh).nobody_can_log_in(fresh.app.state.authenticator.people))
    path = link(fresh, None)
    page = fresh.browser().get(path).text
    assert "<option>dana</option>" in page
    assert "<option>kim</option>" in page
    give(fresh, "kim", GOOD)
    fields = {"name": "dana", "password": GOOD, "again": GOOD}
    assert fresh.browser().post(path, data=fields).status_code == 409
    assert enters(fresh, "dana", GOOD) == 401


def test_the_first_link_makes_the_first_login(fresh: Room) -> None:
    fields = {"name": "dana", "password": GOOD, "again": GOOD}
    assert fresh.browser().post(link(fresh, None), data=fields, follow_redirects=False).status_code == 303
    assert enters(fresh, "dana", GOOD) == 303


def test_links_are_not_guessed(tmp_path: Path) -> None:
    from nexus.server.limits import HttpLimits  # noqa: PLC0415

    with room(tmp_path, HttpLimits(wrong_tokens=3)) as made:
        answers = [made.browser().get(f"/setup/{n}").status_code for n in range(5)]
        assert answers == [409] * 3 + [429] * 2


def test_everybody_is_told_of_the_break_glass_account(made: Room) -> None:
    give(made, "emergency", GOOD)
    assert "break-glass" not in made.browser("kim").get("/").text
    assert enters(made, "emergency", GOOD) == 303
    page = made.browser("kim").get("/").text
    assert "The break-glass account <b>emergency</b> has been in use since" in page
    entries = asyncio.run(made.home.store.entries(ID))
    assert [e.text for e in entries if "break-glass" in e.text] == [
        "The break-glass account emergency was used to log in from testclient"
    ]
    sent = asyncio.run(made.home.store.messages(ID))
    assert [m.kind for m in sent if "break-glass" in m.text] == [MessageKind.CHANNEL]
    assert (DeedKind.BREAK_GLASS, "emergency", "") in deeds(made)


def test_who_is_disabled_is_nobody(tmp_path: Path) -> None:
    people = {"dana": "", "kim": ", disabled: true"}
    with room(tmp_path, people=people) as made:
        assert enters(made, "kim", token_of("kim")) == 401
        assert made.get("/me", "kim").status_code == 401
