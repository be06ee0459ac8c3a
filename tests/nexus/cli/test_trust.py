"""`nexus trust`: what was proposed in live incidents, and how it stood the test."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from incidents.action import ActionState
from incidents.changes import Change, ChangeKind, Deed, WhatPeopleDid
from incidents.incident import Incident
from incidents.shadow import Shadow
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.store.records import WorldKind, WorldRef
from tests.conformance.test_drills import STEP, drill
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.sample import at

WORDS = {"Dana": Judgement.RIGHT, "Kim": Judgement.WRONG}


def said(incident: str, by: str) -> DiagnosisVerdict:
    found = sample.DIAGNOSIS
    return DiagnosisVerdict(
        incident=incident, key=key_of(found), service=found.service, category=found.category,
        change=found.change, confidence=found.confidence, summary=found.summary, engine="playbook",
        judgement=WORDS[by], by=by, person=by.lower(), at=at(60),
    )  # fmt: skip


def stood(name: str) -> Incident:
    """A shadow: people did the same four minutes later."""
    incident = sample.resolved().evolve(id=name, closed=True, shadow=Shadow(whole=True))
    (proposal,) = incident.proposals
    later = proposal.proposed_at + timedelta(minutes=4)
    change = Change(time=later, id="c9", service="checkout", kind=ChangeKind.DEPLOY, summary="back")
    did = WhatPeopleDid(deed=Deed.SAME, change=change, at=later)
    shadowed = {"state": ActionState.SHADOW, "approvals": (), "outcome": None, "people_did": did}
    return incident.with_proposal(proposal.model_copy(update=shadowed))


@pytest.fixture
def judged(nexus: Terminal) -> Terminal:
    """Three live incidents and a recorded one: right, disputed, not judged."""
    names = ("INC-2026-11-23-001", "INC-2026-11-23-002", "INC-2026-11-23-003", "INC-2026-11-23-004")

    async def keep() -> None:
        for number, name in enumerate(names):
            kind = WorldKind.CASE if number == 3 else WorldKind.LIVE
            incident = sample.resolved().evolve(id=name, closed=True)
            await home.store.register(incident, WorldRef(kind=kind, path="x"), at(50))
        for name, by in ((names[0], "Dana"), (names[1], "Dana"), (names[1], "Kim"), (names[3], "Dana")):
            await home.store.keep_verdict(said(name, by))

    with open_home(Settings(home=nexus.home), create=True) as home:
        asyncio.run(keep())
    return nexus


def test_whoever_says_wrong_is_heard_and_recorded_incidents_count_nowhere(judged: Terminal) -> None:
    (line,) = json.loads(judged("trust", "--json").out)
    assert (line["service"], line["kind"]) == ("checkout", "rollback")
    assert (line["proposed"], line["judged"], line["right"], line["wrong"]) == (3, 2, 1, 1)
    assert (line["held"], line["failed"], line["enough"]) == (3, 0, False)


def test_what_stood_in_shadow_is_told_apart_with_how_much_earlier_it_was(judged: Terminal) -> None:
    async def keep() -> None:
        world = WorldRef(kind=WorldKind.LIVE, path="x")
        await home.store.register(stood("INC-2026-11-23-005"), world, at(50))
        await home.store.keep_verdict(said("INC-2026-11-23-005", "Kim"))

    with open_home(Settings(home=judged.home), create=True) as home:
        asyncio.run(keep())
    live, shadow = json.loads(judged("trust", "--json").out)
    assert (live["where"], live["proposed"]) == ("live", 3)
    assert (shadow["where"], shadow["proposed"], shadow["wrong"]) == ("shadow", 1, 1)
    assert shadow["ahead_seconds"] == 240
    told = judged("trust").out
    assert "In shadow, where nobody was asked:" in told
    assert "On a wrong diagnosis: to roll back checkout to 2026.11.1 (shadow, INC-2026-11-23-005)" in told


def test_drills_and_what_they_prove_are_told(nexus: Terminal) -> None:
    step = STEP.model_copy(update={"passed": False, "said": "no such version"})
    failed = drill(1, 3).model_copy(
        update={"at": datetime.now(UTC) - timedelta(days=9), "steps": (STEP, step)}
    )

    async def keep() -> None:
        await home.store.keep_drill(failed)

    with open_home(Settings(home=nexus.home), create=True) as home:
        asyncio.run(keep())
    told = nexus("trust").out
    assert (
        f"{failed.at:%Y-%m-%d %H:%M} UTC by kim, of web: 1 of 2 failed (roll back: no such version)" in told
    )


def test_a_home_in_which_nothing_was_proposed_says_so(nexus: Terminal) -> None:
    assert "Nothing was proposed in a live incident yet" in nexus("trust").out
    assert json.loads(nexus("trust", "--json").out) == []
