"""A patch that a model wrote: tried on a throw-away copy, refused beyond its limits, signed byte for byte."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.action import Action, ActionKind, Arguments, digest_of
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused, ToolFailed
from incidents.findings import Window
from tests.tools.live.sources import FIX, Shop
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions import live_actions
from tools.live.actions.compose import LiveActions
from tools.live.code.patches import GitPatches
from tools.live.secrets import Secrets
from tools.live.settings import Backends, Hotfix
from tools.live.world import live_world
from tools.spans import Spans

CATALOGUE = Catalogue(services=(Service(name="shop"), Service(name="mail")))
KEY = "INC-2026-7:A1:abcdef012345"
UNITTEST = (sys.executable, "-B", "-m", "unittest", "discover", "-s", "shop", "-q")


def new(path: str, text: str = "+x", mode: str = "100644") -> str:
    """A diff that makes a file."""
    head = f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n"
    return f"{head}{text}\n"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """For patches that are refused: nothing comes of them."""
    return Shop(tmp_path_factory.mktemp("patches") / "repo")


@pytest.fixture
def shop(untouched: Shop, tmp_path: Path) -> Shop:
    return untouched.copied(tmp_path / "repo")


def spec(shop: Shop, **more: Any) -> Hotfix:
    said: dict[str, Any] = {
        "kind": "hotfix", "repository": shop.folder, "services": ("shop",), "test": ("true",),
        "paths": {"shop": "shop"}, "timeout": timedelta(seconds=20), "patches": True,
    }  # fmt: skip
    return Hotfix.model_validate(said | more)


def actions(shop: Shop, *before: dict[str, Any], **more: Any) -> LiveActions:
    one = spec(shop, **more).model_dump(mode="json")
    backends = Backends.model_validate({"actions": [*before, one]})
    return live_actions(backends.actions, CATALOGUE, Secrets({}), WallClock(), shop.folder.parent / "ledger")


def patching(patch: str) -> Action:
    return Action(kind=ActionKind.HOTFIX, service="shop", arguments=Arguments(patch=patch))


async def test_a_patch_whose_tests_pass_is_signed_and_becomes_exactly_that_branch(shop: Shop) -> None:
    tried = await GitPatches([spec(shop, test=UNITTEST)]).attempt("shop", FIX, "Read a comma")
    assert tried.refused is None
    assert tried.passed, tried.said
    assert tried.patch is not None
    assert "Ran 1 test" in tried.said
    assert shop("branch", "--list") == "* main"
    assert shop("status", "--porcelain") == ""
    port, action = actions(shop, test=UNITTEST), patching(tried.patch)
    plan = await port.plan(action)
    told = "\n".join(plan.effects)
    assert plan.action.title == f"make a hotfix of shop with the patch {tried.patch[:12]}"
    assert f"sha256 {tried.digest}" in {fact.value for fact in plan.observed}
    assert f'Deploy {tried.patch[:12]} "Read a comma"' in told
    assert "+    return float(text.replace" in told
    assert "pass: " in told
    outcome = await port.execute(action, KEY, UNFENCED)
    assert outcome.done, outcome.detail
    branch = f"nexus/INC-2026-7-{tried.patch[:8]}"
    assert shop("rev-parse", branch) == tried.patch
    assert shop("rev-parse", f"{branch}^") == shop.last
    assert shop("diff", "--name-only", "main", branch) == "shop/prices.py"
    assert 'replace(",", ".")' in shop("show", f"{branch}:shop/prices.py")


async def test_another_patch_is_another_digest_and_a_base_that_moved_is_told(shop: Shop) -> None:
    patches, port = GitPatches([spec(shop)]), actions(shop)
    one = await patches.attempt("shop", FIX, "Read a comma")
    other = await patches.attempt("shop", FIX.replace('"."', '".."'), "Read a comma")
    plans = [await port.plan(patching(patch)) for patch in (one.patch or "", other.patch or "")]
    assert len({digest_of("INC-1", "A1", plan) for plan in plans}) == 2
    assert one.digest != other.digest
    shop.write("mail/text.txt", "dear all\n")
    shop.kept("Meanwhile")
    with pytest.raises(ActionRefused, match=r"was not made for main as it is now .* tried again"):
        await port.execute(patching(one.patch or ""), KEY, UNFENCED)
    assert shop("branch", "--list", "nexus/*") == ""


async def test_a_patch_whose_tests_fail_has_no_name_and_is_refused_by_any_name(shop: Shop) -> None:
    failing = ("sh", "-c", "grep -q replace shop/prices.py && echo it broke && exit 3; echo fine")
    patches = GitPatches([spec(shop, test=failing)])
    tried = await patches.attempt("shop", FIX, "Read a comma")
    assert (tried.passed, tried.patch) == (False, None)
    assert "it broke" in tried.said
    assert "without the patch they pass" in tried.said
    broken = await GitPatches([spec(shop, test=("false",))]).attempt("shop", FIX, "Read a comma")
    assert "they fail as well, which a person has to mend first" in broken.said
    named = await GitPatches([spec(shop)]).attempt("shop", FIX, "Read a comma")  # elsewhere the tests pass
    assert named.patch is not None
    with pytest.raises(ActionRefused, match=r"the tests fail with the patch .* it broke"):
        await actions(shop, test=failing).plan(patching(named.patch))


async def test_tests_get_no_secrets_and_end_in_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_LLM_API_KEY", "sk-very-secret-0123456789")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.internal:3128")
    shown = await GitPatches([spec(shop, test=("env",))]).attempt("shop", FIX, "Read a comma")
    assert {line.partition("=")[0] for line in shown.said.splitlines()} <= {
        "PATH", "LC_ALL", "HOME", "PWD", "SHLVL", "_",
    }  # fmt: skip
    limited = spec(shop, test=("sleep", "600"), timeout=timedelta(seconds=0.3))
    slow = await GitPatches([limited]).attempt("shop", FIX, "Read a comma")
    assert "sleep did not end within 0.3 s and was killed" in slow.said
    assert slow.patch is None


@pytest.mark.parametrize(
    ("diff", "why"),
    [
        (new("../evil"), r"\.\./evil is outside of the repository"),
        (new("shop/../../evil"), "is outside of the repository"),
        (new("/etc/cron.d/evil"), "is outside of the repository"),
        (new(".git/hooks/post-checkout"), "lies in git's own folder"),
        (new("shop/.GIT/config"), "lies in git's own folder"),
        (new("shop/other", "+/etc/passwd", "120000"), "would be a link or a submodule"),
        (new("shop/link/evil"), "would be a link|does not apply"),
        (new("shop/sub", f"+Subproject commit {'a' * 40}", "160000"), "would be a link or a submodule"),
        (new(".github/workflows/evil.yml"), "may not be touched by a patch"),
        (new("shop/.gitattributes"), "may not be touched by a patch"),
        (new("JENKINSFILE"), "may not be touched by a patch"),
        (new("shop/a", "+a\u202eb"), "invisible characters"),
        (new("shop/a", "+password=hunter2hunter2"), "looks like a secret"),
        (new("shop/a", "\n".join(["+aaaaaaaaaaaaaaaa"] * 400_000)), "a hotfix may have 8000"),
        ("diff --git a/shop/prices.py b/shop/prices.py\ndeleted file mode 100644\nGIT binary patch\n"
         "delta 4\nLc${NkU|;|M00aO5\n\n", "binary|no unified diff"),
        (new("mail/other"), "touches nothing of shop"),
        (FIX.replace("float(text)\n", "float(txt)\n"), r"does not apply .*shop/prices\.py"),
        (FIX.replace("shop/prices.py", "prices.py"), "does not apply"),
        ("*** Begin Patch\n*** Update File: shop/prices.py\n", "that is no unified diff"),
        ("".join(new(f"shop/f{number}") for number in range(21)), "touches 21 files"),
    ],
)  # fmt: skip
async def test_a_patch_beyond_its_limits_is_refused_in_a_sentence(
    untouched: Shop, diff: str, why: str
) -> None:
    before = untouched("for-each-ref")
    found = await GitPatches([spec(untouched)]).attempt("shop", diff, "An innocent title")
    assert found.refused is not None
    assert found.patch is None
    assert re.search(why, found.refused), found.refused
    assert untouched("for-each-ref") == before
    assert untouched("status", "--porcelain") == ""
    assert not (untouched.folder.parent / "evil").exists()


async def test_the_limits_hold_whoever_made_the_commit(shop: Shop) -> None:
    """A commit that somebody pushed is not taken as a patch by being named as one."""
    shop("checkout", "--quiet", "-b", "evil")
    shop.write("shop/prices.py", "x = 1\n")
    shop.write(".github/workflows/deploy.yml", "run: evil\n")
    commit = shop.kept("Innocent")
    shop("checkout", "--quiet", "main")
    with pytest.raises(ActionRefused, match="may not be touched by a patch"):
        await actions(shop).plan(patching(commit))
    assert (await actions(shop, keeps=()).plan(patching(commit))).effects  # the policy says so
    with pytest.raises(ActionRefused, match="was not made for main"):
        await actions(shop).plan(patching(shop.bug))
    with pytest.raises(ActionRefused, match="has no patch 'deadbeef'"):
        await actions(shop).plan(patching("deadbeef"))


async def test_patches_go_where_they_are_allowed(shop: Shop) -> None:
    tried = await GitPatches([spec(shop)]).attempt("shop", FIX, "Read a comma")
    assert tried.patch is not None
    own = {
        "kind": "command", "action": "hotfix", "services": ["shop"], "run": ["true"],
        "dry_run": ["echo", "{commit}"],
    }  # fmt: skip
    both = actions(shop, own)
    assert "sha256" in (await both.plan(patching(tried.patch))).observed[1].value
    revert = Action(kind=ActionKind.HOTFIX, service="shop", arguments=Arguments(commit=shop.bug))
    assert (await both.plan(revert)).effects == (shop.bug,)
    with pytest.raises(ActionRefused, match="nothing is configured that can make a hotfix of shop with the"):
        await actions(shop, patches=False).plan(patching(tried.patch))
    with pytest.raises(ToolFailed, match="no patch of mail can be tried here; services where one can: shop"):
        await GitPatches([spec(shop)]).attempt("mail", FIX, "Read a comma")
    with pytest.raises(ValueError, match="not both"):
        Action(kind=ActionKind.HOTFIX, service="shop", arguments=Arguments(commit="abcd", patch="abcd"))


async def test_a_live_world_can_be_read_where_a_hotfix_is_and_patched_where_it_says_so(
    shop: Shop,
) -> None:
    for more, readable, mendable in (
        ({"patches": True}, True, True),
        ({"patches": False}, True, False),
        (None, False, False),
    ):
        one = spec(shop, **more).model_dump(mode="json") if more is not None else None
        backends = Backends.model_validate({"actions": [one] if one else []})
        quiet = Window(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))
        async with live_world(
            backends, CATALOGUE, quiet, Spans(), Secrets({}), WallClock(), shop.folder.parent / "ledger"
        ) as world:
            assert (world.code is not None, world.patches is not None) == (readable, mendable)
    assert "models may write patches" in await actions(shop).adapters[0].check()
