"""A form that is not taken stands on its page again, with what was typed and the reason beside the field."""

import html
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.nexus.sample import ID
from tests.nexus.server.rooms import ENDED, Room, csrf_of, room
from tests.nexus.server.test_access_table import PAGES
from tests.nexus.server.test_status_page import PUBLIC

TYPED = "a <b>long</b> sentence that nobody wants to type again"
PAGE, OVER = f"/incidents/{ID}", f"/incidents/{ENDED}"


class Sent(NamedTuple):
    """A form that is refused, by the page that it stands on, where, and why."""

    page: str
    path: str
    status: int
    why: str
    fields: dict[str, str]


#: By the form. Each has the words, and is refused for something else.
REFUSED = {
    "take-over": Sent(PAGE, "/take-over", 409, "nobody has", {"note": TYPED}),
    "hand-over": Sent(PAGE, "/hand-over", 404, "person", {"to": "nobody", "note": TYPED}),
    "give-back": Sent(PAGE, "/give-back", 409, "agents have", {"note": TYPED}),
    "changed": Sent(PAGE, "/changed", 400, "minutes: ", {"service": "web", "what": TYPED, "minutes": "-3"}),
    "mitigated": Sent(OVER, "/mitigated", 409, "", {"note": TYPED}),
    "resolve": Sent(OVER, "/resolve", 409, "", {"note": TYPED}),
    "false-alarm": Sent(OVER, "/false-alarm", 409, "", {"note": TYPED}),
    "stop": Sent(OVER, "/stop", 409, "", {"reason": TYPED}),
    "note": Sent(OVER, "/note", 409, "", {"text": TYPED}),
    "reopen": Sent(PAGE, "/reopen", 409, "", {"note": TYPED}),
    "settle": Sent(PAGE, "/settle", 409, "", {"action": "A1", "done": "yes", "note": TYPED}),
    "restrict": Sent(PAGE, "/restrict", 404, "person", {"why": "people", "people": TYPED}),
    "unrestrict": Sent(PAGE, "/unrestrict", 409, "everybody sees", {"note": TYPED}),
    "updates": Sent(f"{PAGE}/updates", "/updates", 400, "current_action: ", {"impact": TYPED}),
    "split": Sent(f"{PAGE}/regroup", "/split", 400, "alerts: choose", {"reason": TYPED}),
    "merge": Sent(f"{PAGE}/regroup", "/merge", 400, "other: ", {"reason": TYPED}),
    "verdict": Sent(PAGE, "/verdict", 400, "judgement: ", {"judgement": "perhaps", "note": TYPED}),
    "action-items": Sent(
        f"{OVER}/post-mortem", "/action-items", 400, "due: ",
        {"id": "", "action": TYPED, "owner": "x", "due": "soon"},
    ),
    "post-mortem": Sent(
        f"{OVER}/post-mortem", "/post-mortem", 409, "",
        {"field": "summary", "said": TYPED, "based_on": "7"},
    ),
    "decisions/A1": Sent(
        f"{PAGE}/decisions/A1", "/decisions/A1", 409, "",
        {"answer": "reject", "digest": "0" * 64, "note": TYPED},
    ),
    "you/tokens": Sent(
        "/you", "/you/tokens", 400, "days: ", {"purpose": TYPED, "scopes": "viewer", "days": "0"}
    ),
}  # fmt: skip
#: Forms without words of one's own; and those for everybody, who are told on their own pages.
WITHOUT_WORDS = {
    "acknowledge",
    "take",
    "severity",
    "logout",
    "release",
    "drop",
    "revoke",
    "end",
    "login",
    "{secret}",
}
WITHOUT_WORDS |= {"subscribe", "confirm", "unsubscribe", "tickets"}
#: A code of ten minutes is typed, which is asked for again: tests/nexus/server/test_chat.py.
WITHOUT_WORDS |= {"chat"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with room(tmp_path_factory.mktemp("room"), services=PUBLIC, people={"dana": ""}) as one:
        yield one


def test_no_form_is_forgotten() -> None:
    forms = {
        path.removeprefix("/incidents/{incident}/").removeprefix("/") for _, path in PAGES if _ == "POST"
    }
    named = {one.replace("A1", "{action}") for one in REFUSED}
    assert {one for one in forms - named if one.rpartition("/")[2] not in WITHOUT_WORDS} == set()


@pytest.mark.parametrize("form", REFUSED)
def test_what_was_typed_stands_there_with_the_reason(made: Room, form: str) -> None:
    sent = REFUSED[form]
    browser, incident = made.browser("dana"), sent.page.split("/")[2] if "incidents" in sent.page else ""
    path = f"/incidents/{incident}{sent.path}" if incident else sent.path
    headers = {"Referer": f"http://testserver{sent.page}"}
    fields = sent.fields | {"csrf": csrf_of(browser.get(sent.page).text)}
    before = made.inbox()
    answer = browser.post(path, data=fields, headers=headers, follow_redirects=False)
    assert (answer.status_code, made.inbox()) == (sent.status, before)
    page = answer.text
    assert html.escape(TYPED, quote=False) in page.replace("&#34;", '"'), page
    assert html.escape(sent.why, quote=False) in page
    assert "<b>long</b>" not in page, "it is shown as it was typed"
    assert page.count("<h1") == 1, "it is the page itself"


@pytest.mark.parametrize("form", ["changed", "action-items", "you/tokens"])
def test_the_reason_stands_beside_its_field(made: Room, form: str) -> None:
    sent = REFUSED[form]
    browser = made.browser("dana")
    fields = sent.fields | {"csrf": csrf_of(browser.get(sent.page).text)}
    path = sent.path if form == "you/tokens" else f"/incidents/{sent.page.split('/')[2]}{sent.path}"
    page = browser.post(path, data=fields, headers={"Referer": f"http://testserver{sent.page}"}).text
    field = sent.why.strip(": ")
    beside = page.index('<span class="mend">')
    assert f'name="{field}"' in page[:beside].rpartition("<label")[2]
    assert page.count('<span class="mend">') == 1


def test_who_may_not_any_more_can_take_the_words_along(tmp_path: Path) -> None:
    with room(tmp_path) as made:
        browser = made.browser("viewer")
        fields = {"note": TYPED, "csrf": csrf_of(browser.get(PAGE).text)}
        answer = browser.post(f"{PAGE}/resolve", data=fields)
        assert answer.status_code == 403
        assert html.escape(TYPED) in answer.text
        assert "viewer may not" in answer.text


def test_what_comes_from_elsewhere_is_not_shown_again(made: Room) -> None:
    browser = made.browser("dana")
    browser.headers["Origin"] = "https://evil.example"
    answer = browser.post(f"{PAGE}/note", data={"text": TYPED})
    assert (answer.status_code, "sentence that nobody" in answer.text) == (403, False)
