"""What every code port keeps to."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from incidents.errors import ToolFailed, UnknownName
from tests.tools.live.sources import Shop
from tools.live.code.wiring import live_code
from tools.live.settings import Hotfix
from tools.ports import Code
from tools.recorded.code import recorded_code


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The repository, made once; these tests only read."""
    return Shop(tmp_path_factory.mktemp("code") / "repo")


@pytest.fixture(scope="module", params=["git", "recorded"])
def code(request: pytest.FixtureRequest, shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Code:
    """Every implementation."""
    if request.param == "git":
        spec = {"kind": "hotfix", "repository": shop.folder, "services": ["shop"], "test": ["true"]}
        found = live_code([Hotfix.model_validate(spec)])
    else:
        case = tmp_path_factory.mktemp("case")
        (case / "code").mkdir()
        shop("bundle", "create", "--quiet", str(case / "code" / "shop.bundle"), "HEAD", "main", "--tags")
        found = recorded_code(case, case / "unpacked", ["shop", "mail"])
    assert found is not None
    return found


async def test_files_are_listed_at_a_commit(code: Code, shop: Shop) -> None:
    assert code.services == ("shop",)
    found = await code.listing("shop")
    assert found.commit == shop.last
    of_shop = ("shop/prices.py", "shop/settings.ini", "shop/test_prices.py")
    assert found.files == ("mail/large.txt", "mail/text.txt", *of_shop)
    assert (await code.listing("shop", shop.first, "shop")).files == of_shop


async def test_a_file_is_read_as_it_was(code: Code, shop: Shop) -> None:
    newest = await code.file("shop", "shop/prices.py")
    assert newest.commit == shop.last
    assert newest.lines[5] == "    return float(text)"
    for name in (shop.first, shop.first[:8], "1.0", "deploy/production/shop/20260301T090000Z"):
        old = await code.file("shop", "shop/prices.py", name)
        assert old.commit == shop.first
        assert 'replace(",", ".")' in old.lines[5]


async def test_lines_are_found_and_blamed(code: Code, shop: Shop) -> None:
    found = await code.search("shop", "float(")
    assert [(hit.path, hit.line) for hit in found.hits] == [("shop/prices.py", 6)]
    assert (await code.search("shop", ".*")).hits == ()  # taken literally
    assert [hit.text for hit in (await code.search("shop", "needle")).hits] == ["a needle"]
    many = await code.search("shop", "line", under="mail")
    assert (len(many.hits), many.left_out > 1000) == (50, True)
    blame = await code.blame("shop", "shop/prices.py", (4, 6))
    assert [line.commit for line in blame.lines] == [shop.first, shop.first, shop.bug]
    assert [one.subject for one in blame.commits] == ["Prices of the shop", "Exact amounts"]


async def test_what_could_be_released_at_a_moment_is_kept_with_its_history(
    code: Code, shop: Shop, tmp_path: Path
) -> None:
    bug = (await code.commit("shop", shop.bug)).commit
    made = await code.bundle("shop", bug.at)
    assert (made.service, made.commit, made.commits) == ("shop", shop.bug, 2)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "shop.bundle").write_bytes(made.data)
    kept = recorded_code(tmp_path, tmp_path / "unpacked", ["shop"])
    assert kept is not None
    assert (await kept.file("shop", "shop/prices.py")).commit == shop.bug
    assert (await kept.file("shop", "shop/prices.py", "1.0")).commit == shop.first
    with pytest.raises(UnknownName):
        await kept.commit("shop", shop.last)
    with pytest.raises(ToolFailed, match="is from before 2026-01-01 00:00 UTC"):
        await code.bundle("shop", datetime(2026, 1, 1, tzinfo=UTC))


async def test_releases_are_compared_and_commits_shown(code: Code, shop: Shop) -> None:
    difference = await code.difference("shop", "1.0", "1.1")
    assert [one.id for one in difference.commits] == [shop.bug]
    assert "-    return float(text.replace" in difference.diff
    assert "shop/prices.py | 2 +-" in difference.stat
    assert (await code.difference("shop", "1.0", "1.1", "mail")).diff == ""
    shown = await code.commit("shop", shop.bug[:10])
    assert shown.commit.id == shop.bug
    assert shown.commit.author == "Cleo"
    assert "+    return float(text)" in shown.diff
    assert "settings.ini" in (await code.commit("shop", shop.first)).stat
    assert (await code.commit("shop", shop.first, "mail")).stat.count("|") == 2
    assert (await code.commit("shop", shop.first)).diff.endswith("characters more)")


async def test_secrets_stay_where_they_are_and_lines_keep_their_numbers(code: Code, shop: Shop) -> None:
    lines = (await code.file("shop", "shop/settings.ini")).lines
    assert lines[0].startswith("password=<secret-")
    assert lines[5] == "after the key"
    texts = [
        *lines,
        *(line.text for line in (await code.blame("shop", "shop/settings.ini", (1, 6))).lines),
        *(hit.text for hit in (await code.search("shop", "zzzz")).hits),
        (shown := await code.commit("shop", shop.first, "shop")).diff,
        (await code.commit("shop", shop.bug)).message,
    ]
    assert shown.diff
    for secret in ("hunter2", "MIIEow", "zzzzyyyy", "abcdefghijklmnop"):
        assert not [text for text in texts if secret in text]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../outside.txt", "leads out of the repository"),
        ("/etc/passwd", "leads out of the repository"),
        ("shop/../../x", "leads out of the repository"),
        (".git/config", "git's own folder"),
        ("shop/.GIT/hooks/x", "git's own folder"),
        ("shop/link", "symbolic link"),
        ("shop/link/passwd", "no file"),
        ("shop/price.py", "did you mean shop/prices.py"),
        ("shop", "no file"),
        ("*.py", "no file"),
        ("a\nb", "leads out"),
        ("mail/large.txt", "files of up to 500 kB are read"),
        (":(top)x", "no file"),
    ],
)
async def test_nothing_but_its_own_files_can_be_read(code: Code, path: str, why: str) -> None:
    with pytest.raises((ToolFailed, UnknownName), match=why):
        await code.file("shop", path)


async def test_what_does_not_exist_is_a_sentence(code: Code) -> None:
    for name in ("7.7", "--all", "HEAD", "main", "deadbeef", "../x"):
        with pytest.raises(UnknownName, match="no commit, tag or version"):
            await code.file("shop", "shop/prices.py", name)
    with pytest.raises(ToolFailed, match="no code of mail is configured; there is code of shop"):
        await code.listing("mail")
    with pytest.raises(ToolFailed, match="has 10 lines"):
        await code.blame("shop", "shop/prices.py", (90, 99))
    with pytest.raises(UnknownName, match="no folder 'shpo'"):
        await code.listing("shop", "", "shpo")
    with pytest.raises(ToolFailed, match="one line"):
        await code.search("shop", "a\nb")
