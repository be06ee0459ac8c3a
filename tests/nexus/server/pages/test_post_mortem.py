"""A post-mortem in a browser: read, edited in place, versions kept, exported; verdicts and action items."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at
from tests.nexus.server.pages.test_decision import text_of
from tests.nexus.server.rooms import ENDED, Room, csrf_of, room

PAGE = f"/incidents/{ENDED}/post-mortem"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    """A room whose ended incident has a post-mortem by the agents, and their tasks in the backlog."""
    with room(tmp_path) as one:

        async def written() -> None:
            ended = await one.home.store.load(ENDED)
            assert ended is not None
            tasks = tuple(task.model_copy(update={"id": task.id.replace(ID, ENDED)}) for task in sample.TASKS)
            await one.home.store.add_tasks(ENDED, tasks)
            done = ended.evolve(post_mortem_report=sample.REPORT, backlog=tasks)
            await saved(one.home.store, done, at(50))

        asyncio.run(written())
        yield one


def sent(browser: TestClient, path: str, fields: dict[str, str]) -> httpx2.Response:
    csrf = csrf_of(browser.get(PAGE).text)
    return browser.post(path, data=fields | {"csrf": csrf}, follow_redirects=False)


def edit(browser: TestClient, field: str, said: str, based_on: int) -> httpx2.Response:
    return sent(browser, PAGE, {"field": field, "said": said, "based_on": str(based_on)})


def test_it_is_read_before_anybody_has_touched_it(made: Room) -> None:
    told = text_of(made.browser("viewer").get(PAGE))
    for words in (
        "A release of checkout read a field that old carts lack", "written by the agents, checked by nobody",
        "about 38% of buyers", "measured: 1,840 (no currency is configured)",
        "Reputation not known nothing was measured",
        "not at risk, as triage saw it", "felt for 18 min", "checkout raised KeyError",
        "An error-ratio alert per release", "2 of 2 open", "Alert on a 1% error ratio per release",
        "Infrastructure Maintainer", "it is as the agents wrote it", "Was the cause right?",
        "viewer may not work on incidents",
    ):  # fmt: skip
        assert words in told, words
    assert "<textarea" not in made.browser("viewer").get(PAGE).text, "who may not edit has no forms"


def test_it_is_edited_in_place_and_every_version_is_kept(made: Room) -> None:
    dana, kim = made.browser("dana"), made.browser("commander")
    saved_one = edit(dana, "summary", "Orders failed: a release read a field that old carts lack.", 1)
    assert (saved_one.status_code, saved_one.headers["location"]) == (303, f"{PAGE}#summary")
    assert edit(kim, "title", "A third of the orders failed", 2).status_code == 303
    told = text_of(kim.get(PAGE))
    assert "A third of the orders failed" in told
    assert "written by commander, checked by a person" in told
    assert "2 dana changed 1 part" in told
    page = kim.get(PAGE).text
    assert re.search(r"<del>A</del>\s*<ins>Orders failed: a</ins>", page)
    old = text_of(kim.get(f"{PAGE}?version=1"))
    assert "This is version 1 of 3" in old
    assert "A release of checkout read a field that old carts lack" in old
    data = made.get(f"/incidents/{ENDED}/post-mortem").json()
    assert [one["by"] for one in data["versions"]] == ["the agents", "dana", "commander"]
    assert {one["field"] for one in data["changes"]} == {"summary", "title"}


def test_of_two_who_edit_at_once_nothing_is_lost(made: Room) -> None:
    dana, kim = made.browser("dana"), made.browser("commander")
    assert edit(dana, "summary", "Dana's words.", 1).status_code == 303
    late = edit(kim, "summary", "The commander's words.", 1)
    assert late.status_code == 409
    told = text_of(late)
    assert "This was not saved. dana has saved version 2 meanwhile" in told
    assert "Dana's words." in told
    assert ">The commander&#39;s words.</textarea>" in late.text
    assert edit(kim, "summary", "Both words.", 2).status_code == 303
    assert "nothing is different" in text_of(edit(kim, "summary", "Both words.", 3))


@pytest.mark.parametrize(
    ("field", "said", "status", "sentence"),
    [
        ("title", "", 400, "needs a title"), ("whys", "Why?", 400, "has no answer"),
        ("times", "x", 400, "There is no part of a post-mortem"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_told_beside_it(
    made: Room, field: str, said: str, status: int, sentence: str
) -> None:
    answer = edit(made.browser("dana"), field, said, 1)
    assert answer.status_code in {status, 404}
    assert sentence in text_of(answer) or answer.status_code == 404


def test_one_that_runs_has_none_yet(made: Room) -> None:
    path = f"/incidents/{ID}/post-mortem"
    browser = made.browser("dana")
    assert "It is written once the incident is over." in text_of(browser.get(path))
    assert browser.get(f"{path}.md").status_code == 409
    refused = made.post(path, {"based_on": 0, "text": made.get(path).json()["text"] or TEXT})
    assert refused.status_code == 409
    assert "is not over" in refused.json()["detail"]


TEXT = {
    "title": "x", "summary": "y", "what_failed": {"text": ""}, "why_it_failed": {"text": ""},
    "why_not_caught": {"text": ""}, "whys": [],
}  # fmt: skip


def test_it_is_taken_along_as_it_was_edited(made: Room) -> None:
    dana = made.browser("dana")
    edit(dana, "title", "A third of the orders <b>failed</b>", 1)
    markdown = dana.get(f"{PAGE}.md")
    assert markdown.headers["content-disposition"] == f'attachment; filename="{ENDED}-post-mortem.md"'
    assert markdown.text.startswith("# A third of the orders \\<b>failed\\</b>")
    assert "the agents, last edited by dana" in markdown.text
    alone = dana.get(f"{PAGE}.html")
    assert "attachment" in alone.headers["content-disposition"]
    assert "<h1>A third of the orders &lt;b&gt;failed&lt;/b&gt;</h1>" in alone.text
    assert "<style>" in alone.text
    assert not re.search(r"<(script|form|link|textarea|img)\b", alone.text)
    assert not re.search(r"src=|url\(", alone.text), "it stands alone"


def test_a_verdict_is_a_label_and_calibrates(made: Room) -> None:
    dana = made.browser("dana")
    assert made.get("/calibration").json()["items"][2]["share_right"] is None
    answer = sent(dana, f"/incidents/{ENDED}/verdict", {"judgement": "partly", "note": "the cart, too"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#verdict")
    assert "dana: partly. the cart, too" in text_of(dana.get(PAGE))
    assert made.post(f"/incidents/{ENDED}/verdict", {"judgement": "right"}).status_code == 200
    assert made.post(f"/incidents/{ID}/verdict", {"judgement": "wrong", "service": "web"}).status_code == 200
    labels = made.get("/verdicts").json()["items"]
    assert sorted((one["incident"], one["judgement"], one["actual_service"]) for one in labels) == [
        (ID, "wrong", "web"), (ENDED, "right", None),
    ]  # fmt: skip
    assert made.get("/calibration").json()["items"][2] == {
        "confidence": "high", "incidents": 2, "right": 1, "partly": 0, "wrong": 1, "do_not_know": 0,
        "share_right": 0.5,
    }  # fmt: skip
    wrong = made.post(f"/incidents/{ID}/verdict", {"judgement": "wrong", "service": "wbe"})
    assert "did you mean web" in wrong.json()["detail"]


def test_action_items_are_changed_and_added_and_of_two_one_is_told(made: Room) -> None:
    dana, path = made.browser("dana"), f"/incidents/{ENDED}/action-items"
    first = f"{ENDED}-T1"
    done = {"id": first, "version": "0", "state": "done", "owner": "dana"}
    assert sent(dana, path, done).headers["location"] == f"{PAGE}#action-items"
    again = sent(dana, path, done | {"state": "dropped"})
    assert again.status_code == 409
    assert f"dana has changed {first} meanwhile" in text_of(again)
    new = {"action": "Canary <i>first</i>", "owner": "kim", "due": "2026-11-20"}
    assert sent(dana, path, new).status_code == 303
    told = text_of(dana.get(PAGE))
    assert "2 of 3 open" in told
    assert "Canary <i>first</i>" in told
    items = made.get(path).json()["items"]
    assert [(one["id"], one["state"], one["version"], one["by"]) for one in items] == [
        (first, "done", 1, "dana"), (f"{ENDED}-T2", "open", 0, None), (f"{ENDED}-P1", "open", 1, "dana"),
    ]  # fmt: skip
    assert [one["owner"] for one in made.get("/backlog?state=open").json()["items"]] == ["backend", "kim"]
    page = made.get("/backlog?limit=1").json()
    assert page["next"] == first
    assert made.get("/backlog?after=T9").status_code == 404
    assert made.get(f"/backlog?limit=5&after={first}").json()["items"][0]["id"] == f"{ENDED}-T2"
    for wrong, sentence in (
        ({"action": "x"}, "needs owner, due"), ({"id": "T9", "state": "done"}, "There is no action item"),
    ):  # fmt: skip
        assert sentence in made.post(path, wrong).json()["detail"]
