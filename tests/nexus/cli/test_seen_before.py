"""`nexus show` of an alert that came again: what was before stands beside the diagnosis and changes none."""

import asyncio
import json
from pathlib import Path

import pytest

from incidents.past import CAUTION
from incidents.restriction import Restriction, Sensitive
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.sample import ID, at

AGAIN = "INC-2026-12-24-001"
WORLD = WorldRef(kind=WorldKind.LIVE, path="/srv/shop/nexus.yaml")


def kept(home: Path, *, history: bool, restricted: bool = False) -> None:
    """A home in which the same alert comes a month later, with what was before it or without."""
    with open_home(Settings(home=home), create=True) as opened:

        async def work() -> None:
            if history:
                await opened.store.register(sample.resolved(), WORLD, at(50), "default")
            if restricted:
                said = Restriction(incident=ID, why=Sensitive.PEOPLE, people=(), by="kim", at=at(60))
                await opened.store.restrict(said)
            again = sample.resolved().evolve(
                id=AGAIN, opened_at=at(44_000), ended_at=at(44_060), proposals=(sample.proposal(),)
            )
            await opened.store.register(again, WORLD, at(44_000), "default")

        asyncio.run(work())


def flat(text: str) -> str:
    return " ".join(text.split())


def test_it_was_seen_before(nexus: Terminal) -> None:
    kept(nexus.home, history=True)
    told = flat(nexus("show", AGAIN).out)
    assert f"Seen before {CAUTION}" in told.replace("─", "").replace("  ", " ")
    assert f"Seen before: {ID} on 23 Nov 2026" in told
    assert "Checkout was rolled back to 2026.11.1, and recovery held." in told
    assert f"Seen before: {AGAIN}" not in flat(nexus("show", ID).out)


@pytest.mark.parametrize("restricted", [False, True])
def test_nothing_but_what_was_seen_before_differs(nexus: Terminal, tmp_path: Path, restricted: bool) -> None:
    kept(nexus.home, history=True, restricted=restricted)
    with_it = json.loads(nexus("show", AGAIN, "--json").out)
    alone = tmp_path / "alone"
    kept(alone, history=False)
    nexus.set("NEXUS_HOME", str(alone))
    without = json.loads(nexus("show", AGAIN, "--json").out)
    assert [one["incident"] for one in with_it.pop("past")] == ([] if restricted else [ID])
    assert without.pop("past") == []
    assert json.dumps(with_it) == json.dumps(without)
