"""The view of a decision: what its page, its card and the API show, from one query."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, ActionState, Arguments, Observed, Plan
from incidents.actor import Actor, Via
from incidents.aftermath import Stage
from incidents.errors import Bar
from nexus.service.decision_queries import DecisionQueries, from_and_to
from tests.nexus import sample
from tests.nexus.sample import DIGEST, ID
from tests.nexus.server.rooms import Room, room

PROPOSAL = f"/incidents/{ID}/proposals/A1"


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as made:
        for number in range(4):
            asyncio.run(made.home.store.put(sample.evidence(number), b"{}"))
        yield made


def test_all_that_is_needed_to_sign_is_there(one: Room) -> None:
    told = one.get(PROPOSAL).json()
    assert told["digest"] == DIGEST
    change = told["change"]
    assert (change["before"], change["after"]) == ("2026.11.2", "2026.11.1")
    assert change["observed_at"] == "2026-11-23T03:09:10Z"
    assert change["undo"] == "roll back checkout to 2026.11.2"
    assert change["risks"] == ["what the newer version has written may not be readable by the older one"]
    assert [source["id"] for source in told["sources"]] == list(sample.EVIDENCE[:3])
    assert told["considered"][0]["why"] == "payment's latency stays at its quiet level in the traces"
    assert (told["needed"], told["missing"], told["aftermath"]["stage"]) == (2, 2, "waiting")
    assert told["left_seconds"] > 0
    assert told["watch_seconds"] == 1800


def test_everybody_is_told_what_they_may_also_somebody_who_is_not_there(one: Room) -> None:
    mine = one.get(PROPOSAL, by="viewer").json()["you"]
    assert (mine["approve"], mine["bar"]) == (False, Bar.ROLE)
    assert mine["why"].startswith("viewer may not decide on changes")
    other = one.get(f"{PROPOSAL}?as=approver", by="viewer").json()
    assert (other["you"]["who"], other["you"]["approve"]) == ("approver", True)
    able = {person["who"] for person in other["people"] if person["approve"]}
    assert able == {"dana", "approver", "admin"}
    assert one.get(f"{PROPOSAL}?as=nobody").status_code == 404
    assert one.get(f"/incidents/{ID}/proposals/A7").status_code == 404


def test_who_is_disabled_is_none_of_the_people(tmp_path: Path) -> None:
    with room(tmp_path, people={"dana": "", "gone": ", disabled: true"}) as made:
        told = made.get(PROPOSAL).json()
        assert [person["who"] for person in told["people"]] == ["dana"]
        assert made.get(f"{PROPOSAL}?as=gone").status_code == 404


def test_a_signature_that_nobody_has_read_yet_is_shown(one: Room) -> None:
    said = {"verdict": "approve", "action": "A1", "digest": DIGEST}
    assert one.post(f"/incidents/{ID}/decisions", said).status_code == 200
    told = one.get(PROPOSAL).json()
    assert (told["missing"], [each["by"] for each in told["signatures"]]) == (1, ["dana"])
    assert (told["you"]["approve"], told["you"]["bar"], told["you"]["revoke"]) == (False, "same_person", True)
    back = {"action": "A1", "digest": DIGEST, "note": "the cart team deploys"}
    assert one.post(f"/incidents/{ID}/revoke", back).json()["state"] == ActionState.REVOKED
    told = one.get(PROPOSAL).json()
    assert (told["you"]["bar"], told["aftermath"]["stage"]) == ("withdrawn", "revoked")


def act(kind: ActionKind, **arguments: object) -> Action:
    return Action(kind=kind, service="web", arguments=Arguments.model_validate(arguments))


async def _cards(one: Room) -> list[tuple[str, Stage]]:
    cards = await DecisionQueries.of(one.home).cards(ID, Actor.named("dana", Via.HTTP))
    return [(card.id, card.aftermath.stage) for card in cards]


def test_a_page_shows_what_waits_or_runs_else_the_last(one: Room) -> None:
    assert asyncio.run(_cards(one)) == [("A1", Stage.WAITING)]


@pytest.mark.parametrize(
    ("action", "seen", "expected"),
    [
        (sample.ROLLBACK, {"version": "2"}, ("2", "2026.11.1")),
        (sample.ROLLBACK, {"running version": "2"}, ("2", "2026.11.1")),
        (act(ActionKind.SCALE, replicas=4), {"replicas": "2"}, ("2", "4")),
        (act(ActionKind.FEATURE_FLAG, flag="f", enabled=False), {"flag f": "on"}, ("on", "off")),
        (act(ActionKind.FEATURE_FLAG, flag="f", enabled=False), {}, (None, "off")),
        (act(ActionKind.RESTART), {"instances": "2"}, (None, None)),
    ],
)
def test_what_is_not_seen_is_not_said(
    action: Action, seen: dict[str, str], expected: tuple[str | None, str | None]
) -> None:
    observed = tuple(Observed(name=name, value=value) for name, value in seen.items())
    assert from_and_to(Plan(action=action, observed=observed, effects=())) == expected
