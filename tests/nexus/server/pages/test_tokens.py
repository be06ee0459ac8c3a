"""API tokens: made and shown once on a page, limited to a scope, gone at once when they are revoked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.nexus.sample import DIGEST, ID
from tests.nexus.server.rooms import Room, csrf_of, room
from tools.redaction.redact import redact

API = "/api/v1"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


def asked_for(browser: TestClient, **fields: str) -> str:
    """The page that answers to the form of a token."""
    sent = {"purpose": "the dashboard", "scopes": "viewer", "days": "30"} | fields
    return browser.post("/you/tokens", data=sent | {"csrf": csrf_of(browser.get("/").text)}).text


def token(browser: TestClient, **fields: str) -> str:
    found = re.search(r"<pre>(nxs_[0-9a-f]{12}_[\w-]{43})</pre>", asked_for(browser, **fields))
    assert found is not None
    return found[1]


def with_token(made: Room, shown: str, path: str = "/me", body: object = None) -> int:
    headers = {"Authorization": f"Bearer {shown}"}
    method = "GET" if body is None else "POST"
    return made.client.request(method, API + path, headers=headers, json=body).status_code


def test_a_token_is_shown_once_and_asks_for_its_person(made: Room) -> None:
    browser = made.browser("dana")
    shown = token(browser)
    assert with_token(made, shown) == 200
    listed = browser.get("/you").text
    assert "the dashboard" in listed
    assert shown not in listed
    assert shown.split("_")[1] in listed
    assert shown not in redact(f"it wrote {shown} to its log")


def test_a_token_may_no_more_than_its_scope_and_its_person(made: Room) -> None:
    decision = {"verdict": "approve", "action": "A1", "digest": DIGEST, "note": ""}
    look, note, decide = "/incidents", f"/incidents/{ID}/note", f"/incidents/{ID}/decisions"
    viewer = token(made.browser("dana"))
    assert with_token(made, viewer, look) == 200
    assert with_token(made, viewer, note, {"text": "x"}) == 403
    assert with_token(made, viewer, decide, decision) == 403
    assert made.inbox() == []
    responder = token(made.browser("dana"), scopes="responder")
    assert with_token(made, responder, note, {"text": "x"}) == 200
    assert with_token(made, responder, decide, decision) == 403
    too_much = token(made.browser("viewer"), scopes="admin")
    assert with_token(made, too_much, decide, decision) == 403
    assert with_token(made, token(made.browser("dana"), scopes="approver"), decide, decision) == 200


def test_a_refusal_names_the_scope(made: Room) -> None:
    headers = {"Authorization": f"Bearer {token(made.browser('dana'))}"}
    refused = made.client.post(f"{API}/incidents/{ID}/note", headers=headers, json={"text": "x"}).json()
    assert refused["detail"].startswith("this token of dana may not leave a note: it takes the scope")
    assert refused["detail"].endswith("its own: viewer")


def test_a_revoked_token_does_not_count_any_more_at_once(made: Room) -> None:
    browser = made.browser("dana")
    shown = token(browser)
    assert with_token(made, shown) == 200
    path = f"/you/tokens/{shown.split('_')[1]}/revoke"
    assert browser.post(path, data={"csrf": csrf_of(browser.get("/").text)}).status_code == 200
    assert with_token(made, shown) == 401
    assert "the dashboard" not in browser.get("/you").text


def test_another_persons_token_is_not_seen_and_not_revoked_but_by_an_admin(made: Room) -> None:
    shown = token(made.browser("dana"))
    path = f"/you/tokens/{shown.split('_')[1]}/revoke"
    other, admin = made.browser("commander"), made.browser("admin")
    assert "the dashboard" not in other.get("/you").text
    assert other.post(path, data={"csrf": csrf_of(other.get("/").text)}).status_code == 404
    assert with_token(made, shown) == 200
    assert "the dashboard" in admin.get("/you").text
    assert admin.post(path, data={"csrf": csrf_of(admin.get("/").text)}).status_code == 200
    assert with_token(made, shown) == 401


def test_a_token_goes_with_its_person(made: Room) -> None:
    shown = token(made.browser("dana"))
    door = made.app.state.authenticator
    door.use(type(door.people)(tuple(one for one in door.people.credentials if one.name != "dana")))
    assert with_token(made, shown) == 401


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"purpose": ""}, "purpose"), ({"scopes": "owner"}, "scopes.0"), ({"days": "366"}, "days"),
     ({"days": "x"}, "days"), ({"purpose": "x" * 101}, "purpose")],
)  # fmt: skip
def test_a_wrong_field_is_named(made: Room, fields: dict[str, str], field: str) -> None:
    page = asked_for(made.browser("dana"), **fields)
    assert "nothing was changed" in page
    assert f">{field}: " in page


@pytest.mark.parametrize("shown", ["nxs_", "nxs_000000000000_none", "nxs_" + "x" * 5000])
def test_no_token_is_guessed(made: Room, shown: str) -> None:
    assert with_token(made, shown) == 401


def test_one_ends_ones_own_sessions_and_an_admin_everybodys(made: Room) -> None:
    dana, kim, admin = made.browser("dana"), made.browser("viewer"), made.browser("admin")

    def end(by: TestClient, path: str) -> int:
        return by.post(path, data={"csrf": csrf_of(by.get("/").text)}, follow_redirects=False).status_code

    (danas,) = re.findall(r"/you/sessions/[0-9a-f]{64}/end", dana.get("/you").text)
    assert end(kim, danas) == 404
    assert dana.get("/", follow_redirects=False).status_code == 200
    assert end(admin, danas) == 303
    assert dana.get("/", follow_redirects=False).status_code == 303


def test_a_page_and_the_api_say_why_somebody_may_or_may_not(made: Room) -> None:
    page = made.browser("viewer").get("/you").text
    assert "viewer may look at incidents: the role viewer allows it" in page
    assert "viewer may not decide on changes: it takes the role approver or admin" in page
    told = made.get("/may?as=approver", "viewer").json()
    assert (told["name"], told["roles"]) == ("approver", ["approver"])
    found = {right["permission"]: right["may"] for right in told["rights"]}
    assert found == {
        "read": True, "note": True, "stop": True, "respond": False, "decide": True, "command": False,
        "machine_note": True, "open": False,
    }  # fmt: skip
    assert made.get("/may?as=nobody-known", "viewer").status_code == 404
