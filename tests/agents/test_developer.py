"""The developer role over HTTP: it reads the sources, tries a patch, proposes it; signed, it is a branch."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.engine import EngineResult, RoleContext
from agents.llm.tools import offered
from agents.roster import load_roster
from incidents.action import ActionKind
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused
from incidents.reports import MitigationReport, Task
from prompts import SHIPPED
from tests.agents.contexts import assignment, role_context
from tests.agents.llm_run import perform
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Asked, Call, Reply, Script
from tests.tools.live.sources import FIX, Shop
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions import live_actions
from tools.live.code.wiring import live_code, live_patches
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.toolbox import TOOLS, available

CATALOGUE = Catalogue(services=(Service(name="shop", owner="backend"), Service(name="mail")))
ROLE = load_roster(tools=TOOLS).get("relevant_developer")
PASSES = ("sh", "-c", "grep -q replace shop/prices.py && echo 3 tests pass")
ORDER = assignment(Task.MITIGATE, role="relevant_developer", actions=(ActionKind.HOTFIX,))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("developer") / "repo")


@pytest.fixture
def shop(made: Shop, tmp_path: Path) -> Shop:
    return made.copied(tmp_path / "repo")


def with_code_at(shop: Shop, **more: Any) -> RoleContext:
    """The developer's role_context in a live world that has one repository and nothing else."""
    spec = {
        "kind": "hotfix", "repository": str(shop.folder), "services": ["shop"], "test": PASSES,
        "paths": {"shop": "shop"}, "patches": True,
    }  # fmt: skip
    specs = Backends.model_validate({"actions": [spec | more]}).actions
    ledger = shop.folder.parent / "ledger"
    bare = role_context(who=ROLE)
    sources = bare.toolset.sources
    world = replace(
        sources.world, catalogue=CATALOGUE, code=live_code(specs), patches=live_patches(specs),
        actions=live_actions(specs, CATALOGUE, Secrets({}), WallClock(), ledger),
    )  # fmt: skip
    names = tuple(name for name in ROLE.tools if TOOLS[name].channel == "code" or name == "plan_action")
    bare.toolset.sources = replace(sources, world=world)
    bare.toolset.tools = available(names, world)
    return bare


async def mended(before: RoleContext, answerer: Answerer) -> tuple[EngineResult, list[Asked]]:
    with FakeOpenAI(answerer) as server:
        performed = await perform(server, ORDER, before)
        return performed, list(server.requests)


def proposing(patch: str, evidence: tuple[str, ...] = ()) -> Reply:
    action = {"kind": "hotfix", "service": "shop", "arguments": {"patch": patch}}
    proposed = {
        "action": action, "reason": "A comma is read again.", "expected_effect": "fewer errors",
        "evidence": list(evidence),
    }  # fmt: skip
    return Reply(calls=(Call("MitigationReport", {"summary": "A patch.", "proposals": [proposed]}),))


READS = Reply(
    calls=(
        Call("search_code", {"service": "shop", "text": "float("}),
        Call("read_file", {"service": "shop", "path": "shop/prices.py"}),
        Call("blame_lines", {"service": "shop", "path": "shop/prices.py", "first": 4, "last": 6}),
    )
)
TRIES = Reply(calls=(Call("try_patch", {"service": "shop", "title": "Read a comma", "diff": FIX}),))


async def test_it_reads_tries_and_proposes_and_what_is_signed_becomes_the_branch(shop: Shop) -> None:
    before = with_code_at(shop)

    def proposes(asked: Asked) -> Reply:
        patch = re.findall(r"patch ([0-9a-f]{40})", asked.text)[-1]
        trial = re.findall(r"Evidence (E-[0-9a-f]{8}) · try_patch", asked.text)
        return proposing(patch, tuple(trial))

    performed, asked = await mended(before, Script([READS, TRIES], proposes))
    report = performed.report
    assert isinstance(report, MitigationReport)
    assert performed.dropped == ()
    read = asked[1].text
    assert "shop/prices.py:6: return float(text)" in read
    assert "   6     return float(text)" in read
    assert f"{shop.bug[:12]} 2026-03-12" in read
    assert '<data source="E-' in read
    assert "pass with it: 3 tests pass" in asked[2].text
    (proposed,) = report.proposals
    (trial,) = proposed.evidence
    body = (await before.toolset.store.body("inc-1", trial) or b"").decode()
    assert "3 tests pass" in body
    assert "replace(" in body
    actions = before.toolset.sources.world.actions
    plan = await actions.plan(proposed.action)
    assert plan.observed[1].value.removeprefix("sha256 ") in body
    assert shop("branch", "--list", "nexus/*") == ""
    outcome = await actions.execute(proposed.action, "inc-1:A1:abcdef012345", UNFENCED)
    assert outcome.done, outcome.detail
    patch = proposed.action.arguments.patch or ""
    assert shop("rev-parse", f"nexus/inc-1-{patch[:8]}") == patch


async def test_a_patch_that_was_not_tried_or_not_passed_is_no_proposal(shop: Shop) -> None:
    before = with_code_at(shop, test=["false"])
    performed, asked = await mended(before, Script([TRIES, proposing("ab" * 20)]))
    assert "FAIL with it; it is no proposal" in asked[1].text
    assert isinstance(performed.report, MitigationReport)
    assert performed.report.proposals == ()
    assert any("stands in nothing that was read" in sentence for sentence in performed.dropped)
    performed, _ = await mended(before, Script([READS, proposing(shop.bug)]))
    assert isinstance(performed.report, MitigationReport)
    with pytest.raises(ActionRefused, match="was not made for main"):  # a commit that was read is no patch
        await before.toolset.sources.world.actions.plan(performed.report.proposals[0].action)


async def test_a_patch_that_breaks_out_is_answered_with_a_sentence(shop: Shop) -> None:
    evil = FIX.replace("shop/prices.py", "../../evil.py")
    tries = Reply(
        calls=(
            Call("try_patch", {"service": "shop", "title": "Innocent", "diff": evil}),
            Call("try_patch", {"service": "shop", "title": "Innocent", "diff": "+" * 5_000_000}),
            Call("read_file", {"service": "shop", "path": "../../../etc/passwd"}),
            Call("read_file", {"service": "mail", "path": "mail/text.txt"}),
        )
    )
    nothing = Reply(calls=(Call("MitigationReport", {"summary": "Nothing is safe to propose."}),))
    _, asked = await mended(with_code_at(shop), Script([tries, nothing]))
    said = asked[1].text
    assert "../../evil.py is outside of the repository; a patch stays inside" in said
    assert "the diff has 5000000 characters; a hotfix may have 8000" in said
    assert "leads out of the repository" in said
    assert "Input should be 'shop'" in said
    assert len(said) < 50_000


async def test_its_tools_and_their_pages_are_there_only_where_there_is_code(shop: Shop) -> None:
    with_code = with_code_at(shop)
    schema = (await mended(with_code, Script([proposing("abcd")])))[1][0].tools["read_file"]
    assert schema["properties"]["service"]["const"] == "shop"
    assert "try_patch" not in [tool.name for tool in offered(with_code.toolset, Task.INVESTIGATE)]
    reads_only = [tool.name for tool in offered(with_code_at(shop, patches=False).toolset, Task.MITIGATE)]
    assert "show_commit" in reads_only
    assert "try_patch" not in reads_only
    bare = SHIPPED.pages(ROLE.slug, Task.MITIGATE, tools=("logs",))
    assert SHIPPED.pages(ROLE.slug, Task.MITIGATE, tools=("logs", "metrics")) == bare
    reading = SHIPPED.pages(ROLE.slug, Task.MITIGATE, tools=reads_only)
    assert "# The sources" in reading
    assert "# A patch of your own" not in reading
    assert SHIPPED.version(ROLE.slug, Task.MITIGATE, tools=reads_only) != SHIPPED.version(
        ROLE.slug, Task.MITIGATE
    )
