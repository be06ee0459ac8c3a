"""Deployments that GitLab keeps of one project, with the merge requests that each brought.

By its documents (https://docs.gitlab.com/api/deployments/); no GitLab was asked.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

from pydantic import Field

from incidents.changes import Change, ChangeKind
from incidents.errors import ToolFailed
from incidents.findings import Window
from incidents.value import Moment, iso
from tools.live.http import Backend, Query, Reply
from tools.live.partial import gather_parts
from tools.live.secrets import Secrets
from tools.live.settings_changes import GitLab
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: As many deployments are described in one answer; of more, the newest.
MOST = 30
#: As many pages of a list are read, and this many objects are on each.
_PAGES, _PAGE = 5, 100
#: As long after it was created a deployment may have succeeded.
_UNDER_WAY = timedelta(hours=6)
_SHOWN, _LONGEST = 5, 400
_SUCCEEDED = "success"


class _Person(Reply):
    username: str = ""


class _Commit(Reply):
    title: str = ""


class _Job(Reply):
    tag: bool = False
    finished_at: Moment | None = None
    commit: _Commit | None = None


class _Deployment(Reply):
    id: int
    sha: str = Field(pattern=r"^[0-9a-f]{7,64}$")
    ref: str = ""
    status: str = ""
    created_at: Moment
    updated_at: Moment | None = None
    user: _Person | None = None
    # Nothing deployed what only was told over the API.
    deployable: _Job | None = None

    @property
    def version(self) -> str:
        """The tag that was deployed, else the commit."""
        tagged = self.deployable is not None and self.deployable.tag
        return plain(self.ref, 80) if tagged and self.ref else self.sha[:12]

    @property
    def ended(self) -> datetime:
        """When its job ended; `updated_at` may be of later, when another deployment took its place."""
        job = self.deployable.finished_at if self.deployable is not None else None
        return job or self.updated_at or self.created_at


class _Deployments(Reply):
    items: tuple[_Deployment, ...]


class _MergeRequest(Reply):
    iid: int
    title: str = ""


class _MergeRequests(Reply):
    items: tuple[_MergeRequest, ...]


class GitLabChanges:
    """The changes port over one project at GitLab. Needs a token that may `read_api` as Reporter."""

    def __init__(self, spec: GitLab, secrets: Secrets) -> None:
        self._spec = spec
        self._backend = Backend("GitLab", spec, secrets)
        self._root = f"/api/v4/projects/{quote(spec.project, safe='')}/deployments"

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The deployments that succeeded in a window, oldest first.

        Raises:
            ToolFailed: GitLab does not answer or declines.
        """
        pairs = await self._deployments(window)
        if len(pairs) > MOST:
            note_gap(f"{len(pairs) - MOST} older deployments of {self._spec.project} were left out")
        asks = {f"deployment {new.id}": partial(self._change, old, new) for old, new in pairs[-MOST:]}
        return tuple((await gather_parts(asks)).values())

    async def check(self) -> str:
        """The newest deployment that succeeded; raises like `changes`."""
        place = f"{self._spec.project} ({self._spec.environment})"
        async for page in self._pages():
            newest = next((iso(one.ended) for one in page if one.status == _SUCCEEDED), "")
            return (
                f"GitLab: {place} was deployed last at {newest}"
                if newest
                else f"GitLab: {place} has no deployment"
            )
        return f"GitLab: {place} has no deployment"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def _pages(self) -> AsyncIterator[tuple[_Deployment, ...]]:
        """The deployments, newest first, page by page; stop when there are enough."""
        for number in range(1, _PAGES + 1):
            query: Query = {
                "environment": self._spec.environment,
                "order_by": "created_at",
                "sort": "desc",
                "per_page": _PAGE,
                "page": number,
            }
            text = await self._backend.ask("GET", self._root, query=query)
            page = self._backend.read(_Deployments, f'{{"items":{text}}}').items
            yield page
            if len(page) < _PAGE:
                return
        note_gap(
            f"GitLab has more than {_PAGES * _PAGE} deployments of {self._spec.project}; "
            "the rest was not read"
        )

    async def _deployments(self, window: Window) -> list[tuple[_Deployment | None, _Deployment]]:
        """The deployments of a window, each with the one that succeeded before it; oldest first."""
        found: list[_Deployment] = []
        async for page in self._pages():
            found += [one for one in page if one.status == _SUCCEEDED]
            # What ran before the window is on this page, unless nothing on it has succeeded.
            if found and page[-1].created_at < window.start - _UNDER_WAY and found[-1].ended < window.start:
                break
        ordered = sorted(found, key=lambda one: (one.ended, one.id))
        pairs = zip([None, *ordered], ordered, strict=False)
        return [(old, new) for old, new in pairs if window.start <= new.ended < window.end]

    async def _change(self, old: _Deployment | None, new: _Deployment) -> Change:
        job = new.deployable
        head = plain(job.commit.title, 120) if job is not None and job.commit is not None else ""
        summary = "; ".join(filter(None, (head, await self._brought(new))))
        return Change(
            time=new.ended, id=f"gitlab-{new.id}",
            service=self._spec.service or self._spec.project.rpartition("/")[2],
            kind=ChangeKind.DEPLOY, version_from=old.version if old else "", version_to=new.version,
            commit=new.sha, author=plain(new.user.username, 80) if new.user else "",
            summary=plain(summary, _LONGEST), environment=self._spec.environment,
        )  # fmt: skip

    async def _brought(self, deployment: _Deployment) -> str:
        """The merge requests that came with a deployment."""
        try:
            text = await self._backend.ask("GET", f"{self._root}/{deployment.id}/merge_requests")
            found = self._backend.read(_MergeRequests, f'{{"items":{text}}}').items
        except ToolFailed as error:
            note_gap(f"what some deployments brought is not known: {error}")
            return ""
        shown = ", ".join(f"!{one.iid} {plain(one.title, 100)}" for one in found[:_SHOWN])
        return shown + (" and more" if len(found) > _SHOWN else "")
