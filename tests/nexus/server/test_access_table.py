"""Every route, tried by nobody, by a stranger and by each role: no route is missing in the table."""

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from incidents.access import AccessRole, Permission, allows
from incidents.post_mortem_text import PostMortemText
from nexus.service.requests import REQUESTS
from tests.nexus import sample
from tests.nexus.sample import DIGEST, EVIDENCE, ID
from tests.nexus.server.rooms import ENDED, Room, csrf_of, room, shown

API = "/api/v1"
OF_INCIDENT = f"{API}/incidents/{{incident}}"
PAGE = "/incidents/{incident}"
DECISION_PAGE = "/incidents/{incident}/decisions/{action}"
POST_MORTEM = "/incidents/{incident}/post-mortem"
TEXT = PostMortemText.empty("Checkout").model_dump(mode="json")
DECISION = {"verdict": "reject", "action": "A1", "digest": DIGEST, "note": "no"}


class Door(NamedTuple):
    """What a route takes; no permission: it lets everybody in, or has proofs of its own."""

    permission: Permission | None
    body: object = None


class PageDoor(NamedTuple):
    """What a page's route takes: a login, and with a form its fields."""

    permission: Permission | None
    fields: dict[str, str] | None = None


CHAT = ("/chat/slack/interactions", "/chat/slack/commands", "/chat/slack/events")

#: Every route there is. A new one is refused here until it is told who may.
DOORS = {
    ("GET", f"{API}/openapi.json"): Door(None),
    ("GET", "/healthz"): Door(None),
    ("GET", "/readyz"): Door(None),
    ("GET", "/livez"): Door(None),
    # Prometheus shows a token of its own, senders what nexus.yaml asks of them: test_metrics, test_senders.
    ("GET", "/metrics"): Door(None),
    # Programs show an API token with a scope of their own: test_mcp.
    ("POST", "/mcp"): Door(None),
    ("POST", "/alerts"): Door(None),
    ("POST", "/alerts/{form}"): Door(None),
    ("POST", "/v2/enqueue"): Door(None),
    # Slack's requests are signed by it: test_chat.
    **{("POST", path): Door(None) for path in CHAT},
    ("POST", "/incidents/{incident}/decisions"): Door(Permission.DECIDE, DECISION),
    ("GET", f"{API}/me"): Door(Permission.READ),
    ("GET", f"{API}/may"): Door(Permission.READ),
    ("GET", f"{API}/incidents"): Door(Permission.READ),
    ("GET", OF_INCIDENT): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/timeline"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/proposals"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/proposals/{{action}}"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/decisions"): Door(Permission.READ),
    ("GET", f"{API}/now"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/board"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/newest"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/regrouping"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/evidence"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/evidence/{{evidence}}"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/evidence/{{evidence}}/raw"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/moves"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/post-mortem"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/verdicts"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/action-items"): Door(Permission.READ),
    ("GET", f"{API}/verdicts"): Door(Permission.READ),
    ("GET", f"{API}/calibration"): Door(Permission.READ),
    ("GET", f"{API}/tickets"): Door(Permission.READ),
    ("GET", f"{API}/times"): Door(Permission.READ),
    ("GET", f"{API}/backlog"): Door(Permission.READ),
    ("GET", f"{API}/approvals"): Door(Permission.READ),
    ("GET", f"{API}/timeline"): Door(Permission.READ),
    ("GET", f"{API}/alerts"): Door(Permission.READ),
    ("GET", f"{API}/alerts/{{number}}"): Door(Permission.READ),
    ("GET", f"{API}/services"): Door(Permission.READ),
    ("GET", f"{API}/settings"): Door(Permission.READ),
    ("GET", f"{API}/runbook"): Door(Permission.READ),
    ("GET", f"{API}/roles"): Door(Permission.READ),
    ("GET", f"{API}/oncall"): Door(Permission.READ),
    ("GET", f"{API}/workers"): Door(Permission.READ),
    ("GET", f"{API}/destinations"): Door(Permission.READ),
    ("POST", f"{API}/destinations/{{destination}}/enable"): Door(Permission.COMMAND),
    ("GET", f"{API}/policy"): Door(Permission.READ),
    ("POST", f"{API}/policy/{{kind}}/{{service}}/renew"): Door(Permission.DECIDE),
    ("GET", f"{OF_INCIDENT}/proposals/{{action}}/policy"): Door(Permission.READ),
    ("GET", f"{OF_INCIDENT}/messages"): Door(Permission.READ),
    ("GET", f"{API}/queue"): Door(Permission.READ),
    ("GET", f"{API}/trust"): Door(Permission.READ),
    ("POST", f"{API}/incidents"): Door(Permission.RESPOND, {"title": "slow", "service": "web"}),
    ("POST", f"{API}/stop"): Door(Permission.STOP, {"reason": "enough"}),
    ("POST", f"{OF_INCIDENT}/decisions"): Door(Permission.DECIDE, DECISION),
    ("POST", f"{OF_INCIDENT}/another-way"): Door(
        Permission.DECIDE, {"action": "A1", "digest": DIGEST, "wish": "without a restart"}
    ),
    ("POST", f"{OF_INCIDENT}/revoke"): Door(
        Permission.DECIDE, {"action": "A1", "digest": DIGEST, "note": "not now"}
    ),
    ("GET", f"{OF_INCIDENT}/status-updates"): Door(Permission.READ),
    ("POST", f"{OF_INCIDENT}/status-updates"): Door(
        Permission.RESPOND, {"impact": "slow", "current_action": "we look"}
    ),
    ("POST", f"{OF_INCIDENT}/status-updates/release"): Door(Permission.RESPOND, {}),
    ("POST", f"{OF_INCIDENT}/status-updates/drop"): Door(Permission.RESPOND, {}),
    ("POST", f"{OF_INCIDENT}/verdict"): Door(Permission.NOTE, {"judgement": "right"}),
    ("POST", f"{OF_INCIDENT}/post-mortem"): Door(Permission.RESPOND, {"based_on": 0, "text": TEXT}),
    ("POST", f"{OF_INCIDENT}/action-items"): Door(
        Permission.RESPOND, {"action": "Test it", "owner": "backend", "due": "2026-12-01"}
    ),
    ("GET", f"{OF_INCIDENT}/tickets"): Door(Permission.READ),
    ("POST", f"{OF_INCIDENT}/tickets"): Door(Permission.RESPOND, {}),
    ("POST", f"{OF_INCIDENT}/note"): Door(Permission.NOTE, {"text": "look at payment"}),
    ("POST", f"{OF_INCIDENT}/severity"): Door(Permission.COMMAND, {"severity": "P1"}),
    ("POST", f"{OF_INCIDENT}/stop"): Door(Permission.STOP, {"reason": "wrong cluster"}),
    ("POST", f"{OF_INCIDENT}/settle"): Door(Permission.RESPOND, {"action": "A1", "done": True}),
    ("POST", f"{OF_INCIDENT}/replay"): Door(Permission.RESPOND, {}),
    ("POST", f"{OF_INCIDENT}/acknowledge"): Door(Permission.RESPOND),
    ("POST", f"{OF_INCIDENT}/take-over"): Door(Permission.RESPOND),
    ("POST", f"{OF_INCIDENT}/hand-over"): Door(Permission.RESPOND, {"to": "dana", "note": "bye"}),
    ("POST", f"{OF_INCIDENT}/take"): Door(Permission.RESPOND),
    ("POST", f"{OF_INCIDENT}/give-back"): Door(Permission.RESPOND, {"note": "again"}),
    ("POST", f"{OF_INCIDENT}/changed"): Door(Permission.RESPOND, {"service": "web", "what": "restarted"}),
    ("POST", f"{OF_INCIDENT}/mitigated"): Door(Permission.RESPOND),
    ("POST", f"{OF_INCIDENT}/resolve"): Door(Permission.RESPOND),
    ("POST", f"{OF_INCIDENT}/false-alarm"): Door(Permission.RESPOND),
    ("POST", f"{OF_INCIDENT}/reopen"): Door(Permission.RESPOND, {"note": "not over"}),
    ("POST", f"{OF_INCIDENT}/split"): Door(Permission.RESPOND, {"alerts": ["web"], "reason": "other"}),
    ("POST", f"{OF_INCIDENT}/unrestrict"): Door(Permission.COMMAND, {"note": "over"}),
    # It names nobody that there is: nothing is hidden from those who are tried after.
    ("POST", f"{OF_INCIDENT}/restrict"): Door(Permission.COMMAND, {"why": "people", "people": ["x"]}),
    ("POST", f"{OF_INCIDENT}/merge"): Door(Permission.RESPOND, {"other": ENDED, "reason": "same"}),
}
#: As `DOORS`, for what is looked at with a browser.
PAGES = {
    ("GET", "/static/{digest}/{name}"): PageDoor(None),
    # What customers read: nothing of the inside stands on it, see test_status_page.
    ("GET", "/status"): PageDoor(None),
    ("POST", "/status/subscribe"): PageDoor(None, {"address": "ana@example.org"}),
    ("GET", "/status/confirm"): PageDoor(None),
    ("POST", "/status/confirm"): PageDoor(None, {"token": "x"}),
    ("GET", "/status/unsubscribe"): PageDoor(None),
    ("POST", "/status/unsubscribe"): PageDoor(None, {"token": "x"}),
    ("GET", "/status.json"): PageDoor(None),
    ("GET", "/status.atom"): PageDoor(None),
    ("GET", "/status.rss"): PageDoor(None),
    ("GET", "/login"): PageDoor(None),
    ("POST", "/login"): PageDoor(None, {"name": "dana", "secret": "wrong"}),
    ("GET", "/setup/{secret}"): PageDoor(None),
    ("POST", "/setup/{secret}"): PageDoor(None, {"name": "dana", "password": "x", "again": "x"}),
    # By a link that is signed, for one person and incident: test_by_letter.
    ("GET", "/acknowledge/{secret}"): PageDoor(None),
    ("POST", "/acknowledge/{secret}"): PageDoor(None, {}),
    ("GET", "/enter/{secret}"): PageDoor(None),
    ("POST", "/logout"): PageDoor(Permission.READ, {}),
    ("GET", "/you"): PageDoor(Permission.READ),
    ("POST", "/you/chat"): PageDoor(Permission.READ, {"code": f"T1-U1-1-{'0' * 32}"}),
    ("POST", "/you/tokens"): PageDoor(Permission.READ, {"purpose": "a test", "scopes": "viewer"}),
    ("POST", "/you/tokens/{token}/revoke"): PageDoor(Permission.READ, {}),
    ("POST", "/you/sessions/{session}/end"): PageDoor(Permission.READ, {}),
    ("GET", "/"): PageDoor(Permission.READ),
    ("GET", "/incidents/{incident}/updates"): PageDoor(Permission.READ),
    ("POST", "/incidents/{incident}/updates"): PageDoor(
        Permission.RESPOND, {"impact": "slow", "current_action": "we look"}
    ),
    ("POST", "/incidents/{incident}/updates/release"): PageDoor(Permission.RESPOND, {}),
    ("POST", "/incidents/{incident}/updates/drop"): PageDoor(Permission.RESPOND, {}),
    ("GET", "/incidents"): PageDoor(Permission.READ),
    ("GET", "/history"): PageDoor(Permission.READ),
    ("GET", "/oncall"): PageDoor(Permission.READ),
    ("GET", "/queue"): PageDoor(Permission.READ),
    ("GET", "/trust"): PageDoor(Permission.READ),
    ("GET", "/alerts"): PageDoor(Permission.READ),
    ("GET", "/alerts/{number}"): PageDoor(Permission.READ),
    ("GET", "/settings"): PageDoor(Permission.READ),
    ("GET", "/now/stream"): PageDoor(Permission.READ),
    ("GET", PAGE): PageDoor(Permission.READ),
    ("GET", f"{PAGE}/older"): PageDoor(Permission.READ),
    ("GET", f"{PAGE}/stream"): PageDoor(Permission.READ),
    ("GET", f"{PAGE}/evidence/{{evidence}}"): PageDoor(Permission.READ),
    ("GET", f"{PAGE}/evidence/{{evidence}}/raw"): PageDoor(Permission.READ),
    ("GET", f"{PAGE}/regroup"): PageDoor(Permission.READ),
    ("POST", f"{PAGE}/split"): PageDoor(Permission.RESPOND, {"alerts": "web", "reason": "other"}),
    ("POST", f"{PAGE}/merge"): PageDoor(Permission.RESPOND, {"other": ENDED, "reason": "same"}),
    ("POST", "/incidents/{incident}/acknowledge"): PageDoor(Permission.RESPOND, {}),
    ("POST", "/incidents/{incident}/take-over"): PageDoor(Permission.RESPOND, {}),
    ("POST", "/incidents/{incident}/hand-over"): PageDoor(Permission.RESPOND, {"to": "dana", "note": "bye"}),
    ("POST", "/incidents/{incident}/take"): PageDoor(Permission.RESPOND, {}),
    ("POST", "/incidents/{incident}/give-back"): PageDoor(Permission.RESPOND, {"note": "again"}),
    ("POST", "/incidents/{incident}/note"): PageDoor(Permission.NOTE, {"text": "look at payment"}),
    ("POST", "/incidents/{incident}/severity"): PageDoor(Permission.COMMAND, {"severity": "P1"}),
    ("POST", "/incidents/{incident}/mitigated"): PageDoor(Permission.RESPOND, {}),
    ("POST", "/incidents/{incident}/resolve"): PageDoor(Permission.RESPOND, {}),
    ("POST", "/incidents/{incident}/false-alarm"): PageDoor(Permission.RESPOND, {}),
    ("POST", "/incidents/{incident}/stop"): PageDoor(Permission.STOP, {"reason": "wrong cluster"}),
    ("POST", "/incidents/{incident}/reopen"): PageDoor(Permission.RESPOND, {"note": "not over"}),
    ("POST", "/incidents/{incident}/changed"): PageDoor(
        Permission.RESPOND, {"service": "web", "what": "restarted", "minutes": "5"}
    ),
    ("POST", "/incidents/{incident}/settle"): PageDoor(Permission.RESPOND, {"action": "A1", "done": "yes"}),
    ("POST", "/incidents/{incident}/restrict"): PageDoor(
        Permission.COMMAND, {"why": "people", "people": "x"}
    ),
    ("POST", "/incidents/{incident}/unrestrict"): PageDoor(Permission.COMMAND, {"note": "over"}),
    ("GET", POST_MORTEM): PageDoor(Permission.READ),
    ("GET", f"{POST_MORTEM}.md"): PageDoor(Permission.READ),
    ("GET", f"{POST_MORTEM}.html"): PageDoor(Permission.READ),
    ("POST", POST_MORTEM): PageDoor(Permission.RESPOND, {"field": "summary", "said": "x", "based_on": "0"}),
    ("POST", "/incidents/{incident}/verdict"): PageDoor(Permission.NOTE, {"judgement": "right"}),
    ("POST", "/incidents/{incident}/action-items"): PageDoor(
        Permission.RESPOND, {"action": "Test it", "owner": "backend", "due": "2026-12-01"}
    ),
    ("POST", "/incidents/{incident}/tickets"): PageDoor(Permission.RESPOND, {}),
    ("GET", "/incidents/{incident}/decisions"): PageDoor(Permission.READ),
    ("GET", DECISION_PAGE): PageDoor(Permission.READ),
    ("GET", f"{DECISION_PAGE}/card"): PageDoor(Permission.READ),
    ("POST", DECISION_PAGE): PageDoor(
        Permission.DECIDE, {"answer": "reject", "digest": DIGEST, "note": "no"}
    ),
}
FOR_VISITORS = [door for door, takes in PAGES.items() if takes.permission is not None]
WITH_PEOPLE = [door for door, takes in DOORS.items() if takes.permission is not None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with room(tmp_path_factory.mktemp("room")) as one:
        asyncio.run(one.home.store.put(sample.evidence(), b"{}"))
        one.app.state.streams.end()  # a stream would go on for as long as its page is open
        yield one


@pytest.fixture(scope="module")
def visited(made: Room) -> Callable[[str], tuple[TestClient, str]]:
    """The browser of somebody of a role, with what its forms bring along; logged in anew if it ended."""
    browsers: dict[str, TestClient] = {}

    def visit(role: str) -> tuple[TestClient, str]:
        front = browsers[role].get("/", follow_redirects=False) if role in browsers else None
        if front is None or front.status_code != 200:
            browsers[role] = made.browser(role)
            front = browsers[role].get("/")
        return browsers[role], csrf_of(front.text)

    return visit


def walked(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path."""
    for found in iter_route_contexts(routes):
        route = found.original_route
        if isinstance(route, Mount):
            yield from walked(list(route.routes), prefix + route.path)
        else:
            assert isinstance(route, Route), f"{route} is of a kind that this table does not know"
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, prefix + route.path


def asked(made: Room, door: tuple[str, str], by: str) -> httpx2.Response:
    method, path = door
    body = DOORS[door].body
    given = {"incident": ID, "number": 1, "form": "nexus", "action": "A1", "destination": "ops"}
    given |= {"kind": "rollback", "service": "web"}
    return made.client.request(
        method, path.format(evidence=EVIDENCE[0], **given),
        headers=shown(by), json=body, follow_redirects=False,
    )  # fmt: skip


def test_no_route_is_forgotten(made: Room) -> None:
    assert set(walked(list(made.app.routes))) == set(DOORS) | set(PAGES)
    requests = {("POST", f"{OF_INCIDENT}/{kind.path}") for kind in REQUESTS}
    assert requests <= set(DOORS)


@pytest.mark.parametrize("door", WITH_PEOPLE, ids=" ".join)
@pytest.mark.parametrize("by", ["", "stranger"])
def test_nobody_and_strangers_come_nowhere(made: Room, door: tuple[str, str], by: str) -> None:
    answer = asked(made, door, by)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["title"].startswith("Nothing shows whose request it is")
    assert ID not in answer.text


@pytest.mark.parametrize("door", WITH_PEOPLE, ids=" ".join)
@pytest.mark.parametrize("role", AccessRole)
def test_everybody_may_what_their_role_allows(made: Room, door: tuple[str, str], role: AccessRole) -> None:
    before = made.inbox()
    permission = DOORS[door].permission
    assert permission is not None
    answer = asked(made, door, role)
    if allows([role], permission):
        assert answer.status_code in {200, 404, 409}, answer.text
    else:
        assert answer.status_code == 403
        why = answer.json()["detail"]
        assert why.startswith(f"{role} may not {permission}: it takes the role")
        assert f"theirs: {role}" in why
        assert made.inbox() == before


@pytest.mark.parametrize("door", [door for door in DOORS if door not in WITH_PEOPLE], ids=" ".join)
def test_what_is_open_asks_for_nobodys_token(made: Room, door: tuple[str, str]) -> None:
    own = {("GET", "/metrics"): {401}, ("POST", "/mcp"): {421}}
    own |= {("POST", path): {404} for path in CHAT}  # no chat is connected here
    assert asked(made, door, "").status_code in own.get(door, {200, 400})


def looked(browser: TestClient, door: tuple[str, str], csrf: str = "") -> httpx2.Response:
    """A page as a browser asks for it; a form with what its page gave it."""
    method, path = door
    fields = PAGES[door].fields
    return browser.request(
        method,
        path.format(
            incident=ID, number=1, digest="0", name="nexus.css", action="A1", evidence=EVIDENCE[0],
            secret="none", token="none", session="none",
        ),
        data=None if fields is None else fields | {"csrf": csrf}, follow_redirects=False,
    )  # fmt: skip


@pytest.mark.parametrize("door", FOR_VISITORS, ids=" ".join)
@pytest.mark.parametrize("cookie", ["", "stranger"])
def test_who_is_not_logged_in_is_asked_to(made: Room, door: tuple[str, str], cookie: str) -> None:
    answer = looked(made.browser(**({"nexus": cookie} if cookie else {})), door)
    if door[0] == "GET":
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
    else:
        assert answer.status_code == 401
        assert "nothing was changed" in answer.text
    assert ID not in answer.text


@pytest.mark.parametrize("door", FOR_VISITORS, ids=" ".join)
@pytest.mark.parametrize("role", AccessRole)
def test_visitors_may_what_their_role_allows(
    made: Room, visited: Callable[[str], tuple[TestClient, str]], door: tuple[str, str], role: AccessRole
) -> None:
    (browser, csrf), before = visited(role), made.inbox()
    permission = PAGES[door].permission
    assert permission is not None
    answer = looked(browser, door, csrf)
    if allows([role], permission):
        assert answer.status_code in {200, 303, 404, 409}, answer.text
    else:
        assert answer.status_code == 403
        assert f"{role} may not {permission}" in answer.text
        assert made.inbox() == before


@pytest.mark.parametrize("door", [one for one in FOR_VISITORS if one[0] == "POST"], ids=" ".join)
def test_no_form_counts_that_is_not_from_our_page(made: Room, door: tuple[str, str]) -> None:
    browser, before = made.browser("admin"), made.inbox()
    csrf = csrf_of(browser.get("/").text)
    assert looked(browser, door, "").status_code == 403
    assert looked(browser, door, "0" * 64).status_code == 403
    browser.headers["Origin"] = "https://evil.example"
    assert looked(browser, door, csrf).status_code == 403
    del browser.headers["Origin"]
    assert looked(browser, door, csrf).status_code == 403
    assert made.inbox() == before
    assert browser.get("/", follow_redirects=False).status_code == 200


@pytest.mark.parametrize("door", [door for door in PAGES if door not in FOR_VISITORS], ids=" ".join)
def test_pages_for_everybody_need_no_login(made: Room, door: tuple[str, str]) -> None:
    refused = {("POST", "/login"): 401, ("GET", "/setup/{secret}"): 409, ("POST", "/setup/{secret}"): 409}
    refused |= {("GET", "/enter/{secret}"): 409}
    refused |= {(method, "/acknowledge/{secret}"): 409 for method in ("GET", "POST")}
    # No mail is set up here: test_status_page has one where it is.
    refused |= {("POST", f"/status/{verb}"): 404 for verb in ("subscribe", "confirm", "unsubscribe")}
    assert looked(made.browser(), door).status_code == refused.get(door, 200)
