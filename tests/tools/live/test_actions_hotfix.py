"""A hotfix is tried and tested in a throw-away worktree; approved, it is a branch, and a pull request."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused, ToolFailed
from tests.tools.live.effects import carried_out
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.repositories import Git
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.compose import LiveActions
from tools.live.actions.hotfix import HotfixActions
from tools.live.secrets import Secrets
from tools.live.settings import Hotfix

CATALOGUE = Catalogue(services=(Service(name="shop"), Service(name="mail")))
KEY = "INC-2026-7:A1:abcdef012345"
TOKEN = "ghp_" + "a1B2c3D4" * 5
PASSES = ("sh", "-c", "grep -q 'price = 2' shop/price.txt && echo 3 tests in 0.0$$ s")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    made = Git(tmp_path / "repo")
    made.commit("Prices", shop__price_txt="price = 2\n", mail__text_txt="hello\n")
    made.commit("Cheaper; token=abcdefghijklmnop123456", shop__price_txt="price = 1\n")
    made.commit("Friendlier", mail__text_txt="dear customer\n")
    return made


def on(git: Git, tmp_path: Path, **more: Any) -> LiveActions:
    said: dict[str, Any] = {
        "kind": "hotfix", "repository": git.folder, "services": ("shop", "mail"), "test": PASSES,
        "paths": {"shop": "shop", "mail": "mail"}, "timeout": timedelta(seconds=10),
    }  # fmt: skip
    adapter = HotfixActions(Hotfix.model_validate(said | more), Secrets({"GH": TOKEN}), WallClock())
    return LiveActions([adapter], CATALOGUE, ActionLog(tmp_path / "ledger"), WallClock())


def reverting(commit: str, service: str = "shop") -> Action:
    return Action(kind=ActionKind.HOTFIX, service=service, arguments=Arguments(commit=commit))


async def test_a_revert_is_tried_tested_and_becomes_a_branch(git: Git, tmp_path: Path) -> None:
    actions, bad = on(git, tmp_path), git("rev-parse", "HEAD~1")
    plan = await actions.plan(reverting(bad[:10]))
    told_of = "\n".join(plan.effects)
    assert "pass: 3 tests" in told_of
    assert "shop/price.txt | 2 +-" in told_of
    assert "+price = 2" in told_of
    assert "abcdefghijklmnop123456" not in told_of
    assert git("branch", "--list", "nexus/*") == ""
    assert await on(git, tmp_path).plan(reverting(bad[:10])) == plan  # by another process: nothing drifts
    outcome = await actions.execute(reverting(bad[:10]), KEY, UNFENCED)
    assert outcome.done, outcome.detail
    branch = f"nexus/INC-2026-7-{bad[:8]}"
    assert branch in outcome.detail
    assert git("show", f"{branch}:shop/price.txt") == "price = 2"
    assert git("rev-parse", f"{branch}^") == git("rev-parse", "main")
    assert git("worktree", "list").count("\n") == 0
    assert git("status", "--porcelain") == ""


async def test_a_base_that_moved_changes_what_is_observed(git: Git, tmp_path: Path) -> None:
    actions, bad = on(git, tmp_path), git("rev-parse", "HEAD~1")
    before = await actions.plan(reverting(bad))
    git.commit("Meanwhile", mail__text_txt="dear all\n")
    assert (await actions.plan(reverting(bad))).observed != before.observed


async def test_tests_that_fail_or_hang_are_told_and_people_decide(git: Git, tmp_path: Path) -> None:
    bad = git("rev-parse", "HEAD~1")
    failing = await on(git, tmp_path, test=("sh", "-c", "echo it broke; exit 3")).plan(reverting(bad))
    assert any("FAIL: it broke" in effect for effect in failing.effects)
    limit = timedelta(seconds=0.3)
    hanging = await on(git, tmp_path, test=("sleep", "600"), timeout=limit).plan(reverting(bad))
    assert any("FAIL: sleep did not end within 0.3 s" in effect for effect in hanging.effects)


async def test_a_commit_on_top_of_the_base_is_taken_as_it_is(git: Git, tmp_path: Path) -> None:
    git("checkout", "--quiet", "-b", "fix")
    fix = git.commit("Right price", shop__price_txt="price = 2\nchecked\n")
    actions = on(git, tmp_path)
    assert any("Deploy" in effect for effect in (await actions.plan(reverting(fix))).effects)
    assert (await actions.execute(reverting(fix), KEY, UNFENCED)).done
    assert git("rev-parse", f"nexus/INC-2026-7-{fix[:8]}") == fix


async def test_after_a_kill_the_branch_says_whether_it_was_done(git: Git, tmp_path: Path) -> None:
    actions, bad = on(git, tmp_path), git("rev-parse", "HEAD~1")
    deed = ActionRecord(key=KEY, plan=await actions.plan(reverting(bad)), begun=WallClock().now())
    ActionLog(tmp_path / "ledger").write(deed)
    assert await actions.status(KEY) is None
    await carried_out(actions, deed, tmp_path / "ledger")
    found = await actions.status(KEY)
    assert found is not None
    assert found.done
    assert await actions.execute(reverting(bad), KEY, UNFENCED) == found


async def test_what_cannot_be_reverted_is_refused(git: Git, tmp_path: Path) -> None:
    actions, bad = on(git, tmp_path), git("rev-parse", "HEAD~1")
    root = git("rev-list", "--max-parents=0", "HEAD")
    git.commit("Cheaper still", shop__price_txt="price = 0\n")
    git("checkout", "--quiet", "--orphan", "other")
    stranger = git.commit("Another history", shop__price_txt="price = 9\n")
    for action, why in (
        (reverting("deadbeef"), "has no commit 'deadbeef'"),
        (reverting("--all"), "is no name of one"),
        (reverting("main"), "has no commit 'main'"),
        (reverting(bad, "mail"), r"touches nothing of mail \(mail\)"),
        (reverting(bad), "later changes are in the way: shop/price.txt"),
        (reverting(root), "first commit"),
        (reverting(stranger), "neither in main nor on top of it"),
    ):
        with pytest.raises(ActionRefused, match=why):
            await actions.execute(action, KEY, UNFENCED)
    assert git("branch", "--list", "nexus/*") == ""


async def test_with_github_the_branch_is_pushed_and_proposed(git: Git, tmp_path: Path) -> None:
    git("init", "--quiet", "--bare", str(tmp_path / "far"))
    git("remote", "add", "origin", str(tmp_path / "far"))
    opened: list[dict[str, str]] = []

    def github(asked: Asked) -> Answer:
        assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
        if asked.method == "POST":
            opened.append(json.loads(asked.body))
        return told({"html_url": "https://example.org/pull/7"} if asked.method == "POST" else opened)

    bad = git("rev-parse", "HEAD~1")
    with serving(github) as server:
        hub = {"kind": "github", "url": server.url, "repository": "acme/shop", "auth": {"bearer": "env:GH"}}
        actions = on(git, tmp_path, github=hub)
        outcome = await actions.execute(reverting(bad), KEY, UNFENCED)
        await actions.aclose()
    assert outcome.done, outcome.detail
    assert "https://example.org/pull/7" in outcome.detail
    assert [(one["head"], one["base"]) for one in opened] == [(f"nexus/INC-2026-7-{bad[:8]}", "main")]
    assert TOKEN not in (tmp_path / "ledger").read_text()


async def test_where_github_refuses_the_branch_is_there_and_the_lack_is_told(
    git: Git, tmp_path: Path
) -> None:
    bad = git("rev-parse", "HEAD~1")
    with serving(lambda asked: Answer("<html>no</html>", 401)) as server:
        hub = {"kind": "github", "url": server.url, "repository": "acme/shop", "auth": {"bearer": "env:GH"}}
        actions = on(git, tmp_path, github=hub)
        outcome = await actions.execute(reverting(bad), KEY, UNFENCED)
        await actions.aclose()
    assert not outcome.done
    assert "is made, but it has no pull request" in outcome.detail
    assert git("branch", "--list", "nexus/*") != ""


async def test_a_folder_that_is_no_repository_is_a_sentence(git: Git, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="there is no repository at"):
        await on(git, tmp_path, repository=tmp_path / "nowhere").plan(reverting("deadbeef"))
    assert "main is at" in await on(git, tmp_path).adapters[0].check()
