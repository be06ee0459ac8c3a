"""The API: what it answers, what it refuses and how, and that what is sent again counts once."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from incidents.severity import Severity
from nexus.server.limits import HttpLimits
from nexus.service.requests import REQUESTS
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import DIGEST, ID, at
from tests.nexus.server.rooms import ENDED, LIMITS, Room, room, shown

NOTE = f"/incidents/{ID}/note"
DECIDE = f"/incidents/{ID}/decisions"
APPROVE = {"verdict": "approve", "action": "A1", "digest": DIGEST}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One for all that only look: its description is written once, for most of a second."""
    with room(tmp_path_factory.mktemp("described")) as made:
        yield made


def detail(answer: Any, status: int) -> str:
    """A problem's sentence; its form is the same everywhere."""
    body = answer.json()
    assert (answer.status_code, body["status"]) == (status, status), body
    assert answer.headers["content-type"] == "application/problem+json"
    assert (
        {"type", "title", "status", "detail"} <= set(body) <= {"type", "title", "status", "detail", "faults"}
    )
    return str(body["detail"])


def test_the_description_is_open_and_whole(described: Room) -> None:
    answer = described.get("/openapi.json", by="")
    assert answer.status_code == 200
    document = answer.json()
    assert (document["openapi"], document["servers"]) == ("3.1.0", [{"url": "/api/v1"}])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["security"] == [{"HTTPBearer": []}], path
            assert {"400", "401", "403", "404", "409", "429"} <= set(operation["responses"])
            assert "HTTPValidationError" not in json.dumps(operation)
    assert {f"/incidents/{{incident}}/{kind.path}" for kind in REQUESTS} <= set(document["paths"])
    Draft202012Validator.check_schema(document["components"]["schemas"]["IncidentView"])


@pytest.mark.parametrize(("form", "closed"), [
    ("Decision", True), ("DropStatusUpdate", True), ("ReportBody", True), ("PostMortemText", True),
    ("IncidentView", False), ("Halted", False),
])  # fmt: skip
def test_bodies_hold_what_is_known_and_answers_may_hold_more(
    described: Room, form: str, closed: bool
) -> None:
    schema = described.get("/openapi.json").json()["components"]["schemas"][form]
    assert ("additionalProperties" in schema) == closed


@pytest.mark.parametrize(("path", "status"), [
    ("/incidents?nope=1", 400), ("/incidents/INC-9", 404), ("/nothing", 404), ("/alerts/7", 404),
    ("/stop", 405),
])  # fmt: skip
def test_a_problem_says_where_its_kind_is_described(described: Room, path: str, status: int) -> None:
    answer = described.get(path)
    assert detail(answer, status)
    address, pointer = answer.json()["type"].split("#/")
    found = described.client.get(address).json()
    for part in pointer.split("/"):
        found = found[part]
    assert found["description"] == answer.json()["title"]


def test_a_method_that_is_not_taken_is_told_those_that_are(api: Room) -> None:
    for path, allowed in (("/incidents", "GET, POST"), (DECIDE, "GET, POST"), (NOTE, "POST"), ("/me", "GET")):
        answer = api.client.delete(f"/api/v1{path}", headers=shown("dana"))
        assert detail(answer, 405) == "DELETE is not taken here"
        assert answer.headers["allow"] == allowed


def test_lists_go_on_behind_a_place(api: Room) -> None:
    for number in range(3, 6):
        incident = sample.opened(f"INC-2026-11-23-00{number}", number).evolve(severity=Severity.P1)
        world = WorldRef(kind=WorldKind.CASE, path="cases/shop")
        asyncio.run(api.home.store.register(incident, world, at(number)))
    told, after = [], ""
    while True:
        page = api.get(f"/incidents?limit=2{after}").json()
        told += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert told == [f"INC-2026-11-23-00{number}" for number in (5, 4, 3, 2, 1)]
    assert [one["id"] for one in api.get("/incidents?severity=P0&status=open").json()["items"]] == [ID]
    assert [one["incident"] for one in api.get("/approvals").json()["items"]] == [ID]
    assert detail(api.get("/incidents?after=INC-9"), 404).startswith("There is no incident 'INC-9'")


def test_a_timeline_goes_on_behind_a_number_until_its_end(api: Room) -> None:
    first = api.get(f"/incidents/{ID}/timeline?limit=3").json()
    rest = api.get(f"/incidents/{ID}/timeline?after={first['next']}").json()
    told = [one["text"] for one in (*first["items"], *rest["items"])]
    assert told == [entry.text for entry in sample.ENTRIES]
    assert (first["last"], rest["next"], rest["ended"]) == (rest["next"], rest["last"], False)
    assert api.get(f"/timeline?after={rest['next']}").json()["items"] == []
    assert api.get(f"/incidents/{ENDED}/timeline").json()["ended"] is False, "its post-mortem is owed"


def test_an_incident_is_what_show_prints_and_its_proposals_are_what_approvals_prints(api: Room) -> None:
    assert api.get(f"/incidents/{ID}").json()["actions"][0]["digest"] == DIGEST
    waits = api.get(f"/incidents/{ID}/proposals").json()
    assert waits["pending"][0]["digest"] == DIGEST
    listed = api.get("/approvals").json()["items"][0]
    assert waits | {"now": ""} == listed | {"now": "", "proposals": waits["pending"]}
    assert api.get(f"/incidents/{ENDED}/proposals").json()["pending"] == []
    names = [one["name"] for one in api.get("/services").json()["services"]]
    assert names == ["checkout", "web"]


def test_two_sign_and_whoever_drives_is_told(api: Room) -> None:
    first = api.post(DECIDE, APPROVE, by="dana")
    title = "roll back checkout to 2026.11.1"
    stands = {"incident": ID, "action": "A1", "title": title, "state": "proposed", "missing": 1}
    assert (first.status_code, first.json()) == (200, stands)
    alias = api.client.post(
        f"/incidents/{ID}/decisions", json=APPROVE | {"digest": DIGEST[:8]}, headers=shown("approver")
    )
    assert alias.json() == stands | {"state": "approved", "missing": 0}
    given = api.get(DECIDE).json()["items"]
    assert [(one["by"], one["via"], one["authenticated"]) for one in given] == [
        ("dana", "http", True), ("approver", "http", True),
    ]  # fmt: skip
    assert api.rung == [ID, ID]
    assert "already decided" in detail(api.post(DECIDE, APPROVE | {"verdict": "reject"}), 409)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"digest": DIGEST[:8]}, 400, "body.digest"),
        ({"digest": DIGEST.upper()}, 400, "body.digest"),
        ({"digest": "0" * 64}, 409, "look"),
        ({"verdict": "maybe"}, 400, "body.verdict"),
        ({"action": "A7"}, 404, "There is no action 'A7'"),
        ({"extra": 1}, 400, "body.extra"),
    ],
)
def test_what_is_not_signed_as_it_was_shown_is_refused(
    api: Room, change: dict[str, object], status: int, words: str
) -> None:
    answer = api.post(DECIDE, APPROVE | change)
    assert words.replace("look", "the digest 000000000000 is not that of A1") in detail(answer, status)
    assert api.get(DECIDE).json()["items"] == []


def test_the_same_request_under_a_key_is_done_once(api: Room) -> None:
    first = api.post(NOTE, {"text": "look at payment"}, key="k1")
    again = api.post(NOTE, {"text": "look at payment"}, key="k1")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.headers["content-type"] == again.headers["content-type"] == "application/json"
    assert api.inbox() == ["note by dana"]
    assert "another request" in detail(api.post(NOTE, {"text": "no, at checkout"}, key="k1"), 409)
    assert "another request" in detail(api.post(f"/incidents/{ENDED}/note", {"text": "x"}, key="k1"), 409)
    assert api.post(NOTE, {"text": "mine"}, by="responder", key="k1").status_code == 200, "theirs"
    assert api.post(NOTE, {"text": "look at payment"}).status_code == 200
    assert api.inbox() == ["note by dana", "note by responder", "note by dana"]


def test_what_was_refused_under_a_key_may_be_tried_again(api: Room) -> None:
    back = f"/incidents/{ID}/give-back"
    assert detail(api.post(back, {"note": "again"}, key="k"), 409)
    assert api.post(f"/incidents/{ID}/take", key="k2").status_code == 200
    assert api.post(back, {"note": "again"}, key="k").status_code == 200


@pytest.mark.parametrize("key", ["", "ä", "a b", "x" * 256])
def test_a_key_that_is_none_is_refused(api: Room, key: str) -> None:
    headers = [(b"authorization", b"Bearer the-token-of-dana"), (b"idempotency-key", key.encode("latin-1"))]
    answer = api.client.post(f"/api/v1{NOTE}", json={"text": "x"}, headers=headers)
    assert "header.Idempotency-Key" in detail(answer, 400)
    assert api.inbox() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"x"', b'{"text": 1}', b'{"text": ""}', b'{"text": " \\n"}',
     b'{"text": "x", "more": 1}', b'{"text": "\\ud83d"}', b'{"text": "x"', b"\xff\xfe",
     b"[" * 50_000, b'{"text": NaN}'],
    ids=range(13),
)  # fmt: skip
def test_a_body_that_cannot_be_taken_is_a_sentence(api: Room, body: bytes) -> None:
    headers = shown("dana") | {"Content-Type": "application/json"}
    answer = api.client.post(f"/api/v1{NOTE}", content=body, headers=headers)
    assert detail(answer, 400)
    assert len(answer.content) < 1000, "it is not repeated"
    assert api.inbox() == []


def test_a_body_is_no_larger_than_any_alert_and_needs_somebody_first(api: Room) -> None:
    large, kind = b'{"text": "' + b"x" * 1_000_001 + b'"}', {"Content-Type": "application/json"}
    for by, status in (("", 401), ("dana", 413)):
        answer = api.client.post(f"/api/v1{NOTE}", content=large, headers=shown(by) | kind)
        assert detail(answer, status)


@pytest.mark.parametrize("path", [
    "/incidents?limit=0", "/incidents?limit=201", "/incidents?status=gone", "/incidents?service=%00",
    "/incidents?after=a b", "/timeline?after=-1", "/timeline?after=9223372036854775808", "/alerts/0",
    "/me?x=1", "/incidents/INC%00", "/alerts/99999999999999999999",
])  # fmt: skip
def test_parameters_that_nothing_can_mean_are_named(api: Room, path: str) -> None:
    answer = api.get(path)
    assert detail(answer, 400)
    assert answer.json()["faults"][0]["at"].partition(".")[0] in {"query", "path"}


def test_a_recorded_incident_is_worked_on_as_a_live_one(api: Room) -> None:
    case = sample.opened("INC-2026-11-23-009", 9)
    world = WorldRef(kind=WorldKind.CASE, path="cases/shop")
    asyncio.run(api.home.store.register(case, world, at(9)))
    assert api.post(f"/incidents/{case.id}/take", by="responder").status_code == 200
    assert "may not work on incidents" in detail(api.post(f"/incidents/{case.id}/take", by="viewer"), 403)


def test_people_of_another_nexus_yaml_are_strangers_to_its_incidents(api: Room, tmp_path: Path) -> None:
    other = tmp_path / "other" / "nexus.yaml"
    other.parent.mkdir()
    other.write_text("services: [{name: checkout}]\npeople: [{name: kim, token: 'env:KIM'}]\n")
    theirs = sample.opened("INC-2026-11-23-009", 9)
    world = WorldRef(kind=WorldKind.LIVE, path=str(other))
    asyncio.run(api.home.store.register(theirs, world, at(9), "other"))
    assert "dana is none of the people" in detail(api.post(f"/incidents/{theirs.id}/take"), 403)
    other.write_text("services: [")
    assert detail(api.post(f"/incidents/{theirs.id}/take"), 503)
    assert api.post(f"/incidents/{theirs.id}/stop", {"reason": "x"}).status_code == 200


def test_a_report_opens_an_incident_and_the_same_again_is_known(api: Room) -> None:
    said = {"title": "customers cannot pay", "service": "checkout", "severity": "P1"}
    opened = api.post("/incidents", said, key="r1")
    assert opened.json() | {"incident": ""} == {"incident": "", "taken": "opened", "by": "dana"}
    assert api.post("/incidents", said, key="r1").content == opened.content
    assert api.post("/incidents", said).json() == opened.json() | {"taken": "known"}
    assert "did you mean checkout" in detail(api.post("/incidents", said | {"service": "chekout"}), 404)
    deliveries = api.get("/alerts?sender=nexus").json()
    assert [one["alerts"][0]["title"] for one in deliveries["items"]] == ["customers cannot pay"] * 2
    whole = api.get(f"/alerts/{deliveries['items'][-1]['number']}").json()
    assert "customers cannot pay" in whole["body"]


def test_what_does_not_belong_is_split_off_and_merged_again(api: Room) -> None:
    incident = sample.opened("INC-2026-11-23-007", 7)
    mail = sample.alert().model_copy(update={"service": "web", "fingerprint": "ffffffff"})
    world = asyncio.run(api.home.store.world_of(ID))
    two = incident.evolve(alerts=(*incident.alerts, mail))
    asyncio.run(api.home.store.register(two, world, at(7), "default"))
    path = f"/incidents/{incident.id}"
    said = {"alerts": ["ffffffff"], "reason": "another team's"}
    done = api.post(f"{path}/split", said, key="s").json()
    assert (done["alerts"], api.rung) == (["ffffffff"], [incident.id, done["split_into"]])
    assert api.post(f"{path}/split", said, key="s").json() == done
    assert f"took them out into {done['split_into']} a moment ago" in detail(
        api.post(f"{path}/split", said), 409
    )
    merged = api.post(f"{path}/merge", {"other": done["split_into"], "reason": "it was one"})
    assert (merged.status_code, merged.json()["merged"]) == (200, done["split_into"])


def test_what_was_changed_long_ago_or_ahead_is_refused(api: Room) -> None:
    said = {"service": "web", "what": "restarted it"}
    path = f"/incidents/{ID}/changed"
    for more, words in (
        ({"at": "0001-01-01T00:00:00Z"}, "over a year"),
        ({"at": "2999-01-01T00:00:00Z"}, "lies ahead"),
        ({"at": "2026-11-23T02:58:10"}, "body.at"),
        ({"seconds_ago": -1}, "body.seconds_ago"),
        ({"seconds_ago": 0.5}, "body.seconds_ago"),
        ({"seconds_ago": "5"}, "body.seconds_ago"),
        ({"seconds_ago": True}, "body.seconds_ago"),
        ({"service": "wep"}, "did you mean web"),
    ):
        assert words in detail(api.post(path, said | more), 404 if "service" in more else 400)
    assert api.inbox() == []
    assert api.post(path, said | {"seconds_ago": 300.0}).status_code == 200


def test_one_person_may_not_ask_without_end(tmp_path: Path) -> None:
    with room(tmp_path, LIMITS.model_copy(update={"requests": 3})) as made:
        assert [made.get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = made.get("/me")
        assert "dana asks too often" in detail(refused, 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert made.get("/me", by="responder").status_code == 200
        alias = made.client.post(f"/incidents/{ID}/decisions", json=APPROVE, headers=shown("dana"))
        assert alias.status_code == 429, "one person, whatever the door"


def test_wrong_tokens_of_one_address_are_not_checked_without_end(tmp_path: Path) -> None:
    with room(tmp_path, LIMITS.model_copy(update={"wrong_tokens": 2})) as made:
        assert made.get("/me", by="dana").status_code == 200
        assert [made.get("/me", by=f"stranger{n}").status_code for n in range(3)] == [401, 401, 429]
        assert made.get("/me", by="dana").status_code == 200, "who is known is not held up"
        assert made.get("/me", by="").status_code == 401, "who shows nothing costs nothing"


def test_limits_say_what_is_wrong_with_them() -> None:
    with pytest.raises(ValueError, match="requests"):
        HttpLimits(requests=0)
