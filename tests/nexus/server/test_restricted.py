"""A restricted incident is not there for whoever is not named, by any page, list, stream or request."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.store.audit import DeedKind
from tests.nexus import sample
from tests.nexus.sample import DIGEST, ID
from tests.nexus.server.rooms import LATE, Room, csrf_of, room, shown
from tests.nexus.server.test_access_table import API, DOORS, OF_INCIDENT, PAGES, asked

LISTS = ("/incidents", "/approvals", "/timeline", "/alerts", "/verdicts", "/backlog")
OPEN, BROKEN = "INC-2026-11-23-007", "INC-2026-11-23-004"
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


#: What is asked beside the incident's own address: a report that joins it, ids that are nearly its own, ...
HINTS: dict[str, tuple[str, str, object]] = {
    "health": ("GET", "/healthz", None),
    "metrics": ("GET", "/metrics", None),
    "an id that there is not": ("GET", f"{API}/incidents/INC-2026-11-23-003", None),
    "a list behind it": ("GET", f"{API}/incidents?after=INC-2026-11-23-003", None),
    "a merge into it": ("POST", f"{API}/incidents/{ID}/merge", {"other": OPEN, "reason": "one"}),
    "a merge of it": ("POST", f"{API}/incidents/{OPEN}/merge", {"other": ID, "reason": "one"}),
    "what may be merged": ("GET", f"{API}/incidents/{OPEN}/regrouping", None),
    "a report that joins it": ("POST", f"{API}/incidents", {"title": "slow", "service": "checkout"}),
    "a stop of everything": ("POST", f"{API}/stop", {"reason": "enough"}),
    "what burns": ("GET", f"{API}/now", None),
}


async def _breaks_off(made: Room, incident: str) -> None:
    store = made.home.store
    number = await store.lease(incident, "test", LATE, sample.at(9))
    assert number is not None
    await store.fail(incident, number, LATE, "it is broken")


@pytest.mark.parametrize("hint", HINTS)
def test_no_hint_names_it(tmp_path: Path, hint: str) -> None:
    method, path, body = HINTS[hint]
    with room(tmp_path) as made:
        world = asyncio.run(made.home.store.world_of(ID))
        other = sample.opened(OPEN, 7)
        asyncio.run(made.home.store.register(other, world, sample.at(7), "default"))
        broken = sample.opened(BROKEN, 8)
        asyncio.run(made.home.store.register(broken, world, sample.at(8), "default"))
        asyncio.run(_breaks_off(made, BROKEN))
        assert BROKEN in made.client.get("/healthz").text
        for one in (ID, BROKEN):
            assert made.post(f"/incidents/{one}/restrict", WHY, "commander").status_code == 200
        token = "the-token-of-prometheus" if path == "/metrics" else "the-token-of-responder"
        answer = made.client.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})
        for one in (ID, BROKEN):
            # Of what was asked by its very id nothing is said but that.
            assert one not in answer.text.replace(f"no incident {one!r}", ""), answer.text
        assert answer.status_code in ({404} if "INC-" in path and OPEN not in path else {200, 404})


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


def test_those_who_are_named_name_others_and_lift_it(tmp_path: Path) -> None:
    with room(tmp_path) as made:
        assert made.post(f"/incidents/{ID}/restrict", WHY, "commander").status_code == 200
        browser = made.browser("approver")
        page = browser.get(f"/incidents/{ID}").text
        assert "Only some see this" in page
        form = {"csrf": csrf_of(page), "why": "people", "people": " approver , responder "}
        assert browser.post(f"/incidents/{ID}/restrict", data=form, follow_redirects=False).status_code == 303
        (kept,) = asyncio.run(made.home.store.restrictions())
        assert (kept.people, kept.why) == (("approver", "responder"), "people")
        form["people"] = "responder"
        left = browser.post(f"/incidents/{ID}/restrict", data=form, follow_redirects=False)
        assert (left.status_code, left.headers["location"]) == (303, "/"), "they do not see it any more"
        lifted = made.post(f"/incidents/{ID}/unrestrict", {"note": "a drill"}, "responder")
        assert lifted.status_code == 200
        assert made.post(f"/incidents/{ID}/restrict", WHY, "responder").status_code == 403
