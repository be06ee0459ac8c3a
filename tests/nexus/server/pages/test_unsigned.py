"""The page of a change that begins without a signature: when, why, how it is stopped, and what came of it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.act_permission import ActPermission, PermissionState, Record, Use
from incidents.action import ActionState
from incidents.severity import Severity
from nexus.config.site import load_site
from tests.conformance.test_permissions import permission
from tests.nexus import sample
from tests.nexus.leasing import leased, saved
from tests.nexus.sample import DIGEST, ID, at
from tests.nexus.server.pages.test_decision import Browser, becomes, with_proposal
from tests.nexus.server.rooms import LATE, Room, room

BEGINS = LATE - timedelta(days=1)
POLICY = """
notify: {destinations: [{name: log, kind: file, path: told.jsonl}]}
autonomy:
  limits: {per_day: 2, dependents: 3, instances: 20}
  rules: [{signers: none, kinds: [rollback], services: [checkout], severities: [P1, P2]}]
"""
RECORD = Record(
    at=at(11), judged=20, right=20, low=0.84, in_a_row=6, proven_at=at(-600), proven_by="DRILL-1 A2"
)  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    """A rollback that waits, and was announced to begin by itself."""
    with room(tmp_path, more=POLICY, signatures=1) as one:
        policy = load_site(tmp_path / "nexus.yaml").autonomy
        assert policy is not None
        given = permission(record=RECORD, policy=policy.digest, begins_at=BEGINS, expires_at=LATE)

        async def announced() -> None:
            store = one.home.store
            await store.announce(given)
            waiting = sample.proposal(approvers_needed=1, expires_at=LATE, begins_at=BEGINS)
            kept = await store.load(ID)
            assert kept is not None
            after = kept.evolve(proposals=(waiting,), severity=Severity.P1, outside_changes=())
            await saved(store, after, at(12))

        asyncio.run(announced())
        yield one


def kept(made: Room) -> ActPermission:
    found = asyncio.run(made.home.store.permission(DIGEST))
    assert found is not None
    return found


async def acted(made: Room, why: str) -> None:
    """It began when it was due, and was done; with a reason it was wrong, and is withdrawn."""
    store = made.home.store
    given = await store.permission(DIGEST)
    assert given is not None
    change = sample.proposal(approvers_needed=1, expires_at=LATE, begins_at=BEGINS)
    async with leased(store, ID, BEGINS) as number:
        use = Use(permission=DIGEST, policy=given.policy, per_day=2)
        assert await store.begin(change, BEGINS, number, None, use)
    if why:
        assert await store.withdraw(DIGEST, BEGINS + timedelta(minutes=2), why)


def test_it_says_when_it_begins_why_nobody_has_to_sign_and_how_it_is_stopped(made: Room) -> None:
    told = Browser(made, "dana").load()
    for words in (
        "Nobody has to sign it. It begins at 00:00:00 UTC, unless somebody vetoes it before.",
        "lets a rollback of checkout in a P1 begin without a person",
        "holds: 20 of 20 proposals of a rollback that people judged were right, 84% at least;",
        "holds: of the latest of checkout that were judged, 6 in a row were right",
        "holds: a rollback of checkout was really taken back and watched", "(DRILL-1 A2)",
        'nexus reject INC-2026-11-23-001 A1 --note "why"', "Veto it …", "Sign, and begin now",
    ):  # fmt: skip
        assert words in told, words
    assert "does not hold" not in told
    assert "Reject …" not in told


def test_the_veto_of_the_page_wins_and_the_page_says_so(made: Room) -> None:
    dana = Browser(made, "dana")
    assert dana.answers("reject", "the bank asked us to wait").status_code == 303
    assert kept(made).state is PermissionState.VETOED
    told = dana.load()
    assert "It would have begun at 00:00:00 UTC: dana rejected it before it began. A veto that comes" in told
    assert "The record by which it was announced: 20 of 20 right, lower bound 0.84" in told
    assert "Veto it" not in told


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("", "It began without a signature, as the policy and its record let it."),
        (
            "it changed nothing",
            "It began without a signature, and it changed nothing: since 2998-12-31 00:02 UTC",
        ),
        ("it changed nothing", "a person signs a rollback of checkout again"),
        ("it changed nothing", "nexus policy renew rollback checkout --by NAME"),
    ],
)
def test_afterwards_it_says_what_came_of_it(made: Room, why: str, words: str) -> None:
    asyncio.run(acted(made, why))
    becomes(made, with_proposal(state=ActionState.DONE))
    told = Browser(made, "dana").load()
    assert words in told
    assert ("nexus policy renew" in told) is bool(why)
    assert "Veto it" not in told


def test_what_may_not_begin_after_all_says_why(made: Room) -> None:
    asyncio.run(made.home.store.void(DIGEST, at(13), "checkout is frozen"))
    becomes(made, with_proposal(begins_at=None))
    told = Browser(made, "dana").load()
    assert "was announced for 00:00:00 UTC and does not begin by itself: checkout is frozen. A person" in told
    assert "Reject …" in told
    assert "Sign and roll back" in told


def test_programs_read_the_same(made: Room) -> None:
    told = made.get(f"/incidents/{ID}/proposals/A1").json()["unsigned"]
    assert (told["state"], told["renew"]) == ("announced", None)
    assert all(one["holds"] for one in told["conditions"])
    assert {one["name"] for one in told["conditions"]} >= {"undo", "proven", "record", "service", "standing"}
