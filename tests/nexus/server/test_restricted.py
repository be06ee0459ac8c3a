"""A restricted incident is not there for whoever is not named, by any page, list, stream or request."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.store.audit import DeedKind
from tests.nexus.sample import DIGEST, ID
from tests.nexus.server.rooms import Room, csrf_of, room, shown
from tests.nexus.server.test_access_table import API, DOORS, OF_INCIDENT, PAGES, asked

LISTS = ("/incidents", "/approvals", "/timeline", "/alerts", "/verdicts", "/backlog")
WHY = {"why": "breach", "people": ["approver"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with room(tmp_path_factory.mktemp("room")) as one:
        assert one.post(f"/incidents/{ID}/restrict", WHY, "commander").status_code == 200
        yield one


@pytest.mark.parametrize("path", LISTS)
def test_no_list_names_it(made: Room, path: str) -> None:
    assert ID not in made.get(path, "responder").text
    assert (ID in made.get(path, "approver").text) == (ID in made.get(path, "commander").text)


def test_the_lists_name_it_for_those_who_are_named(made: Room) -> None:
    for path in ("/incidents", "/approvals", "/timeline"):
        assert ID in made.get(path, "approver").text


OF_IT = [door for door in DOORS if door[1].startswith((OF_INCIDENT, "/incidents/{incident}"))]


@pytest.mark.parametrize("door", OF_IT, ids=" ".join)
@pytest.mark.parametrize("by", ["admin", "responder"])
def test_no_route_of_it_knows_it(made: Room, door: tuple[str, str], by: str) -> None:
    before = made.inbox()
    answer = asked(made, door, by)
    assert answer.status_code == 404, answer.text
    assert made.inbox() == before


class Names(dict[str, str]):
    """What stands in an address; what is not named is anything."""

    def __missing__(self, key: str) -> str:
        return "x"


PAGES_OF_IT = [door for door in PAGES if "{incident}" in door[1]]


@pytest.mark.parametrize("door", PAGES_OF_IT, ids=" ".join)
def test_no_page_of_it_is_there(made: Room, door: tuple[str, str]) -> None:
    browser, before = made.browser("admin"), made.inbox()
    method, path = door
    data = None if method == "GET" else {"csrf": csrf_of(browser.get("/").text)}
    answer = browser.request(method, path.format_map(Names(incident=ID)), data=data, follow_redirects=False)
    assert answer.status_code == 404, answer.text
    assert made.inbox() == before


def test_the_first_page_leaves_it_out(made: Room) -> None:
    assert ID not in made.browser("admin").get("/").text
    assert ID in made.browser("approver").get("/").text
    assert ID in made.browser("commander").get("/").text


def test_a_token_that_is_limited_to_less_sees_less(made: Room) -> None:
    browser = made.browser("commander")
    fields = {"purpose": "x", "scopes": "viewer", "days": "1", "csrf": csrf_of(browser.get("/").text)}
    token = browser.post("/you/tokens", data=fields).text.split("<pre>")[1].split("</pre>")[0]
    headers = {"Authorization": f"Bearer {token}"}
    assert made.client.get(f"{API}/incidents/{ID}", headers=headers).status_code == 404
    assert made.client.get(f"{API}/incidents/{ID}", headers=shown("commander")).status_code == 200


def test_those_who_see_it_work_on_it(made: Room) -> None:
    said = {"verdict": "reject", "action": "A1", "digest": DIGEST, "note": "no"}
    assert made.post(f"/incidents/{ID}/decisions", said, "approver").status_code == 200


def test_only_a_commander_restricts_and_names_people_that_there_are(tmp_path: Path) -> None:
    with room(tmp_path) as made:
        path = f"/incidents/{ID}/restrict"
        assert made.post(path, WHY, "responder").status_code == 403
        assert made.post(path, WHY | {"people": ["nobody-known"]}, "commander").status_code == 404
        assert made.post(path, WHY | {"why": "secret"}, "commander").status_code == 400
        assert asyncio.run(made.home.store.restrictions()) == ()
        assert made.post(path, WHY, "commander").status_code == 200
        again = f"/incidents/{ID}/unrestrict"
        assert made.get(f"/incidents/{ID}", "viewer").status_code == 404
        assert made.post(again, {"note": "it was a drill"}, "commander").status_code == 200
        assert made.get(f"/incidents/{ID}", "viewer").status_code == 200
        assert made.post(again, {"note": "again"}, "commander").status_code == 409
        deeds = [row.deed for row in asyncio.run(made.home.store.audit(incident=ID))]
        assert [(one.kind, one.person, one.said) for one in deeds] == [
            (DeedKind.RIGHTS, "commander", "breach"), (DeedKind.RIGHTS, "commander", "everybody"),
        ]  # fmt: skip
        told = [entry.text for entry in asyncio.run(made.home.store.entries(ID))]
        assert "Only the commander and approver see this from now on (breach)" in told
        assert "Everybody sees this again: it was a drill" in told
