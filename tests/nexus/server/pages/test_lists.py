"""The pages that list: what was sent, what there was, what is set."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.severity import Status
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import at
from tests.nexus.server.rooms import ENDED, Room, room

#: One alert as Nexus's own form has it; a label holds what a browser would run.
ALERT = {"title": "Orders <script>fail</script>", "service": "checkout", "severity": "critical"}
#: Words that stand nowhere else.
ZEBRA = sample.evidence().model_copy(update={"summary": "the zebra table is locked"})


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


def test_a_delivery_is_listed_and_opened_with_its_body(made: Room) -> None:
    sent = made.client.post("/alerts", content=json.dumps(ALERT))
    assert sent.status_code == 202, sent.text
    browser = made.browser("viewer")
    listed = browser.get("/alerts").text
    assert "Orders &lt;script&gt;fail&lt;/script&gt;" in listed
    assert "<script>fail" not in listed
    number = made.get("/alerts").json()["items"][0]["number"]
    assert f'href="/alerts/{number}"' in listed
    whole = browser.get(f"/alerts/{number}").text
    assert "&#34;service&#34;: &#34;checkout&#34;" in whole


def test_the_list_of_deliveries_shows_what_is_asked_for(made: Room) -> None:
    made.client.post("/alerts", content=json.dumps(ALERT))
    made.client.post("/alerts", content="no alert")
    browser = made.browser("viewer")
    opened = browser.get("/alerts?disposition=opened&sender=").text
    assert "Orders" in opened
    assert "Nothing like that was sent" in browser.get("/alerts?sender=zabbix").text
    wrong = browser.get("/alerts?disposition=lost")
    assert wrong.status_code == 400
    assert "disposition" in wrong.text


def test_older_deliveries_follow_on_a_page_of_their_own(made: Room) -> None:
    for service in ("checkout", "web"):
        made.client.post("/alerts", content=json.dumps(ALERT | {"service": service}))
    first = made.browser("viewer").get("/alerts?limit=1").text
    newest, oldest = (one["number"] for one in made.get("/alerts").json()["items"])
    assert f'href="/alerts/{newest}"' in first
    assert f"limit=1&amp;before={newest}" in first
    second = made.browser("viewer").get(f"/alerts?limit=1&before={newest}").text
    assert f'href="/alerts/{oldest}"' in second


@pytest.mark.parametrize("number", ["0", "12345", "x", "9" * 30])
def test_a_delivery_that_there_is_not_is_told(made: Room, number: str) -> None:
    assert made.browser("viewer").get(f"/alerts/{number}").status_code == 404


def test_an_empty_list_says_what_to_paste(made: Room) -> None:
    assert "http://testserver/alerts" in made.browser("viewer").get("/alerts").text


def test_history_finds_incidents_by_severity_and_state(made: Room) -> None:
    browser = made.browser("viewer")
    everything = browser.get("/history").text
    assert sample.ID in everything
    assert ENDED in everything
    over = browser.get("/history?status=resolved").text
    assert ENDED in over
    assert sample.ID not in over
    assert "No incident is like that" in browser.get("/history?service=nobody").text
    assert browser.get("/history?status=lost").status_code == 400


def test_history_finds_words_wherever_they_stand(made: Room) -> None:
    asyncio.run(made.home.store.put(ZEBRA, b"{}"))
    browser, word = made.browser("viewer"), "zebra"
    shown = browser.get(f"/history?words={word.upper()}").text
    assert f'href="/incidents/{sample.ID}/evidence/{sample.EVIDENCE[0]}"' in shown
    assert f"<mark>{word}</mark>" in shown
    assert ENDED not in shown
    (line,) = made.get(f"/incidents?words={word}", "viewer").json()["items"]
    (hit,) = line["found"]
    assert (hit["kind"], hit["ref"]) == ("evidence", sample.EVIDENCE[0])
    assert word in hit["excerpt"]
    assert "No incident is like that" in browser.get("/history?words=nowhere").text
    nothing = browser.get("/history?words=%25")
    assert nothing.status_code == 400
    assert "give letters or digits" in nothing.text


def test_words_find_nothing_that_is_hidden_nor_show_that_it_is_there(made: Room) -> None:
    asyncio.run(made.home.store.put(ZEBRA, b"{}"))
    said = {"why": "misuse", "people": ["approver"]}
    assert made.post(f"/incidents/{sample.ID}/restrict", said, by="commander").status_code == 200
    told = made.get("/incidents?words=zebra&limit=1", "approver").json()
    assert (told["items"][0]["id"], told["next"]) == (sample.ID, sample.ID)
    told = made.get("/incidents?words=zebra&limit=1", "viewer").json()
    assert (told["items"], told["next"]) == ([], None)
    assert made.get(f"/incidents?after={sample.ID}", "viewer").status_code == 404
    assert made.get(f"/incidents?after={sample.ID}", "approver").status_code == 200
    assert sample.ID not in made.browser("viewer").get("/history?words=zebra").text


def test_history_tells_how_long_incidents_took_by_severity_and_service(made: Room) -> None:
    told = made.get("/times?days=3650", "viewer").json()
    assert told["every"]["incidents"] == 2
    assert told["every"]["resolve"] == {
        "known": 1, "mean": 2820.0, "deviation": None, "shortest": 2820.0, "longest": 2820.0,
    }  # fmt: skip
    services = {one["service"]: one["incidents"] for one in told["services"]}
    assert services == {"checkout": 2, "web": 2}
    assert {one["severity"] for one in told["severities"]} == {"P0"}
    assert sum(one["incidents"] for one in told["severities"]) == 2
    assert made.get("/times?days=0", "viewer").status_code == 400
    page = made.browser("viewer").get("/history").text
    assert "How long it took, in the last 90 days" in page
    assert "47 min" in page


def test_what_is_hidden_or_a_false_alarm_counts_in_no_time(made: Room) -> None:
    said = {"why": "misuse", "people": ["approver"]}
    assert made.post(f"/incidents/{ENDED}/restrict", said, by="commander").status_code == 200
    assert made.get("/times?days=3650", "viewer").json()["every"]["resolve"]["known"] == 0
    assert made.get("/times?days=3650", "approver").json()["every"]["resolve"]["known"] == 1
    known = asyncio.run(made.home.store.load(ENDED))
    assert known is not None
    asyncio.run(saved(made.home.store, known.evolve(status=Status.FALSE_ALARM), at(70)))
    assert made.get("/times?days=3650", "approver").json()["every"]["incidents"] == 1


def test_settings_show_the_runbook_and_the_people_and_no_token(made: Room) -> None:
    shown = made.browser("viewer").get("/settings").text
    assert "Infrastructure Maintainer" in shown
    assert "commander" in shown
    assert "the-token-of" not in shown
    assert "env:" not in shown
    told = made.get("/settings", "viewer").json()
    assert {one["name"] for one in told["people"]} >= {"dana", "viewer"}
    assert len(told["roles"]) > 10


def test_a_restricted_incident_is_in_no_list_of_whoever_is_not_named(made: Room) -> None:
    opened = made.client.post("/alerts", content=json.dumps(ALERT)).json()
    incident, number = opened["incident"], opened["delivery"]
    said = made.post(f"/incidents/{incident}/restrict", {"why": "misuse"}, by="commander")
    assert said.status_code == 200, said.text
    stranger, commander = made.browser("viewer"), made.browser("commander")
    for path in ("/history", "/alerts"):
        assert incident not in stranger.get(path).text
        assert incident in commander.get(path).text
    assert stranger.get(f"/alerts/{number}").status_code == 404
    assert commander.get(f"/alerts/{number}").status_code == 200
