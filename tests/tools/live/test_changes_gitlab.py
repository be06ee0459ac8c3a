"""Deployments from GitLab: only what succeeded, when its job ended, with what it brought."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.gitlab import PROJECT, TOKEN, FakeGitLab, deployment
from tests.tools.live.fakes.server import serving
from tools.live.changes.gitlab import GitLabChanges
from tools.live.secrets import Secrets
from tools.live.settings_changes import GitLab
from tools.telemetry.data_gaps import collect_gaps

DAY = Window(start=datetime(2026, 3, 12, tzinfo=UTC), end=datetime(2026, 3, 13, tzinfo=UTC))


def on(url: str, token: str = TOKEN, **more: object) -> GitLabChanges:
    said = {"kind": "gitlab", "url": url, "project": PROJECT, "auth": {"bearer": "env:GL"}, **more}
    return GitLabChanges(GitLab.model_validate(said), Secrets({"GL": token}))


@pytest.fixture
def lab() -> FakeGitLab:
    return FakeGitLab()


@pytest.fixture
async def changes(lab: FakeGitLab) -> AsyncIterator[GitLabChanges]:
    with serving(lab) as server:
        adapter = on(server.url)
        yield adapter
        await adapter.aclose()


async def test_what_succeeded_is_a_change_with_what_it_brought(changes: GitLabChanges) -> None:
    first, last = await changes.changes(DAY)
    assert (first.id, first.service, first.version_from, first.version_to) == (
        "gitlab-2", "shop", "aaaaaaaaaaaa", "bbbbbbbbbbbb",
    )  # fmt: skip
    assert first.time == datetime(2026, 3, 12, 7, tzinfo=UTC)  # as its job ended, not as it was replaced
    assert (last.version_from, last.version_to, last.author) == ("bbbbbbbbbbbb", "v2.0", "cleo")
    assert last.summary == "Merge branch 'topic-4' into 'main'; !12 Bundles, !13 Prices"
    assert (last.commit, last.environment) == ("dddd" * 10, "production")


async def test_what_was_only_told_counts_from_when_it_was_told(changes: GitLabChanges) -> None:
    before = Window(start=datetime(2026, 3, 10, tzinfo=UTC), end=datetime(2026, 3, 11, tzinfo=UTC))
    (found,) = await changes.changes(before)
    assert (found.id, found.version_from, found.summary) == ("gitlab-1", "", "")
    assert found.time == datetime(2026, 3, 10, 9, 1, tzinfo=UTC)


async def test_a_list_is_read_as_far_as_it_is_needed(lab: FakeGitLab) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    lab.deployments = [
        deployment(number, f"{number:04x}", (first + timedelta(hours=number)).isoformat())
        for number in range(1, 441)  # until 19 March
    ]
    with serving(lab) as server:
        adapter = on(server.url)
        found = await adapter.changes(DAY)
        lists = [asked for asked in server.asked if asked.path.endswith("deployments")]
        await adapter.aclose()
    assert [one.id for one in found] == [f"gitlab-{number}" for number in range(264, 288)]
    assert found[0].version_from == f"{263:04x}" * 3
    # The second page reaches back to 11 March: what ran before the window is on it.
    assert [asked.one("page") for asked in lists] == ["1", "2"]


async def test_of_very_many_the_rest_is_left_out_and_said(lab: FakeGitLab) -> None:
    lab.deployments = [deployment(number, "abcd", "2026-03-12T10:00:00Z") for number in range(1, 601)]
    with serving(lab) as server:
        adapter = on(server.url)
        with collect_gaps() as gaps:
            found = await adapter.changes(DAY)
        await adapter.aclose()
    assert len(found) == 30
    assert gaps == [
        "GitLab has more than 500 deployments of acme/backend/shop; the rest was not read",
        "470 older deployments of acme/backend/shop were left out",
    ]


async def test_refusals_are_sentences_and_hold_no_token(lab: FakeGitLab) -> None:
    with serving(lab) as server:
        for adapter, said in (
            (on(server.url, token="glpat-other"), r"refused the credentials \(401\).*401 Unauthorized"),
            (on(server.url, project="acme/other"), "answered 404.*404 Project Not Found"),
        ):
            with pytest.raises(ToolFailed, match=said) as failed:
                await adapter.check()
            assert "glpat-other" not in str(failed.value)
            await adapter.aclose()
    with pytest.raises(ValidationError, match="project"):
        on("http://x", project="../../user")


async def test_a_check_says_when_it_was_deployed_last(changes: GitLabChanges) -> None:
    assert await changes.check() == (
        "GitLab: acme/backend/shop (production) was deployed last at 2026-03-12T10:16:00Z"
    )
