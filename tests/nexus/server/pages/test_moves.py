"""What people do with an incident in a browser: what the buttons promise is what the service does."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from incidents.access import AccessRole
from incidents.action import ActionState
from incidents.incident import Incident
from incidents.paging import held_by_person
from incidents.severity import Status
from nexus.service.requests import REQUESTS
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.nexus.server.pages.test_decision import becomes, text_of, with_proposal
from tests.nexus.server.pages.test_post_mortem import sent
from tests.nexus.server.rooms import Room, room

#: What a form of each move sends.
FORMS: dict[str, dict[str, str]] = {
    "acknowledge": {}, "take-over": {}, "hand-over": {"to": "Commander", "note": "my shift ends"},
    "take": {}, "note": {"text": "look at payment"}, "mitigated": {}, "resolve": {"note": "over"},
    "changed": {"service": "web", "what": "restarted it", "minutes": "5"}, "false-alarm": {},
    "severity": {"severity": "P1"}, "give-back": {"note": "go on"}, "stop": {"reason": "wrong cluster"},
    "reopen": {"note": "not over"},
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


def held(incident: Incident) -> Incident:
    return incident.evolve(status=Status.HANDED_OVER, handed_over_at=at(14), holder="dana", proposals=())


def over(incident: Incident) -> Incident:
    return incident.evolve(status=Status.RESOLVED, ended_at=at(20), end_reason="resolved by kim")


STANDS: dict[str, Callable[[Incident], Incident]] = {
    "open": lambda incident: incident, "held": held, "over": over,
    "acknowledged": lambda incident: held_by_person(incident, "dana", at(14)),
    "kims": lambda incident: held_by_person(incident, "Kim", at(14)),
    "handed": lambda incident: held_by_person(incident, "dana", at(14), confirmed=False),
    "mitigated": lambda incident: incident.evolve(mitigated_at=at(15)),
}  # fmt: skip


def told(made: Room, by: str) -> dict[str, str | None]:
    """Each move by its name, with why not."""
    view = made.get(f"/incidents/{ID}/moves", by=by).json()
    return {one["name"]: one["why_not"] for one in (*view["possible"], *view["not_now"])}


@pytest.mark.parametrize("stand", STANDS)
@pytest.mark.parametrize("move", FORMS)
def test_a_button_is_there_where_it_counts_and_nowhere_else(made: Room, stand: str, move: str) -> None:
    becomes(made, STANDS[stand])
    why = told(made, "dana")[move]
    answer = sent(made.browser("dana"), f"/incidents/{ID}/{move}", FORMS[move])
    assert (answer.status_code == 303) == (why is None), (why, text_of(answer))
    if why is None:
        assert answer.headers["location"] == f"/incidents/{ID}"
        kind = {"take-over": "acknowledge"}.get(move, move.replace("-", "_"))
        assert made.inbox() == [f"{kind} by dana"]
        assert made.rung == [ID]
    else:
        assert answer.status_code == 409
        assert made.inbox() == []


@pytest.mark.parametrize("role", AccessRole)
def test_each_role_is_told_what_it_may(made: Room, role: AccessRole) -> None:
    for move, why in told(made, role).items():
        answer = sent(made.browser(role), f"/incidents/{ID}/{move}", FORMS[move])
        if why is not None and f"{role} may not" in why:
            assert answer.status_code == 403
            assert why in text_of(answer)


def test_every_move_is_a_request_that_the_api_knows() -> None:
    assert set(FORMS) <= {kind.path for kind in REQUESTS}


def test_what_became_of_a_change_is_said_with_a_button(made: Room) -> None:
    becomes(made, lambda one: held(one).evolve(proposals=one.proposals))
    becomes(made, with_proposal(state=ActionState.UNKNOWN))
    view = made.get(f"/incidents/{ID}/moves").json()
    assert [one["title"] for one in view["unsettled"]] == ["roll back checkout to 2026.11.1"]
    assert view["holds"] == "dana has it."
    assert asyncio.run(made.home.find(ID)).proposals[0].id == "A1"


def test_a_form_that_is_not_whole_names_the_field(made: Room) -> None:
    browser = made.browser("dana")
    for move, fields, word in (
        ("note", {"text": " "}, "text"), ("changed", {"service": "web"}, "what"),
        ("severity", {"severity": "P9"}, "severity"), ("stop", {}, "reason"),
    ):  # fmt: skip
        answer = sent(browser, f"/incidents/{ID}/{move}", fields)
        assert answer.status_code == 400
        assert f"{word}: " in text_of(answer)
    wrong = sent(browser, f"/incidents/{ID}/changed", {"service": "wbe", "what": "x"})
    assert (wrong.status_code, "did you mean web" in text_of(wrong)) == (404, True)
    assert made.inbox() == []
    assert sample.ID == ID
