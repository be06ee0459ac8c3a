"""What a controller keeps as a repository says is rolled back there: the right commit, or none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused
from tests.tools.live.repositories import Git
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions import LiveActions, live_actions
from tools.live.actions.gitops import replaced
from tools.live.secrets import Secrets
from tools.live.settings import Backends

KEY = "INC-2026-7:A1:0123456789ab"
PATHS = {"shop": "apps/shop", "till": "apps/till"}


def rollback(service: str, version: str) -> Action:
    return Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=version))


@asynccontextmanager
async def door(git: Git, tmp_path: Path, **more: object) -> AsyncIterator[LiveActions]:
    spec = {
        "kind": "gitops", "repository": str(git.folder), "services": ["shop", "till"], "paths": PATHS,
        "test": ["true"], **more,
    }  # fmt: skip
    catalogue = Catalogue(services=(Service(name="shop"), Service(name="till")))
    actions = Backends.model_validate({"actions": [spec]}).actions
    port = live_actions(actions, catalogue, Secrets({}), WallClock(), tmp_path / "ledger")
    yield port
    await port.aclose()


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Two services side by side; only shop went from 1.0 to 2.0."""
    made = Git(tmp_path / "config")
    for service in ("shop", "till"):
        made.commit(f"Add {service}", **{f"apps__{service}__values_yaml": f"newTag: 1.0\nname: {service}\n"})
    made.commit("Release shop 2.0", apps__shop__values_yaml="newTag: 2.0\nname: shop\n")
    return made


async def test_the_commit_that_brought_the_version_is_proposed_to_be_reverted(
    git: Git, tmp_path: Path
) -> None:
    bad = git("rev-parse", "HEAD")
    git.commit("Something else", README_md="hello")
    async with door(git, tmp_path) as port:
        plan = await port.plan(rollback("shop", "1.0"))
        assert plan.observed[0].value == bad
        assert plan.effects[0] == (
            "shop is kept as config says, so a patch of the cluster would be undone: the revert is proposed "
            "there, and nothing changes before people merge it"
        )
        assert f'Revert {bad[:12]} "Release shop 2.0"' in plan.effects
        assert "+newTag: 1.0" in plan.effects[-1]
        outcome = await port.execute(rollback("shop", "1.0"), KEY, UNFENCED)
    assert outcome.done
    branch = f"nexus/INC-2026-7-{bad[:8]}"
    assert outcome.detail == f"branch {branch} is made; merge and deploy it"
    assert git("show", f"{branch}:apps/shop/values.yaml") == "newTag: 1.0\nname: shop"
    assert git("show", "main:apps/shop/values.yaml") == "newTag: 2.0\nname: shop", "nothing is merged"


@pytest.mark.parametrize(
    ("service", "version"), [("till", "1.0"), ("shop", "2.0"), ("shop", "0.9"), ("shop", "1")]
)
async def test_without_such_a_commit_nothing_is_proposed(
    git: Git, tmp_path: Path, service: str, version: str
) -> None:
    async with door(git, tmp_path) as port:
        with pytest.raises(ActionRefused, match="no commit in main of config put another version"):
            await port.plan(rollback(service, version))


async def test_what_came_back_since_or_was_changed_since_is_refused(git: Git, tmp_path: Path) -> None:
    git.commit("Back", apps__shop__values_yaml="newTag: 1.0\nname: shop\n")
    async with door(git, tmp_path) as port:
        with pytest.raises(ActionRefused, match="no commit in main"):
            await port.plan(rollback("shop", "1.0"))
        git.commit("2.0", apps__shop__values_yaml="newTag: 2.0\nname: shop\n")
        git.commit("3.0", apps__shop__values_yaml="newTag: 3.0\nname: shop\n")
        assert (await port.plan(rollback("shop", "2.0"))).effects
        with pytest.raises(ActionRefused, match="later changes are in the way"):
            await port.plan(rollback("shop", "1.0"))


async def test_a_longer_version_is_another_one(git: Git, tmp_path: Path) -> None:
    git.commit("1.0.3", apps__till__values_yaml="newTag: 1.0.3\nname: till\n")
    bad = git.commit("2.0", apps__till__values_yaml="newTag: 2.0\nname: till\n")
    async with door(git, tmp_path) as port:
        assert (await port.plan(rollback("till", "1.0.3"))).observed[0].value == bad
        with pytest.raises(ActionRefused, match="later changes are in the way"):
            await port.plan(rollback("till", "1.0"))


@pytest.mark.parametrize(
    ("difference", "found"),
    [
        ("-image: a:1.0\n+image: a:2.0", (True, False)),
        ("-image: a:1.0\n+image: b:2.0", (False, False)),
        ("-image: a:1.0", (False, False)), ("+image: a:1.0", (False, True)),
        ("-v: 1.0\n+v: 1.0 # same", (False, True)),
        ("-v: '1.0' # 1.0\n+v: '2.0' # 2.0", (True, False)),
        ("--- a/1.0\n+++ b/2.0", (False, False)), ("-v: 11.0\n+v: 2.0", (False, False)),
    ],
)  # fmt: skip
def test_a_line_counts_as_replaced_if_only_its_version_differs(
    difference: str, found: tuple[bool, bool]
) -> None:
    assert replaced(difference, "1.0") == found
