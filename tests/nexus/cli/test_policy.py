"""`nexus policy`: what is written down, why a change needs whom, and who renews what was withdrawn."""

import asyncio
import json
from pathlib import Path

import pytest
import yaml

from incidents.act_permission import Use
from incidents.action import ActionState
from incidents.severity import Severity, Status
from nexus.store.audit import DeedKind
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.conformance.test_permissions import permission
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.leasing import leased
from tests.nexus.sample import ID, at

RULE = {"signers": "none", "kinds": ["rollback"], "services": ["checkout"], "severities": ["P1", "P2"]}
FILE = {
    "site": "shop",
    "services": [{"name": "checkout"}, {"name": "web", "depends_on": ["checkout"]}],
    "people": [
        {"name": "Dana Lee", "token": "env:DANA"},
        {"name": "Kim Ito", "token": "env:KIM", "may": ["scale"]},
        {"name": "Glass", "token": "env:GLASS", "may": ["scale"], "break_glass": True},
    ],
    "notify": {"destinations": [{"name": "log", "kind": "file", "path": "told.jsonl"}]},
    "autonomy": {"rules": [RULE], "limits": {"per_day": 2, "dependents": 3, "instances": 20}},
}


@pytest.fixture
def shop(nexus: Terminal, tmp_path: Path) -> Terminal:
    """A live incident whose rollback waits; another one began by itself, and it was wrong."""
    file = tmp_path / "nexus.yaml"
    file.write_text(yaml.safe_dump(FILE), encoding="utf-8")
    nexus.set("NEXUS_CONFIG", str(file))
    nexus.set("DANA", "the-token-of-dana")
    nexus.set("KIM", "the-token-of-kim")
    nexus.set("GLASS", "the-token-of-glass")

    async def keep() -> None:
        with Store.open(nexus.home) as store:
            waits = sample.resolved().evolve(
                status=Status.OPEN, severity=Severity.P1, proposals=(sample.proposal(),), outside_changes=()
            )
            await store.register(waits, WorldRef(kind=WorldKind.LIVE, path=str(file)), at(12), "shop")
            await store.announce(permission(digest="f" * 64, proposal="A9"))
            acted = sample.proposal(id="A9", digest="f" * 64, state=ActionState.PROPOSED, begins_at=at(16))
            async with leased(store, ID, at(16)) as number:
                use = Use(permission="f" * 64, policy="b" * 64, per_day=2)
                assert await store.begin(acted, at(16), number, None, use)
            assert await store.withdraw("f" * 64, at(30), "it changed nothing")

    asyncio.run(keep())
    return nexus


def test_it_shows_what_is_written_and_what_is_withdrawn(shop: Terminal) -> None:
    told = shop("policy").out
    assert "rules[0] none rollback · checkout · P1, P2" in told
    assert "nexus policy renew rollback checkout" in told
    shown = json.loads(shop("policy", "--json").out)
    assert shown["withdrawals"][0]["why"] == "it changed nothing"


def test_it_explains_what_holds_what_does_not_and_whom_the_change_needs(shop: Terminal) -> None:
    told = shop("policy", "explain", ID).out
    assert told.startswith(f"{ID} A1: roll back checkout to 2026.11.1\nA1 waits until a person signs it.\n")
    assert "✓ its undo is prepared: roll back checkout to 2026.11.2" in told
    assert "✗ nobody has judged a proposed rollback" in told
    assert "✗ withdrawn since 2026-11-23 03:28 UTC" in told
    found = json.loads(shop("policy", "explain", ID, "--json").out)
    assert found["judged"]["signers"] == 1
    assert {one["name"]: one["holds"] for one in found["judged"]["conditions"]}["undo"]


def test_only_who_decides_on_such_changes_renews_it_and_broken_glass_changes_no_policy(
    shop: Terminal,
) -> None:
    for name, token in (("Kim Ito", "the-token-of-kim"), ("Glass", "the-token-of-glass")):
        shop.set("NEXUS_TOKEN", token)
        refused = shop("policy", "renew", "rollback", "checkout")
        assert (refused.code, f"{name} does not decide on a rollback of checkout" in refused.err) == (1, True)
        assert "A1 waits until a person signs it" in shop("policy", "explain", ID).out
    shop.set("NEXUS_TOKEN", "the-token-of-dana")
    done = shop("policy", "renew", "rollback", "checkout", "--json")
    assert json.loads(done.out)["withdrawals"] == []
    again = shop("policy", "renew", "rollback", "checkout")
    assert "nothing is withdrawn for a rollback of checkout" in again.err
    with Store.existing(shop.home) as store:
        rows = asyncio.run(store.audit(kind=DeedKind.RENEW))
    assert [(row.deed.person, row.deed.about) for row in rows] == [("dana lee", "rollback checkout")]


def test_without_a_policy_people_sign_every_change(nexus: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "nexus.yaml"
    file.write_text(yaml.safe_dump({"services": [{"name": "web"}]}), encoding="utf-8")
    nexus.set("NEXUS_CONFIG", str(file))
    assert nexus("policy").out == "People sign every change: nexus.yaml has no `autonomy`.\n"
