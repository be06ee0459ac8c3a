"""Deployments and runs from GitHub: paged, only what reached production, sentences for every refusal."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from incidents.changes import RunState
from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.github import TOKEN, FakeGitHub
from tests.tools.live.fakes.server import Answer, serving
from tools.live.changes.github import GitHubChanges
from tools.live.secrets import Secrets
from tools.live.settings import GitHub

DAY = Window(start=datetime(2026, 3, 12, tzinfo=UTC), end=datetime(2026, 3, 13, tzinfo=UTC))


def on(url: str, token: str = TOKEN, **more: object) -> GitHubChanges:
    said = {"kind": "github", "url": url, "repository": "acme/shop", "auth": {"bearer": "env:GH"}, **more}
    return GitHubChanges(GitHub.model_validate(said), Secrets({"GH": token}))


@pytest.fixture
def hub() -> FakeGitHub:
    return FakeGitHub()


@pytest.fixture
async def changes(hub: FakeGitHub) -> AsyncIterator[GitHubChanges]:
    with serving(hub) as server:
        adapter = on(server.url)
        yield adapter
        await adapter.aclose()


async def test_what_reached_production_is_a_change(changes: GitHubChanges) -> None:
    (found,) = await changes.changes(DAY)
    assert (found.id, found.service, found.version_to, found.author) == ("github-3", "shop", "2.0", "cleo")
    assert found.version_from == "main"  # the failed one was deployed before, as far as is known
    assert found.time == datetime(2026, 3, 12, 10, 17, tzinfo=UTC)
    assert found.summary == "deployment 3; ddddddd Bundles and more"
    assert found.commit == "cccc" * 10


async def test_runs_tell_how_they_ended(changes: GitHubChanges) -> None:
    failed, running = await changes.runs(DAY)
    assert (failed.state, failed.name, failed.ended) == (
        RunState.FAILED,
        "test",
        datetime(2026, 3, 12, 10, 15, tzinfo=UTC),
    )
    assert (running.state, running.name, running.ended) == (RunState.RUNNING, "", None)


async def test_a_used_up_limit_says_until_when(hub: FakeGitHub, changes: GitHubChanges) -> None:
    hub.limited = True
    with pytest.raises(
        ToolFailed, match=r"asks to wait 3600 s; it is asked again after [\d:]+ UTC: .*rate limit exceeded"
    ):
        await changes.changes(DAY)


async def test_wrong_credentials_and_pages_are_sentences(hub: FakeGitHub) -> None:
    with serving(hub) as server:
        stranger = on(server.url, token="ghp_other")
        with pytest.raises(ToolFailed, match=r"refused the credentials \(401\)") as failed:
            await stranger.changes(DAY)
        assert "ghp_other" not in str(failed.value)
        await stranger.aclose()
    with serving(lambda asked: Answer("<html>sign in</html>")) as server:
        html = on(server.url)
        with pytest.raises(ToolFailed, match="answered HTML where JSON was expected"):
            await html.check()
        await html.aclose()


async def test_a_commit_that_is_no_name_is_not_asked_about(hub: FakeGitHub, changes: GitHubChanges) -> None:
    hub.deployments[0]["sha"] = "../../../user?x="
    with pytest.raises(ToolFailed, match="unexpected form"):
        await changes.changes(DAY)


async def test_a_check_says_when_it_was_deployed_last(changes: GitHubChanges) -> None:
    assert "acme/shop (production) was deployed last at 2026-03-12T10:16:00Z" in await changes.check()
