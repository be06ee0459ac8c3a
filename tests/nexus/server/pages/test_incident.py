"""An incident's page, its evidence, its older entries, what belongs together; and the twins in the API."""

import asyncio
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.alert import Label
from incidents.events import AlertsTakenIn, AlertsTakenOut
from incidents.facts import Facts
from incidents.severity import Severity
from incidents.timeline import EntryKind
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import EVIDENCE, ID, at
from tests.nexus.server.rooms import ENDED, Room, csrf_of, room

OTHER = "INC-2026-11-23-003"
#: What an alert may hold: a page of its own, an escape for terminals, a turn of the writing's direction.
NASTY = "<script>alert(1)</script>\x1b[31m red \u202eevil\u2066"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        for number in range(4):
            asyncio.run(one.home.store.put(sample.evidence(number), b'{"lines": 1204}'))
        one.app.state.streams.end()
        yield one


def text_of(page: str) -> str:
    bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page, flags=re.S)
    return " ".join(html.unescape(bare).split())


def page(made: Room, path: str = f"/incidents/{ID}", by: str = "dana") -> str:
    answer = made.browser(by).get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def change(made: Room, **changes: object) -> None:
    store = made.home.store
    kept = asyncio.run(store.load(ID))
    assert kept is not None
    asyncio.run(saved(store, kept.evolve(**changes), at(14)))


def test_the_page_answers_what_is_felt_why_and_who_must_act(made: Room) -> None:
    change(made, peak=Facts(at=at(1), error_ratio=0.38, felt=("web",)))
    told = text_of(page(made))
    assert "P0 Four in ten requests to web fail Since 02:56 UTC four in ten requests to web fail." in told
    assert "waits for your signature" in told
    assert "this waits for a signature" in text_of(page(made, by="viewer"))
    assert "waits for you sign a rollback" in told
    for title in (
        "What users notice", "Why: suspects, most likely first", "Services around it", "What happened",
        "Who must act, by when", "Told so far", "1 alert", "Cost so far",
    ):  # fmt: skip
        assert title in told
    assert "A1" in told


def test_what_was_ruled_out_stays_struck_through_with_what_ruled_it_out(made: Room) -> None:
    shown = page(made)
    struck = re.search(r"<s>(.*?)</s>.*?Ruled out: <bdi>(.*?)</bdi>", shown, re.S)
    assert struck is not None
    assert "payment" in struck.group(1)
    assert html.unescape(struck.group(2)) == "payment's latency stays at its quiet level in the traces"


def test_evidence_is_one_click_away_and_says_question_and_answer(made: Room) -> None:
    link = f"/incidents/{ID}/evidence/{EVIDENCE[1]}"
    assert f'href="{link}"' in page(made)
    told = text_of(page(made, link))
    assert "Log templates of checkout" in told
    assert "log_templates service= checkout" in told
    assert "Backend Architect asked at 03:00:10 UTC" in told
    assert "1204 lines" in told
    assert '"lines": 1204' in told
    raw = made.browser("dana").get(f"{link}/raw")
    assert raw.content == b'{"lines": 1204}'
    assert raw.headers["content-disposition"].startswith("attachment")
    assert raw.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path",
    [f"/incidents/{ID}/evidence/E-00000000", "/incidents/INC-2026-01-01-001",
     "/incidents/INC-2026-01-01-001/stream", f"/incidents/INC-2026-01-01-001/evidence/{EVIDENCE[0]}/raw"],
)  # fmt: skip
def test_what_there_is_not_is_a_page_that_says_so(made: Room, path: str) -> None:
    answer = made.browser("dana").get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_untrusted_text_is_harmless_and_seen_as_what_it_is(made: Room) -> None:
    nasty = sample.alert().model_copy(
        update={"title": NASTY, "description": NASTY, "labels": (Label(name=NASTY, value=NASTY),)}
    )
    change(made, alerts=(nasty,), title=NASTY, peak=None)
    asyncio.run(made.home.store.write(sample.entry("nasty", 15, EntryKind.NOTE, NASTY, NASTY)))
    for path in ("/", f"/incidents/{ID}", f"/incidents/{ID}/regroup"):
        shown = page(made, path)
        assert "<script>alert" not in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\u2066" not in shown
    assert "<U+001B>[31m red <U+202E>evil<U+2066>" in text_of(page(made))


def test_only_the_newest_hundred_are_rendered_and_older_ones_come_on_demand(made: Room) -> None:
    for number in range(230):
        asyncio.run(
            made.home.store.write(sample.entry(f"n{number}", 20, EntryKind.NOTE, "", f"note {number:03}"))
        )
    browser = made.browser("dana")
    shown = browser.get(f"/incidents/{ID}").text
    seen: list[str] = []
    while True:
        rows = re.findall(r'<li id="entry-(\d+)"', shown)
        seen += rows
        following = re.search(r'hx-get="([^"]+older[^"]+)"', shown)
        if following is None:
            break
        assert len(rows) == 100
        shown = browser.get(html.unescape(following.group(1))).text
    assert len(seen) == len(set(seen)) == 230 + len(sample.ENTRIES)
    assert [int(one) for one in seen] == sorted((int(one) for one in seen), reverse=True)


def test_the_timeline_can_be_filtered(made: Room) -> None:
    told = text_of(page(made, f"/incidents/{ID}?about=decisions"))
    assert "Dana Lee approves A1" in told
    assert "no browser telemetry is recorded" not in told
    assert made.browser("dana").get(f"/incidents/{ID}?about=nonsense").status_code == 400
    assert made.browser("dana").get(f"/incidents/{ID}?before=x").status_code == 400


def open_another(made: Room) -> None:
    store = made.home.store
    world = asyncio.run(store.world_of(ID))
    other = sample.opened().evolve(id=OTHER, title="PaymentSlow: payment answers late", severity=Severity.P2)
    asyncio.run(store.register(other, world, at(13), "default"))
    recorded = WorldRef(kind=WorldKind.CASE, path="/nowhere")
    asyncio.run(store.register(sample.opened().evolve(id="INC-2026-11-23-004"), recorded, at(13)))


def test_incidents_are_merged_by_those_who_may(made: Room) -> None:
    open_another(made)
    browser = made.browser("responder")
    shown = browser.get(f"/incidents/{ID}/regroup").text
    assert OTHER in shown
    assert "INC-2026-11-23-004" not in shown  # a recorded one is of another world
    sent = {"other": OTHER, "reason": "one cause", "csrf": csrf_of(shown)}
    answer = browser.post(f"/incidents/{ID}/merge", data=sent, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/incidents/{ID}")
    assert sorted(made.rung) == [ID, OTHER]
    events = asyncio.run(made.home.store.events(OTHER))
    assert any(isinstance(one, AlertsTakenOut) and one.merged for one in events)
    assert any(isinstance(one, AlertsTakenIn) for one in asyncio.run(made.home.store.events(ID)))


def test_who_may_not_regroup_sees_why_and_changes_nothing(made: Room) -> None:
    open_another(made)
    browser = made.browser("viewer")
    shown = browser.get(f"/incidents/{ID}/regroup").text
    assert "viewer may not work on incidents" in text_of(shown)
    assert "<fieldset disabled>" in shown
    sent = {"other": OTHER, "reason": "one cause", "csrf": csrf_of(shown)}
    assert browser.post(f"/incidents/{ID}/merge", data=sent).status_code == 403
    assert made.inbox(OTHER) == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [({"reason": "x"}, "alerts: choose"), ({"alerts": "a1b2c3d4"}, "reason: say why")],
)
def test_a_form_that_is_not_complete_names_the_field(made: Room, fields: dict[str, str], named: str) -> None:
    browser = made.browser("responder")
    csrf = csrf_of(browser.get(f"/incidents/{ID}/regroup").text)
    answer = browser.post(f"/incidents/{ID}/split", data=fields | {"csrf": csrf})
    assert answer.status_code == 400
    assert named in text_of(answer.text)
    assert made.inbox() == []


def test_the_first_page_lists_what_waits_for_whom(made: Room) -> None:
    told = text_of(page(made, "/"))
    assert "One open, one waits for you" in told
    assert "you sign a rollback" in told
    assert "One open, one waits for people" in text_of(page(made, "/", by="viewer"))
    assert page(made, "/incidents", by="viewer") != ""
    assert "Ended last" in told


def test_an_empty_system_shows_how_to_begin(tmp_path: Path) -> None:
    with room(tmp_path) as made:
        for incident in (ID, ENDED):
            store = made.home.store
            kept = asyncio.run(store.load(incident))
            assert kept is not None
            asyncio.run(saved(store, kept.evolve(closed=True, ended_at=at(30)), at(50)))
            number = asyncio.run(store.lease(incident, "test", at(60), at(51)))
            assert number is not None
            asyncio.run(store.erase(incident, number))
        told = text_of(page(made, "/"))
    for words in ("All is quiet", "How to begin", "http://testserver/alerts", "nexus init", "nexus gameday",
                  "nexus demo"):  # fmt: skip
        assert words in told


def test_the_api_has_the_same_views(made: Room) -> None:
    board = made.get(f"/incidents/{ID}/board").json()
    assert board["title"] in text_of(page(made))
    assert [one["state"] for one in board["causes"]] == ["cause", "open", "ruled out"]
    assert board["must_act"]["turn"] == "you"
    assert made.get(f"/incidents/{ID}/board", by="viewer").json()["must_act"]["turn"] == "others"
    now = made.get("/now").json()
    assert [row["id"] for row in now["rows"]] == [ID]
    newest = made.get(f"/incidents/{ID}/newest?about=decisions&about=gaps").json()
    assert [one["kind"] for one in newest["items"]] == [
        "end", "execution", "decision", "proposal", "gap",
    ]  # fmt: skip
    found = made.get(f"/incidents/{ID}/evidence").json()["items"]
    assert [one["id"] for one in found] == list(EVIDENCE[::-1])
    one = made.get(f"/incidents/{ID}/evidence/{EVIDENCE[1]}").json()
    assert (one["tool"], one["raw"]) == ("log_templates", '{\n  "lines": 1204\n}')
    assert made.get(f"/incidents/{ID}/evidence/{EVIDENCE[1]}/raw").text == '{"lines": 1204}'
    assert made.get(f"/incidents/{ID}/newest?about=nonsense").status_code == 400
    assert made.get(f"/incidents/{ID}/board?deep=1").status_code == 400
