"""A recording that brings its sources as bundles can be read, and nothing in it can be patched."""

import shutil
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.errors import ActionRefused, ToolFailed
from tests.cases import ALERT, case_world
from tests.tools.live.repositories import Git


async def test_bundles_are_read_and_a_patch_is_refused(shop: Path, tmp_path: Path) -> None:
    case = tmp_path / shop.name
    shutil.copytree(shop, case)
    git = Git(tmp_path / "repo")
    commit = git.commit("Prices", price_txt="2\n")
    (case / "code").mkdir()
    git("bundle", "create", "--quiet", str(case / "code" / "checkout.bundle"), "HEAD", "main")
    (case / "code" / "web.bundle").write_text("no bundle\n")
    (case / "code" / "stranger.bundle").write_text("of no service\n")
    world, _ = case_world(case, tmp_path / "run" / "ledger.jsonl", ALERT)
    assert world.code is not None
    assert world.patches is None
    assert sorted(world.code.services) == ["checkout", "web"]
    found = await world.code.file("checkout", "price.txt")
    assert (found.commit, found.lines) == (commit, ("2",))
    with pytest.raises(ToolFailed, match=r"web\.bundle of the recording cannot be read"):
        await world.code.listing("web")
    patch = Action(kind=ActionKind.HOTFIX, service="checkout", arguments=Arguments(patch=commit))
    with pytest.raises(ActionRefused, match="a patch changes nothing in it"):
        await world.actions.plan(patch)


async def test_a_recording_without_bundles_has_no_code(shop: Path, ledger: Path) -> None:
    assert case_world(shop, ledger, ALERT)[0].code is None
